import { delay, type Clock, type Timers } from '../../../common/clock.js';
import { codeOf } from '../../../common/errors.js';
import { fault } from '../../../protocol/errors.js';
import type { Northbound } from './northbound.js';
import type { Settling } from './settle.js';

export interface EndingDeps {
  readonly northbound: Northbound;
  readonly settling: Settling;
  readonly clock: Clock;
  readonly timers: Timers;
  /** What an operation may take at most. */
  readonly operationMs: number;
  /** Pause after the first try that failed; it grows. */
  readonly retryMs?: number;
  /** Told of each try that failed; the ending goes on. */
  readonly onTrouble: (nsId: string, error: unknown) => void;
}

const FIRST_RETRY_MS = 1_000;
const MOST_RETRY_MS = 60_000;

/**
 * Ends a network service for sure, machine and record, whatever state it is in; resolves when both are gone. The record is
 * never deleted while an operation of it goes on: the interface would answer 204 and leave the machine running with nobody to know of it. Tries
 * again for as long as it takes; only the signal ends it before.
 */
export async function endService(nsId: string, deps: EndingDeps, signal: AbortSignal): Promise<void> {
  for (let pauseMs = deps.retryMs ?? FIRST_RETRY_MS; ; pauseMs = Math.min(pauseMs * 2, MOST_RETRY_MS)) {
    try {
      return await endOnce(nsId, deps, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      deps.onTrouble(nsId, error);
      await delay(pauseMs, signal, deps.timers);
    }
  }
}

async function endOnce(nsId: string, deps: EndingDeps, signal: AbortSignal): Promise<void> {
  const { northbound, settling, operationMs } = deps;
  const settled = (id: string) => settling.final(id, { deadlineMs: operationMs, signal });
  for (const { id, outcome } of await northbound.operationsOf(nsId)) if (outcome === 'going-on') await settled(id);
  const record = await orGone(northbound.ns(nsId));
  if (record === undefined) return;
  if (record.instantiated) {
    const ended = await settled(await terminate(northbound, nsId));
    if (ended.outcome === 'failed') throw fault('MANO_FAILED', `${record.name} was not ended: ${ended.detail}`);
  }
  // Where the record goes by itself, it may be gone already.
  await orGone(northbound.remove(nsId));
}

/** With `autoremove` where the release knows it. */
async function terminate(northbound: Northbound, nsId: string): Promise<string> {
  try {
    return await northbound.terminate(nsId, true);
  } catch (error) {
    // Release 5 refuses the key.
    if (codeOf(error) !== 'MANO_REFUSED') throw error;
    return northbound.terminate(nsId, false);
  }
}

async function orGone<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (codeOf(error) === 'NOT_FOUND') return undefined;
    throw error;
  }
}
