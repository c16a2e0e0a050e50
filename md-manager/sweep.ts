import { delay, type Clock, type Timers } from '../common/clock.js';
import { fault } from '../protocol/errors.js';
import type { ControlStore } from '../store/types.js';
import { endInstance } from './mano/local.js';
import { lives } from './mano/process-table.js';

/** A store that does not answer for so long is away: whoever sweeps is told, and does not wait for it. */
export const ANSWERS_WITHIN_MS = 10_000;
/** A process that was killed is gone long before. */
const GONE_WITHIN_MS = 10_000;

/**
 * Ends every vMD host that a control store names, and nothing else; resolves with their number once they are gone. MANO_FAILED
 * where one does not go.
 */
export async function sweep(
  store: Pick<ControlStore, 'instances' | 'deleteInstance'>,
  { clock, timers }: { readonly clock: Clock; readonly timers: Timers },
): Promise<number> {
  const rows = await store.instances();
  const untilMs = clock.monotonicMs() + GONE_WITHIN_MS;
  await Promise.all(
    rows.map(async row => {
      await endInstance(row);
      while (row.pid > 0 && (await lives(row))) {
        if (clock.monotonicMs() >= untilMs)
          throw fault('MANO_FAILED', `${row.host} (pid ${row.pid}) was killed and lives`);
        await delay(10, undefined, timers);
      }
      await store.deleteInstance(row.host);
    }),
  );
  return rows.length;
}
