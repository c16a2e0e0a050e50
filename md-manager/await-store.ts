import { delay, type Timers } from '../common/clock.js';
import { EdgetwinError, messageOf } from '../common/errors.js';
import type { Log } from '../common/log.js';
import { backoff } from '../common/retry.js';
import type { ControlStore } from '../store/types.js';

const RETRY = { firstMs: 200, maxMs: 2_000, jitter: 0.2 } as const;

/**
 * Resolves once the control store answers: the manager rebuilds itself from it, so that it waits for a cluster that is away
 * or has no schema yet, for as long as that takes. Rejects with what waiting does not help against, and when it is aborted.
 */
export async function storeAnswers(
  store: Pick<ControlStore, 'serviceLease'>,
  deps: { readonly timers: Timers; readonly random: () => number; readonly log: Log },
  signal: AbortSignal,
): Promise<void> {
  let said: string | undefined;
  for (const waitMs of backoff(RETRY, deps.random)) {
    try {
      await store.serviceLease('sdn-app');
      return;
    } catch (error) {
      if (!(error instanceof EdgetwinError && error.retry)) throw error;
      if (messageOf(error) !== said) deps.log.warn({ event: 'manager.store.awaited', error: messageOf(error) });
      said = messageOf(error);
    }
    await delay(waitMs, signal, deps.timers);
  }
}
