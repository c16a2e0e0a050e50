import { EdgetwinError, messageOf } from '../common/errors.js';
import { delay, every, type Timers } from '../common/clock.js';
import type { Log } from '../common/log.js';
import type { Metrics } from '../common/metrics.js';
import { backoff } from '../common/retry.js';
import type { MetricName } from '../protocol/metrics.js';
import type { ControlStore } from '../store/types.js';

export interface StartingDeps {
  readonly timers: Timers;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

const RETRY = { firstMs: 100, maxMs: 2_000, jitter: 0.2 } as const;
const ASK_MS = 1_000;

/**
 * The store as the manager has it while it rebuilds itself: whatever the store does not answer, for as long as waiting may help, is
 * asked again. Once it is `over`, faults reach whoever asked.
 */
export function patientStore(
  store: ControlStore,
  { timers, random, log }: StartingDeps,
  signal: AbortSignal,
): { readonly store: ControlStore; over(): void } {
  let starting = true;
  const answered = async (call: () => Promise<unknown>): Promise<unknown> => {
    const pauses = backoff(RETRY, random);
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (!starting || !(error instanceof EdgetwinError && error.retry)) throw error;
        log.warn({ event: 'manager.store.awaited', error: messageOf(error) });
      }
      await delay(pauses.next().value, signal, timers);
    }
  };
  const view = new Proxy(store, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      const call = (...args: unknown[]): unknown => Reflect.apply(value, target, args);
      if (!starting || name === Symbol.asyncDispose) return call;
      return (...args: unknown[]) => answered(() => Promise.resolve(call(...args)));
    },
  });
  return { store: view, over: () => void (starting = false) };
}

/** An idle manager asks its store nothing: one that is away is asked, so that its return is noticed and shown. */
export const askWhileAway = (
  store: Pick<ControlStore, 'serviceLease'>,
  isAway: () => boolean,
  timers: Timers,
): (() => void) =>
  every(timers, ASK_MS, async () => {
    if (isAway()) await store.serviceLease('sdn-app').catch(() => undefined);
  });
