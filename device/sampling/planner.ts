import type { SignalRow, Tier } from '../../protocol/signals.js';

/** Milliseconds between two samples of a signal, by tier. */
export type TierPeriods = Readonly<Record<Tier, number>>;

interface Turn {
  readonly pid: number;
  readonly periodMs: number;
  dueMs: number;
}

/**
 * Decides which PIDs the next request asks for: those that are due, the most overdue in shares of its period first, at
 * most `batchMax`. On a bus too slow for all, every PID gets its share and the fast ones slow down most.
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
    const overdue = (turn: Turn): number => (nowMs - turn.dueMs) / turn.periodMs;
    const batch = this.#turns
      .filter(turn => turn.dueMs <= nowMs)
      .sort((x, y) => overdue(y) - overdue(x) || x.periodMs - y.periodMs)
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
