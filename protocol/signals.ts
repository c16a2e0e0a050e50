import { CORE } from './catalogue/core.js';
import { MODE01_TO_3F } from './catalogue/mode01-to-3f.js';
import { MODE01_TO_5F } from './catalogue/mode01-to-5f.js';
import { MODE01_TO_6F } from './catalogue/mode01-to-6f.js';
import { MODE01_TO_7F } from './catalogue/mode01-to-7f.js';
import { MODE01_TO_A6 } from './catalogue/mode01-to-a6.js';
import type { ObdRow, SignalRow } from './catalogue/row.js';

export type { ObdRow, Pid, SignalRow, Tier } from './catalogue/row.js';

/**
 * The catalogue: one row per signal. Wire names travel in reports; every API that people see uses the path (VSS 6.0:
 * raw OBD readings under its OBD overlay). A row fixes the unit; another unit is another signal. Rows are added, never
 * renamed: reports that were stored keep their meaning. The order is that of lists for people.
 */
export const SIGNALS: readonly SignalRow[] = [
  ...CORE,
  ...MODE01_TO_3F,
  ...MODE01_TO_5F,
  ...MODE01_TO_6F,
  ...MODE01_TO_7F,
  ...MODE01_TO_A6,
];

const byWire = new Map<string, SignalRow>(SIGNALS.map(row => [row.wire, row]));
const byPath = new Map<string, SignalRow>(SIGNALS.map(row => [row.path, row]));
const byPid = new Map<number, ObdRow[]>();
for (const row of SIGNALS) {
  if (row.obd === undefined) continue;
  const rows = byPid.get(row.obd.pid);
  if (rows === undefined) byPid.set(row.obd.pid, [row as ObdRow]);
  else rows.push(row as ObdRow);
}

export const signalByWire = (wire: string): SignalRow | undefined => byWire.get(wire);
export const signalByPath = (path: string): SignalRow | undefined => byPath.get(path);
/** The first signal of a PID of service 01: the only one of most. */
export const signalByPid = (pid: number): ObdRow | undefined => byPid.get(pid)?.[0];
/** All signals that the answer to a PID of service 01 holds; none where the catalogue does not know the PID. */
export const signalsOfPid = (pid: number): readonly ObdRow[] => byPid.get(pid) ?? [];

/** Whether a value may become live: of the row's kind and within its range. */
export function isPlausible(row: SignalRow, value: number | string | boolean): boolean {
  if (row.kind === 'text') return typeof value === 'string';
  return (
    typeof value === 'number' &&
    Number.isFinite(value) &&
    value >= (row.min ?? -Infinity) &&
    value <= (row.max ?? Infinity)
  );
}
