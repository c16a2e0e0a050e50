import assert from 'node:assert/strict';
import { AT_THE_FOOT, climb, RUNGS, type Ladder, type Trouble } from '../../../../device/sampling/ladder.js';

const rungsOf = (troubles: readonly Trouble[], from: Ladder = AT_THE_FOOT): string[] => {
  let ladder = from;
  return troubles.map(trouble => (ladder = climb(ladder, trouble)).rung);
};

describe('the ladder of mends', () => {
  it('asks again, ends the session, sets the adapter up, opens the link, has it plugged in: in this order', () => {
    const rungs = rungsOf(Array<Trouble>(14).fill('late'));
    assert.deepEqual([...new Set(rungs)], RUNGS);
    assert.deepEqual(rungs.slice(0, 8), ['query', 'query', 'query', 'close', 'close', 'reset', 'reset', 'reopen']);
    assert.equal(rungs.at(-1), 'replug');
  });

  it('skips what cannot help: an adapter without settings is set up, a link that is gone is opened', () => {
    assert.deepEqual(rungsOf(['restarted', 'late']), ['reset', 'reset']);
    assert.deepEqual(rungsOf(['gone', 'gone', 'gone', 'gone']), ['reopen', 'reopen', 'reopen', 'replug']);
  });

  it('never goes down by a trouble', () => {
    for (const rung of RUNGS)
      for (const trouble of ['silence', 'passing', 'bus', 'restarted', 'command', 'gone', 'late'] as const)
        assert.ok(RUNGS.indexOf(climb({ rung, faults: 1 }, trouble).rung) >= RUNGS.indexOf(rung));
  });
});
