import { delay } from '../../common/clock.js';

const TRY_EVERY_MS = 20;

/** Asks until there is an answer; the test's own time-out ends it where there never is. */
export async function until<T>(ask: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await ask();
    if (found !== undefined) return found;
    await delay(TRY_EVERY_MS);
  }
}
