import assert from 'node:assert/strict';
import { networkOptions } from '../../../../bench/network/options.js';

describe('words of a network benchmark', () => {
  it('say how often, which ways, how far', () => {
    assert.deepEqual(networkOptions(['n=20', 'ways=paper,armed', 'delays=0,8', 'cars=10']), {
      ...{ handovers: 20, ways: ['paper', 'armed'], delaysMs: [0, 8], cars: [10] },
    });
  });

  it('have defaults: at least 300 hand-overs, all ways, three distances', () => {
    assert.deepEqual(networkOptions([]), {
      ...{ handovers: 300, ways: ['paper', 'armed', 'ticket', 'manager', 'cold'], delaysMs: [0, 1, 8] },
    });
    assert.equal(networkOptions([], { handovers: 5 }).handovers, 5);
    assert.equal(networkOptions(['n=7'], { handovers: 5 }).handovers, 7);
  });

  it('may go on where an earlier run was ended', () => assert.equal(networkOptions(['only=missing']).only, 'missing'));

  for (const word of ['only=new', 'm=1', 'n', 'n=', 'n=-1', 'n=x', 'ways=slow', 'toString=1'])
    it(`refuse ${word}`, () =>
      assert.throws(() => networkOptions([word]), /known are|no number|none of|is not missing/));
});
