import assert from 'node:assert/strict';
import { Rounds } from '../../../../md-manager/arming/rounds.js';
import { fakeClock } from '../../../fakes/fake-clock.js';

describe('rounds', () => {
  it('never run twice at once for one key, and once more when woken meanwhile', async () => {
    const clock = fakeClock();
    const begun: string[] = [];
    let running = 0;
    const rounds = new Rounds(clock, async key => {
      begun.push(key);
      assert.equal(++running, 1);
      await new Promise<void>(done => clock.after(10, done));
      running--;
      return undefined;
    });
    for (let n = 0; n < 5; n++) rounds.wake('a');
    await clock.advance(100);
    assert.deepEqual(begun, ['a', 'a']);
  });

  it('come again after the time that they ask for, until they ask for none or are closed', async () => {
    const clock = fakeClock();
    const begun: number[] = [];
    const rounds = new Rounds(clock, () => {
      begun.push(clock.monotonicMs());
      return Promise.resolve(begun.length < 3 ? 50 : undefined);
    });
    rounds.wake('a');
    await clock.advance(1_000);
    assert.deepEqual(begun, [0, 50, 100]);
    rounds.wake('a');
    await clock.advance(0);
    rounds.close();
    assert.equal(clock.pending, 0);
  });

  it('let so many keys have their turn at once, and the others in their order', async () => {
    const clock = fakeClock();
    const begun: string[] = [];
    const ends = new Map<string, () => void>();
    const rounds = new Rounds(
      clock,
      key => {
        begun.push(key);
        return new Promise(resolve => ends.set(key, () => resolve(undefined)));
      },
      2,
    );
    for (const key of ['a', 'b', 'c', 'd', 'c']) rounds.wake(key);
    assert.deepEqual(begun, ['a', 'b']);
    ends.get('b')!();
    await clock.advance(0);
    assert.deepEqual(begun, ['a', 'b', 'c']);
    rounds.wake('a');
    ends.get('a')!();
    await clock.advance(0);
    assert.deepEqual(begun, ['a', 'b', 'c', 'a'], 'woken meanwhile: its turn goes on');
    for (const key of ['c', 'a']) ends.get(key)!();
    await clock.advance(0);
    assert.deepEqual(begun.slice(4), ['d']);
    rounds.close();
  });
});
