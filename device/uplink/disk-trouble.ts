import { delay, type Timers } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import { backoff } from '../../common/retry.js';

/** What a disk says that is full, read-only, over its quota, or failing: ordinary states, that pass or are mended. */
const TROUBLE: ReadonlySet<string> = new Set(['ENOSPC', 'EROFS', 'EDQUOT', 'EIO']);
const BACKOFF = { firstMs: 1_000, maxMs: 60_000, jitter: 0.1 };

export interface DiskTroubleOptions {
  readonly timers: Timers;
  readonly random: () => number;
  readonly log: Log;
}

/** Does `work`, and again as long as the disk is in trouble. Rejects with its other errors, and the signal's reason. */
export async function whileDiskInTrouble<T>(
  work: () => Promise<T>,
  { timers, random, log }: DiskTroubleOptions,
  signal: AbortSignal,
): Promise<T> {
  for (const waitMs of backoff(BACKOFF, random)) {
    try {
      return await work();
    } catch (error) {
      if (!TROUBLE.has(codeOf(error))) throw error;
      log.error({ event: 'outbox.disk-trouble', code: codeOf(error), error: messageOf(error) });
      await delay(waitMs, signal, timers);
    }
  }
  throw new Error('a backoff has no end');
}
