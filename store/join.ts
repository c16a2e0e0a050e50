import { BUILD_DATE_MS } from '../protocol/build-date.js';
import { META, type Report } from '../protocol/report.js';
import { isPlausible, signalByWire } from '../protocol/signals.js';
import type { LiveCell } from './types.js';

/** How far ahead of ours a device's clock may be. */
export const CLOCK_AHEAD_MS = 10_000;

/**
 * Order of two cells of one signal: positive where `a` is newer. (boot, seq) decides (DESIGN §7), never the time. Two
 * cells of one report differ only in who received it when: the first receipt counts, so that all domains agree.
 */
export function compareCells(a: LiveCell, b: LiveCell): number {
  return (
    a.boot - b.boot || a.seq - b.seq || b.receivedAtMs - a.receivedAtMs || (a.suspect ? 0 : 1) - (b.suspect ? 0 : 1)
  );
}

/** The newest cell of each signal. Associative, commutative, idempotent: cells may come in any order, any number of times. */
export function joinCells(...sets: readonly (readonly LiveCell[])[]): LiveCell[] {
  const newest = new Map<string, LiveCell>();
  for (const cells of sets)
    for (const cell of cells) {
      const held = newest.get(cell.signal);
      if (held === undefined || compareCells(cell, held) > 0) newest.set(cell.signal, cell);
    }
  return [...newest.values()].sort((a, b) => (a.signal < b.signal ? -1 : a.signal > b.signal ? 1 : 0));
}

export interface ClockLimits {
  readonly earliestMs?: number;
  readonly aheadMs?: number;
}

/**
 * The cells that a report offers: signals of the catalogue with plausible values, the newest sample of each. A sample of
 * an implausible time is live like any other, but its age is unknown.
 */
export function liveFromReport(
  report: Report,
  receivedAtMs: number,
  nowMs: number,
  { earliestMs = BUILD_DATE_MS, aheadMs = CLOCK_AHEAD_MS }: ClockLimits = {},
): LiveCell[] {
  const { boot, seq } = report;
  const cells: LiveCell[] = [];
  for (const { name: signal, value, timeMs } of report.samples) {
    const row = signalByWire(signal);
    if (row === undefined || !isPlausible(row, value)) continue;
    const cell =
      timeMs < earliestMs || timeMs > nowMs + aheadMs
        ? { signal, boot, seq, value, timeMs, receivedAtMs, suspect: true as const }
        : { signal, boot, seq, value, timeMs, receivedAtMs };
    // A report has a record per signal, so the one before is rarely there; a map for a dozen cells would cost more.
    const before = cells.findIndex(held => held.signal === signal);
    if (before < 0) cells.push(cell);
    else if ((cells[before]?.timeMs ?? 0) <= timeMs) cells[before] = cell;
  }
  return cells;
}

const META_NAMES: ReadonlySet<string> = new Set(Object.values(META));

/** Names in a report that never become live: unknown ones, and known ones whose value is out of range (DESIGN §7 "Refusal"). */
export function notLive(report: Report): { readonly unknown: string[]; readonly implausible: string[] } {
  const unknown: string[] = [];
  const implausible: string[] = [];
  for (const { name, value } of report.samples) {
    const row = signalByWire(name);
    if (row !== undefined) {
      if (!isPlausible(row, value)) implausible.push(name);
    } else if (!META_NAMES.has(name)) unknown.push(name);
  }
  return { unknown, implausible };
}
