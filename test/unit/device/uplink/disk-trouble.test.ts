import assert from 'node:assert/strict';
import { silentLog } from '../../../../common/log.js';
import { whileDiskInTrouble } from '../../../../device/uplink/disk-trouble.js';
import { fakeClock } from '../../../fakes/fake-clock.js';

const error = (code: string): Error => Object.assign(new Error(code), { code });

describe('a disk in trouble', () => {
  it('is tried again, ever later, until it works', async () => {
    const clock = fakeClock();
    const triedAtMs: number[] = [];
    const answers = ['EROFS', 'ENOSPC', 'EIO', 'EDQUOT'];
    const work = (): Promise<string> => {
      triedAtMs.push(clock.monotonicMs());
      const code = answers.shift();
      return code === undefined ? Promise.resolve('done') : Promise.reject(error(code));
    };
    const options = { timers: clock, random: () => 0.5, log: silentLog };
    const outcome = whileDiskInTrouble(work, options, new AbortController().signal);
    await clock.advance(20_000);
    assert.equal(await outcome, 'done');
    assert.deepEqual(triedAtMs, [0, 1_000, 3_000, 7_000, 15_000]);
  });
  it('is no excuse for other errors, nor for an end', async () => {
    const clock = fakeClock();
    const options = { timers: clock, random: () => 0.5, log: silentLog };
    const stop = new AbortController();
    await assert.rejects(
      whileDiskInTrouble(() => Promise.reject(error('STORE_SCHEMA')), options, stop.signal),
      { code: 'STORE_SCHEMA' },
    );
    const outcome = whileDiskInTrouble(() => Promise.reject(error('EROFS')), options, stop.signal);
    await clock.advance(500);
    stop.abort(new Error('over'));
    await assert.rejects(outcome, /over/);
    assert.equal(clock.pending, 0);
  });
});
