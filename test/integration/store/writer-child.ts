import { openLmdbTwinStore } from '../../../store/lmdb/twin-store.js';
import { row } from '../../fakes/store-rows.js';

/** Appends reports without end, four groups at a time; prints the seq of each group's last row once it is acknowledged. */
const [path = '', vehicle = ''] = process.argv.slice(2);
const GROUP = 7;
const store = await openLmdbTwinStore({ path, domain: 'edge-1' });
let next = 1;
async function write(): Promise<never> {
  for (;;) {
    const first = next;
    next += GROUP;
    await store.append(Array.from({ length: GROUP }, (_, i) => row(vehicle, first + i)));
    process.stdout.write(`${Array.from({ length: GROUP }, (_, i) => first + i).join(' ')}\n`);
  }
}
await Promise.all([write(), write(), write(), write()]);
