import type { ControlStore } from '../store/types.js';
import { endInstance } from './mano/local.js';
import { lives } from './mano/process-table.js';
import { delay } from '../common/clock.js';

/** Ends every vMD host that a control store names, and nothing else; resolves once they are gone. */
export async function sweep(store: ControlStore): Promise<number> {
  const rows = await store.instances();
  await Promise.all(
    rows.map(async row => {
      await endInstance(row);
      while (row.pid > 0 && (await lives(row))) await delay(10);
      await store.deleteInstance(row.host);
    }),
  );
  return rows.length;
}
