import { delay, type Clock, type Timers } from '../../../common/clock.js';
import { codeOf } from '../../../common/errors.js';
import { fault } from '../../../protocol/errors.js';
import type { Operation } from './records.js';

export interface SettleDeps {
  readonly read: (id: string, signal?: AbortSignal) => Promise<Operation>;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Pause after the first look, and the longest one. */
  readonly firstMs?: number;
  readonly mostMs?: number;
}

export interface SettleOptions {
  readonly deadlineMs: number;
  readonly signal?: AbortSignal;
}

const FIRST_MS = 500;
const MOST_MS = 10_000;

/** Errors of a look that say nothing about the operation: it goes on without us. */
const TRANSIENT: ReadonlySet<string> = new Set(['MANO_AWAY', 'DEADLINE']);

/**
 * Waits until an operation is final, by looking with growing pauses; `hurry` ends the present pause. A notification is such a hint at most: the interface sends
 * most of them not at all. An interface that is away is waited for. Resolves with the final operation, done or failed; rejects with DEADLINE when it
 * is still going on after `deadlineMs`.
 */
export class Settling {
  readonly #deps: SettleDeps;
  readonly #hurries = new Map<string, () => void>();

  constructor(deps: SettleDeps) {
    this.#deps = deps;
  }

  /** Look now: somebody says that the operation has moved on. Unknown ids are no fault. */
  hurry(operation: string): void {
    this.#hurries.get(operation)?.();
  }

  async final(id: string, options: SettleOptions): Promise<Operation> {
    const { clock, read, firstMs = FIRST_MS, mostMs = MOST_MS } = this.#deps;
    const { deadlineMs, signal } = options;
    const endMs = clock.monotonicMs() + deadlineMs;
    for (let pauseMs = firstMs; ; pauseMs = Math.min(pauseMs * 1.5, mostMs)) {
      const found = await read(id, signal).catch((error: unknown) => {
        if (TRANSIENT.has(codeOf(error)) && !signal?.aborted) return undefined;
        throw error;
      });
      if (found !== undefined && found.outcome !== 'going-on') return found;
      const leftMs = endMs - clock.monotonicMs();
      if (leftMs <= 0)
        throw fault('DEADLINE', `operation ${id} is ${found?.state ?? 'not known'} after ${deadlineMs} ms`);
      await this.#pause(id, Math.min(pauseMs, leftMs), signal);
    }
  }

  async #pause(id: string, ms: number, signal: AbortSignal | undefined): Promise<void> {
    const woken = new AbortController();
    this.#hurries.set(id, () => woken.abort());
    try {
      const until = signal === undefined ? woken.signal : AbortSignal.any([woken.signal, signal]);
      await delay(ms, until, this.#deps.timers);
    } catch (error) {
      if (!woken.signal.aborted || signal?.aborted) throw error;
    } finally {
      this.#hurries.delete(id);
    }
  }
}
