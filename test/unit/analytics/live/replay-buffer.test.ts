import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ReplayBuffer } from '../../../../analytics/live/replay-buffer.js';

const texts = (missed: ReturnType<ReplayBuffer['since']>) =>
  'events' in missed ? missed.events.map(({ text }) => text) : missed.why;

describe('the last events of a stream', () => {
  it('are given from any one on that is still kept, in order, and else it is said why not', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 100 }), fc.nat(120), (max, sent, last) => {
        const buffer = new ReplayBuffer('run-1', { maxEvents: max });
        for (let i = 1; i <= sent; i++) buffer.add('car-1', id => id);
        const found = texts(buffer.since(`run-1-${last}`));
        const all = Array.from({ length: sent }, (_, i) => `run-1-${i + 1}`);
        if (last > sent) assert.equal(found, 'no such event was sent');
        else if (last < sent - max) assert.match(String(found), /no longer kept/);
        else assert.deepEqual(found, all.slice(last));
      }),
    );
  });

  it('are bounded by their size, too', () => {
    const buffer = new ReplayBuffer('r', { maxChars: 100 });
    for (let i = 0; i < 10; i++) buffer.add(undefined, () => 'x'.repeat(30));
    assert.equal(texts(buffer.since('r-7')).length, 3);
    assert.match(String(texts(buffer.since('r-6'))), /no longer kept/);
  });

  it('of another run are none of ours', () => {
    const buffer = new ReplayBuffer('new');
    buffer.add(undefined, id => id);
    for (const id of ['old-1', 'new', '', 'new-x', 'new-1-', '../../etc'])
      assert.match(String(texts(buffer.since(id))), /started anew/);
  });
});
