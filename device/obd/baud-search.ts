import type { Timers } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';
import { Elm327 } from './elm327.js';
import { adapterCommand } from './services.js';
import { adapterFaultKind } from './adapter-text.js';
import type { Link } from './types.js';

/** In the order of how likely they are: ELM327, clones, STN and Bluetooth bridges, the others (python-OBD has the same). */
export const BAUDS = [38_400, 9_600, 115_200, 230_400, 57_600, 19_200] as const;

/** An adapter at the right speed answers `ATI` in a few milliseconds. */
const ANSWER_MS = 600;
/** What came at a wrong speed before may spoil the first command at the right one. */
const TRIES = 2;

export interface BaudSearch {
  readonly openAt: (baud: number) => Promise<Link>;
  /** In the order to be tried. */
  readonly bauds: readonly number[];
  readonly timers: Timers;
}

/**
 * Opens the port at the first speed at which an adapter speaks. The question is `ATI`, which no adapter hands on to the
 * car. Rejects with OBD_LINK where the port cannot be opened, or nobody speaks at any speed.
 */
export async function findBaud(
  { openAt, bauds, timers }: BaudSearch,
  signal: AbortSignal,
): Promise<{ link: Link; baud: number }> {
  for (const baud of bauds) {
    signal.throwIfAborted();
    const link = await openAt(baud);
    try {
      // Whoever takes the link from here on listens in place of the search.
      if (await speaks(link, timers, signal)) return { link, baud };
    } catch (error) {
      await link[Symbol.asyncDispose]();
      throw error;
    }
    await link[Symbol.asyncDispose]();
  }
  throw fault('OBD_LINK', `no adapter speaks at ${bauds.join(', ')} baud`);
}

async function speaks(link: Link, timers: Timers, signal: AbortSignal): Promise<boolean> {
  const adapter = new Elm327(link, { timers, timeoutMs: ANSWER_MS, drainMs: 1 });
  let isUnderstood = false;
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      const lines = await adapter.command(adapterCommand('ATI'), signal);
      return lines.some(line => /[A-Za-z]{2}.*\d/.test(line));
    } catch (error) {
      signal.throwIfAborted();
      isUnderstood = adapterFaultKind(error) === 'command';
      if (codeOf(error) === 'OBD_LINK') return false;
    }
  }
  return isUnderstood;
}
