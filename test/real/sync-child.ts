import { writeSync } from 'node:fs';
import { openLmdbControlStore } from '../../store/lmdb/control-store.js';
import { openLmdbTwinStore } from '../../store/lmdb/twin-store.js';
import { START_MS, row } from '../fakes/store-rows.js';

/** Makes ten durable writes and marks the begin and the acknowledgement of each by a system call of its own. */
const [path = '', kind = ''] = process.argv.slice(2);
const write = kind === 'reports' ? await reports() : await intents();
for (let i = 0; i < 10; i++) {
  writeSync(2, `begin ${i}\n`);
  await write(i);
  writeSync(2, `acknowledged ${i}\n`);
}

async function reports(): Promise<(i: number) => Promise<void>> {
  const store = await openLmdbTwinStore({ path, domain: 'edge-1' });
  return i => store.append([row('car-1', 2 * i + 1), row('car-1', 2 * i + 2)]);
}

async function intents(): Promise<(i: number) => Promise<void>> {
  const store = await openLmdbControlStore({ path });
  return i =>
    store.putHandover({ id: `h-${i}`, vehicle: 'car-1', open: true, startedAtMs: START_MS + i, schema: 1, state: {} });
}
