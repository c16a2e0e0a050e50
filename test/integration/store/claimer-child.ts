import { once } from 'node:events';
import { openLmdbControlStore } from '../../../store/lmdb/control-store.js';
import { owner } from '../../fakes/store-rows.js';

/** On a line of input, claims epochs 1 to `last` in order under its own name, and prints those that were applied. */
const [path = '', name = '', last = ''] = process.argv.slice(2);
const store = await openLmdbControlStore({ path });
process.stdout.write('ready\n');
await once(process.stdin, 'data');
const won: number[] = [];
const burnt: number[] = [];
for (let epoch = 1; epoch <= Number(last); epoch++) {
  if ((await store.claim(owner('car-1', epoch, { handover: name }))) === 'applied') won.push(epoch);
  burnt.push(await store.burnEpoch('car-2'));
}
process.stdout.write(`${JSON.stringify({ won, burnt })}\n`);
await store[Symbol.asyncDispose]();
process.exitCode = 0;
process.stdin.destroy();
