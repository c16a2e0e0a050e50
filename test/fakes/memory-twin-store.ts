import { joinCells } from '../../store/join.js';
import type { DeviceRow, HistoryRow, LiveCell, TwinStore } from '../../store/types.js';

export interface MemoryTwinStore extends TwinStore {
  putDevices(rows: readonly DeviceRow[]): Promise<void>;
  readonly rows: HistoryRow[];
  /** Vehicles of the live writes, in their order. */
  readonly liveWrites: string[];
  /** From now on appends wait until `let go`; their number. */
  hold(): void;
  letGo(): void;
  readonly held: number;
  /** The next appends fail with this. */
  fail(error: Error | undefined): void;
  /** The next reads fail with this. */
  failReads(error: Error | undefined): void;
}

/** A TwinStore in memory whose disk a test can stop, and break. */
export function memoryTwinStore(devices: readonly DeviceRow[] = []): MemoryTwinStore {
  const rows: HistoryRow[] = [];
  const live = new Map<string, LiveCell[]>();
  const liveWrites: string[] = [];
  const known = new Map(devices.map(row => [row.vehicle, row]));
  const waiting: (() => void)[] = [];
  let holding = false;
  let failure: Error | undefined;
  let unreadable: Error | undefined;
  const readable = (): void => {
    if (unreadable !== undefined) throw unreadable;
  };
  async function* listed(found: readonly HistoryRow[]): AsyncGenerator<HistoryRow> {
    readable();
    yield* found;
  }
  return {
    domain: 'edge-1',
    appendsAtOnce: 2,
    rowsAnAppend: Infinity,
    rows,
    liveWrites,
    hold: () => void (holding = true),
    letGo() {
      holding = false;
      for (const go of waiting.splice(0)) go();
    },
    get held() {
      return waiting.length;
    },
    fail: error => void (failure = error),
    failReads: error => void (unreadable = error),
    async append(batch) {
      if (holding) await new Promise<void>(resolve => waiting.push(resolve));
      if (failure !== undefined) throw failure;
      rows.push(...batch);
    },
    history(vehicle, { limit = Infinity, reverse = false } = {}) {
      const found = rows.filter(row => row.vehicle === vehicle).sort((a, b) => a.timeMs - b.timeMs);
      return listed((reverse ? found.reverse() : found).slice(0, limit));
    },
    scan: () => listed(rows),
    putLive(vehicle, cells) {
      liveWrites.push(vehicle);
      live.set(vehicle, joinCells(live.get(vehicle) ?? [], cells));
      return Promise.resolve();
    },
    live: vehicle =>
      Promise.resolve()
        .then(readable)
        .then(() => [...(live.get(vehicle) ?? [])]),
    liveVehicles: () => Promise.resolve([...live.keys()]),
    putDevices(added) {
      for (const row of added) known.set(row.vehicle, row);
      return Promise.resolve();
    },
    device: vehicle => Promise.resolve(known.get(vehicle)),
    deviceByNumber: number => Promise.resolve([...known.values()].find(row => row.number === number)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
