import assert from 'node:assert/strict';
import { storeOptions, STORE_PARTS } from '../../../bench/store-options.js';

describe('words of the benchmark of stores', () => {
  it('are what is measured and how long, and have defaults', () => {
    const usual = storeOptions([]);
    assert.deepEqual([usual.parts, usual.syncs, usual.cutSeconds], [STORE_PARTS, ['batch', 'group'], 300]);
    assert.deepEqual(storeOptions(['parts=lag,claims', 'syncs=group', 'devices=1,64', 'cut=20', 'n=7']), {
      ...usual,
      parts: ['lag', 'claims'],
      syncs: ['group'],
      devices: [1, 64],
      cutSeconds: 20,
      n: 7,
    });
  });

  it('that are none of them are named', () => {
    for (const word of ['minutes=5', 'parts=lags', 'syncs=periodic', 'n=0', 'n=', 'devices=1,x'])
      assert.throws(() => storeOptions([word]), /'.*'/, word);
  });
});
