import { codeOf } from '../../../common/errors.js';

/** What a store answers; `undefined` while it cannot be reached, as for a few seconds after its node came back. */
export async function onceThere<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (codeOf(error) === 'STORE_AWAY') return undefined;
    throw error;
  }
}
