import assert from 'node:assert/strict';
import { Waiting } from '../../../../md-manager/pool/waiting.js';

describe('who waits for a slot', () => {
  it('is counted by domain until a slot is taken', () => {
    const waiting = new Waiting();
    waiting.add('edge-1', 0);
    waiting.add('edge-1', 1);
    waiting.add('core', 2);
    assert.deepEqual([waiting.slots('edge-1', 2), waiting.slots('core', 2), waiting.slots('edge-2', 2)], [2, 1, 0]);
    assert.deepEqual(waiting.domains(), ['edge-1', 'core']);
    waiting.taken('edge-1');
    assert.deepEqual([waiting.slots('edge-1', 2), waiting.any('edge-1', 2)], [1, true]);
    waiting.taken('edge-1');
    assert.deepEqual([waiting.slots('edge-1', 2), waiting.any('edge-1', 2)], [0, false]);
    waiting.taken('edge-2');
    assert.deepEqual(waiting.domains(), ['core']);
  });

  it('asks again for what it needs once slots were offered, and may come back for it later', () => {
    const waiting = new Waiting();
    for (let n = 0; n < 3; n++) waiting.add('core', 0);
    waiting.offered('core');
    assert.deepEqual([waiting.slots('core', 1), waiting.any('core', 1)], [0, true]);
    waiting.add('core', 1);
    assert.equal(waiting.slots('core', 1), 1);
    waiting.offered('core');
    waiting.taken('core');
    assert.equal(waiting.any('core', 1), false);
    waiting.offered('core');
    assert.deepEqual(waiting.domains(), []);
  });

  it('is forgotten when it was refused, or has not come back for two minutes', () => {
    const waiting = new Waiting();
    waiting.add('core', 0);
    waiting.add('edge-1', 60_000);
    waiting.refused('edge-1');
    assert.equal(waiting.any('edge-1', 60_000), false);
    assert.deepEqual([waiting.any('core', 119_999), waiting.any('core', 120_000)], [true, false]);
    assert.equal(waiting.slots('core', 120_000), 0);
    waiting.add('core', 130_000);
    assert.equal(waiting.slots('core', 130_000), 1);
  });
});
