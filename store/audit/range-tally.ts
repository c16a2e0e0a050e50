import type { HistorySource, KeyRange } from './history-source.js';
import { mergeRows } from './merge-rows.js';
import { VehicleTally } from './vehicle-tally.js';

/** What the rows of one range, or of several, say. */
export interface RangeTally {
  /** Rows of the union. */
  rows: number;
  /** Rows that each domain has, in the order of the source's domains. */
  readonly held: number[];
  readonly vehicles: Map<string, VehicleTally>;
}

export const emptyTally = (domains: number): RangeTally => ({
  rows: 0,
  held: Array.from({ length: domains }, () => 0),
  vehicles: new Map(),
});

/** Rows between two turns of the event loop: a store that never waits would hold up signals and progress. */
const ROWS_PER_TURN = 1_000;

/** Reads one range of all domains, each row once. */
export async function tallyRange(source: HistorySource, range: KeyRange, signal: AbortSignal): Promise<RangeTally> {
  const tally = emptyTally(source.domains.length);
  const scans = source.domains.map(domain => source.rows(domain, range));
  for await (const { row, differs, holders } of mergeRows(scans)) {
    for (const at of holders) tally.held[at] = (tally.held[at] ?? 0) + 1;
    let vehicle = tally.vehicles.get(row.vehicle);
    if (vehicle === undefined) {
      vehicle = new VehicleTally(row.vehicle);
      tally.vehicles.set(row.vehicle, vehicle);
    }
    vehicle.add(row, differs);
    if (++tally.rows % ROWS_PER_TURN === 0) {
      await new Promise(resolve => setImmediate(resolve));
      signal.throwIfAborted();
    }
  }
  return tally;
}

/** Adds what another range says to `sum`. */
export function addTally(sum: RangeTally, other: RangeTally): void {
  sum.rows += other.rows;
  for (const [at, rows] of other.held.entries()) sum.held[at] = (sum.held[at] ?? 0) + rows;
  for (const [vehicle, tally] of other.vehicles) {
    const known = sum.vehicles.get(vehicle);
    if (known === undefined) sum.vehicles.set(vehicle, tally);
    else known.merge(tally);
  }
}
