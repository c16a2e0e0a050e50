import { codeOf } from '../../../common/errors.js';
import { openLmdbTwinStore } from '../../../store/lmdb/twin-store.js';
import { row } from '../../fakes/store-rows.js';

/** Appends groups until one is refused, under a limit of file size that its parent has set; prints what happened. */
const [path = ''] = process.argv.slice(2);
const store = await openLmdbTwinStore({ path, domain: 'edge-1' });
let acknowledged = 0;
let refused: string | undefined;
for (let seq = 1; refused === undefined; seq += 400) {
  const groups = [0, 100, 200, 300].map(offset =>
    Array.from({ length: 100 }, (_, i) => row('car-1', seq + offset + i)),
  );
  const outcomes = await Promise.allSettled(groups.map(group => store.append(group)));
  for (const outcome of outcomes)
    if (outcome.status === 'fulfilled') acknowledged += 100;
    else refused = codeOf(outcome.reason);
}
let stored = 0;
for await (const _row of store.history('car-1')) stored++;
process.stdout.write(`${JSON.stringify({ refused, complete: stored >= acknowledged })}\n`);
await store[Symbol.asyncDispose]();
