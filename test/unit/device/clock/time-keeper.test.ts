import assert from 'node:assert/strict';
import type { Log } from '../../../../common/log.js';
import { Metrics } from '../../../../common/metrics.js';
import { ROLLOVER_MS } from '../../../../device/clock/calendar.js';
import { LastTime, readLastTime } from '../../../../device/clock/last-time.js';
import { TimeBase } from '../../../../device/clock/time-base.js';
import { TimeKeeper } from '../../../../device/clock/time-keeper.js';
import { METRICS, type MetricName } from '../../../../protocol/metrics.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { seededRandom } from '../../../../lab/seeded-random.js';
import { tearingDisk } from '../../../fakes/tearing-disk.js';

const NOW_MS = Date.UTC(2026, 5, 1);

function world() {
  const clock = fakeClock(NOW_MS);
  const events: string[] = [];
  const say = ({ event }: { event: string }): void => void events.push(event);
  const log = { debug: say, info: say, warn: say, error: say } as unknown as Log;
  const disk = tearingDisk(seededRandom(1));
  const metrics = new Metrics<MetricName>(METRICS);
  const changes: string[] = [];
  let synchronised = false;
  const keeper = new TimeKeeper({
    vehicle: 'car-1',
    time: new TimeBase({ clock, system: 'auto', holdMs: 60_000 }),
    last: new LastTime(disk),
    isSystemClockSynchronised: () => Promise.resolve(synchronised),
    onChange: ({ change, stamp }) => void changes.push(`${change} ${stamp.clock}`),
    clock,
    timers: clock,
    log,
    metrics,
  });
  const stop = keeper.start();
  return { clock, keeper, events, changes, disk, metrics, stop, synchronise: () => void (synchronised = true) };
}

describe('time keeper', () => {
  it('ends the hold by itself, tells of the better clock, and keeps the trusted time', async () => {
    const { clock, changes, disk, stop, synchronise } = world();
    await clock.advance(61_000);
    assert.deepEqual(changes, ['known estimated']);
    assert.equal(await readLastTime(disk), undefined, 'an estimate is nothing to hold others against');
    synchronise();
    await clock.advance(1_000);
    assert.deepEqual(changes, ['known estimated', 'better system']);
    assert.equal(await readLastTime(disk), clock.nowMs());
    stop();
    assert.equal(clock.pending, 0);
  });

  it('logs a receiver that lost its week once, and counts each of its times', async () => {
    const { clock, keeper, events, metrics, stop } = world();
    for (let i = 0; i < 3; i++) keeper.receiverTime(NOW_MS - ROLLOVER_MS, clock.monotonicMs());
    assert.equal(events.filter(event => event === 'clock.date-refused').length, 1);
    assert.match(await metrics.text(), /agent_receiver_times_total\{verdict="rollover"\} 3/);
    stop();
  });

  it('logs a conflict once, and shows by how much', async () => {
    const { clock, keeper, events, metrics, stop, synchronise } = world();
    synchronise();
    await clock.advance(1_000);
    keeper.receiverTime(clock.nowMs() + 60_000, clock.monotonicMs());
    await clock.advance(5_000);
    assert.equal(events.filter(event => event === 'clock.conflict').length, 1);
    assert.match(await metrics.text(), /agent_clock_offset_seconds 60\b/);
    stop();
  });
});
