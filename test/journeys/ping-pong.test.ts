import assert from 'node:assert/strict';
import { delay } from '../../common/clock.js';
import { Journey } from './harness.js';

/** Changes between two access points, so often and so fast. */
const CHANGES = 40;
const EVERY_MS = 100;

describe('a car between two access points', function () {
  this.timeout(120_000);

  it('ends with its twin where it stays, and loses nothing', async () => {
    await using journey = await Journey.open();
    await journey.moveTo(0, 'edge-1');
    await journey.actsIn(0, 'edge-1');
    for (let change = 0; change < CHANGES; change++) {
      await journey.moveTo(0, change % 2 === 0 ? 'edge-2' : 'edge-1');
      await delay(EVERY_MS);
    }
    await journey.moveTo(0, 'edge-2');
    await journey.actsIn(0, 'edge-2');
    await journey.acknowledges(0);
    const { length: handovers } = (await journey.handovers()).filter(({ kind, way }) => kind === 'move' && way);
    assert.ok(handovers < CHANGES, `${handovers} hand-overs: a move that is soon taken back begins none`);
    await journey.endsClean();
  });
});
