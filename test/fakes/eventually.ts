import { delay } from '../../common/clock.js';

/** Less than the time-out of any test, so that a test that waits in vain says for what; more than a busy machine needs. */
const WITHIN_MS = 50_000;
/** So often it is asked at every turn of the event loop, then less often: what is waited for needs the processor, too. */
const QUICK_TRIES = 20;
const TRY_EVERY_MS = 5;

/** Asks until the answer is true; fails after `withinMs`, so that no test asks for ever. */
export async function eventually(
  what: string,
  ask: () => boolean | Promise<boolean | undefined>,
  withinMs = WITHIN_MS,
): Promise<void> {
  const endMs = performance.now() + withinMs;
  for (let tries = 1; !(await ask()); tries++) {
    if (performance.now() > endMs) throw new Error(`waited in vain: ${what}`);
    if (tries <= QUICK_TRIES) await new Promise(resolve => setImmediate(resolve));
    else await delay(TRY_EVERY_MS);
  }
}

/** Asks until there is an answer, and gives it. */
export async function until<T>(ask: () => T | undefined | Promise<T | undefined>, what = String(ask)): Promise<T> {
  let found: T | undefined;
  await eventually(what, async () => (found = await ask()) !== undefined);
  return found as T;
}
