import assert from 'node:assert/strict';
import { silentLog } from '../../../common/log.js';
import type { AttachmentAnswer, AttachmentChanged } from '../../../protocol/api/md-manager.js';
import { fault } from '../../../protocol/errors.js';
import { Reporter, type Letter } from '../../../sdn-app/reporter.js';
import { fakeClock } from '../../fakes/fake-clock.js';
import { sdnMetrics } from '../../fakes/sdn-network.js';

describe('letters of sdn-app to the manager', () => {
  const clock = fakeClock();
  let got: string[];
  let answer: (handover: string) => Promise<AttachmentAnswer>;
  let reporter: Reporter;

  const started = (): Promise<AttachmentAnswer> => Promise.resolve({ result: 'started' });
  const away = (): Promise<never> => Promise.reject(fault('UPSTREAM_AWAY', 'manager'));
  const put = (handover: string, options: Partial<Letter> = {}): void =>
    reporter.put(1, {
      handover,
      first: false,
      mustArrive: false,
      message: () => ({ handover, vehicle: 'car-1' }) as AttachmentChanged,
      ...options,
    });

  beforeEach(() => {
    got = [];
    answer = started;
    reporter = new Reporter({
      manager: {
        report: async change => {
          const answered = await answer(change.handover);
          got.push(change.handover);
          return answered;
        },
      },
      timers: clock,
      random: () => 0.5,
      log: silentLog,
      metrics: sdnMetrics(),
    });
  });

  afterEach(() => reporter.stop());

  it('are sent again until they are answered', async () => {
    answer = away;
    put('a');
    await clock.advance(10_000);
    assert.deepEqual([got, reporter.waiting], [[], 1]);
    answer = started;
    await clock.advance(2_000);
    assert.deepEqual([got, reporter.waiting], [['a'], 0]);
  });

  it('give way to a newer one of the vehicle', async () => {
    answer = away;
    put('a');
    await clock.advance(100);
    put('b');
    answer = started;
    await clock.advance(2_000);
    assert.deepEqual(got, ['b']);
  });

  it('that name a used lease arrive all, in their order, and a newer one waits behind them', async () => {
    answer = away;
    put('a', { mustArrive: true });
    put('b');
    put('c');
    put('d', { mustArrive: true });
    put('e');
    await clock.advance(100);
    answer = started;
    await clock.advance(10_000);
    assert.deepEqual([got, reporter.waiting], [['a', 'd', 'e'], 0]);
  });

  it('are bounded: of those that must arrive the oldest goes, and the next one is sent', async () => {
    answer = away;
    for (const handover of ['a', 'b', 'c', 'd', 'e']) put(handover, { mustArrive: true });
    answer = started;
    await clock.advance(10_000);
    assert.deepEqual([got, reporter.waiting], [['b', 'c', 'd', 'e'], 0]);
  });

  it('that the manager refuses for good are dropped, and the next one is sent', async () => {
    answer = handover => (handover === 'a' ? Promise.reject(fault('REQUEST_INVALID', 'a')) : started());
    put('a', { mustArrive: true });
    put('b');
    await clock.advance(10);
    assert.deepEqual([got, reporter.waiting], [['b'], 0]);
  });

  it('wait for the id of their vehicle, and go at once when the manager is heard of', async () => {
    let known = false;
    put('a', { message: () => (known ? ({ handover: 'a' } as AttachmentChanged) : undefined) });
    await clock.advance(60_000);
    assert.deepEqual(got, []);
    known = true;
    reporter.flush();
    await clock.advance(0);
    assert.deepEqual(got, ['a']);
  });

  it('of a first frame are remembered as such until they are answered', async () => {
    answer = away;
    put('a', { first: true });
    assert.ok(reporter.isFirst(1));
    answer = started;
    await clock.advance(2_000);
    assert.equal(reporter.isFirst(1), false);
  });
});
