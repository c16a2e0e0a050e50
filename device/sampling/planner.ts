import type { SignalRow, Tier } from '../../protocol/signals.js';

/** Milliseconds between two samples of a signal, by tier. */
export type TierPeriods = Readonly<Record<Tier, number>>;

interface Turn {
  readonly pid: number;
  readonly periodMs: number;
  dueMs: number;
}

/** Room that is left in a request is for PIDs that will be due soon: up to this share of their period early. */
const EARLY_SHARE = 0.2;
const EARLY_MAX_MS = 500;

/**
 * Decides which PIDs the next request asks for: those that are due, the longest overdue first, at most `batchMax`, and
 * where there is room those that are nearly due. On a bus too slow for all, a PID waits for one round of the others at
 * most, so that the fast ones slow down and the slow ones keep their beat.
 */
export class Planner {
  readonly #turns: Turn[];

  constructor(rows: readonly SignalRow[], supported: ReadonlySet<number>, periods: TierPeriods) {
    this.#turns = rows.flatMap(({ obd, tier }) =>
      obd !== undefined && supported.has(obd.pid) ? [{ pid: obd.pid, periodMs: periods[tier], dueMs: -Infinity }] : [],
    );
  }

  /** PIDs to ask for now; empty where none is due. They count as asked. `nowMs` is monotonic. */
  next(nowMs: number, batchMax: number): number[] {
    if (this.nextDueMs() > nowMs) return [];
    const batch = this.#turns
      .filter(turn => turn.dueMs - Math.min(turn.periodMs * EARLY_SHARE, EARLY_MAX_MS) <= nowMs)
      .sort((x, y) => (x.dueMs === y.dueMs ? x.periodMs - y.periodMs : x.dueMs - y.dueMs))
      .slice(0, batchMax);
    // A turn keeps its beat unless it was missed altogether.
    for (const turn of batch) turn.dueMs = Math.max(turn.dueMs + turn.periodMs, nowMs + turn.periodMs / 2);
    return batch.map(turn => turn.pid);
  }

  /** When the next PID is due; Infinity where there is none. */
  nextDueMs(): number {
    return Math.min(Infinity, ...this.#turns.map(turn => turn.dueMs));
  }
}
