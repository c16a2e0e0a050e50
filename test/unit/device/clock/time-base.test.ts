import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ROLLOVER_MS } from '../../../../device/clock/calendar.js';
import { TimeBase, type SystemClockRule, type TimeChange } from '../../../../device/clock/time-base.js';
import { BUILD_DATE_MS } from '../../../../protocol/build-date.js';
import { fakeClock } from '../../../fakes/fake-clock.js';

const HOLD_MS = 60_000;
const NOW_MS = Date.UTC(2026, 5, 1);
const DAY_MS = 86_400_000;
const baseOf = (clock: ReturnType<typeof fakeClock>, system: SystemClockRule, more: { lastTrustedMs?: number } = {}) =>
  new TimeBase({ clock, system, holdMs: HOLD_MS, ...more });

describe('time base', () => {
  it('takes the time of a trusted system clock at once, steps included', () => {
    const clock = fakeClock();
    const base = baseOf(clock, 'trusted');
    assert.deepEqual(base.stamp(), { offsetMs: clock.nowMs(), clock: 'system' });
    clock.step(3_600_000);
    assert.equal(base.utcMs(clock.monotonicMs()), clock.nowMs());
    assert.equal(base.tick().change, 'none');
  });

  it('waits for the receiver, and then no longer minds what the system clock does', async () => {
    const clock = fakeClock();
    const base = baseOf(clock, 'untrusted');
    assert.equal(base.stamp(), undefined);
    assert.equal(base.systemIsSynchronised(true).change, 'none');
    await clock.advance(5_000);
    assert.equal(base.receiverTime(NOW_MS, clock.monotonicMs()).change, 'known');
    clock.step(-86_400_000);
    assert.equal(base.utcMs(clock.monotonicMs()), NOW_MS);
    assert.equal(base.stamp()?.clock, 'gps');
  });

  it('estimates after the hold, keeps the estimate, and tells by how much it was off', async () => {
    const clock = fakeClock();
    const base = baseOf(clock, 'auto');
    await clock.advance(HOLD_MS - 1);
    assert.equal(base.tick().change, 'none');
    await clock.advance(1);
    assert.equal(base.tick().change, 'known');
    assert.equal(base.stamp()?.clock, 'estimated');
    const estimateMs = base.utcMs(0);
    clock.step(500_000);
    assert.equal(base.utcMs(0), estimateMs, 'a step of a clock that nobody trusts changes no offset');
    const change = base.systemIsSynchronised(true);
    assert.deepEqual(change.change === 'better' && [change.correctionMs, change.stamp.clock], [500_000, 'system']);
  });

  it('goes on from the last trusted time where the system clock shows a date that cannot be, and says so', async () => {
    const clock = fakeClock(0);
    const lastTrustedMs = NOW_MS;
    const base = baseOf(clock, 'auto', { lastTrustedMs });
    await clock.advance(HOLD_MS);
    assert.equal(base.tick().change, 'known');
    assert.deepEqual(base.stamp(), { offsetMs: lastTrustedMs, clock: 'suspect' });
    clock.step(NOW_MS + DAY_MS);
    const change = base.systemIsSynchronised(true);
    assert.equal(change.change === 'better' && change.correctionMs, DAY_MS);
  });

  it('does not take a system clock that was never set for trusted, though it is said to be, and corrects that', async () => {
    const clock = fakeClock(0);
    const base = baseOf(clock, 'trusted');
    assert.deepEqual(base.stamp(), { offsetMs: BUILD_DATE_MS, clock: 'suspect' });
    assert.equal(base.tick().change, 'none');
    clock.step(NOW_MS);
    await clock.advance(1_000);
    const change = base.tick();
    assert.equal(change.change === 'better' && change.correctionMs, NOW_MS - BUILD_DATE_MS);
    assert.equal(base.stamp()?.clock, 'system');
  });

  it('refuses dates of a receiver that lost a round of weeks, or never had one', async () => {
    const clock = fakeClock(NOW_MS);
    const base = baseOf(clock, 'untrusted', { lastTrustedMs: NOW_MS - 1_000 });
    const verdicts = [NOW_MS - ROLLOVER_MS, Date.UTC(1980, 0, 6), NOW_MS + ROLLOVER_MS, NOW_MS - 2_000].map(utcMs => {
      assert.equal(base.receiverTime(utcMs, clock.monotonicMs()).change, 'none');
      return base.receiverVerdict;
    });
    assert.deepEqual(verdicts, ['rollover', 'bogus', 'rollover', 'bogus']);
    assert.equal(base.stamp(), undefined);
    assert.equal(base.receiverTime(NOW_MS, clock.monotonicMs()).change, 'known');
  });

  it('does not follow one look that is a week off, but three that agree, and corrects what it stamped', async () => {
    const clock = fakeClock(NOW_MS);
    const base = baseOf(clock, 'untrusted');
    const look = async (offMs: number): Promise<TimeChange> => {
      await clock.advance(1_000);
      return base.receiverTime(clock.nowMs() + offMs, clock.monotonicMs());
    };
    await look(0);
    assert.equal((await look(7 * DAY_MS)).change, 'none');
    await look(0);
    assert.equal(base.utcMs(clock.monotonicMs()), clock.nowMs());
    await look(-18_000);
    await look(-18_000);
    const change = await look(-18_000);
    assert.equal(change.change === 'better' && change.correctionMs, -18_000);
    assert.equal(base.utcMs(clock.monotonicMs()), clock.nowMs() - 18_000);
  });

  it('takes the least delayed look for the best, and follows a slow oscillator', async () => {
    const clock = fakeClock(NOW_MS);
    const base = baseOf(clock, 'untrusted');
    for (const lateMs of [400, 100, 300, 50, 200]) {
      await clock.advance(1_000);
      base.receiverTime(clock.nowMs() - lateMs, clock.monotonicMs());
    }
    const errorMs = clock.nowMs() - base.utcMs(clock.monotonicMs());
    assert.ok(errorMs >= 50 && errorMs < 51, String(errorMs));
    for (let second = 0; second < 3_600; second++) {
      await clock.advance(1_000);
      clock.step(-0.1);
      base.receiverTime(clock.nowMs(), clock.monotonicMs());
    }
    assert.ok(Math.abs(clock.nowMs() - base.utcMs(clock.monotonicMs())) < 1);
  });

  it('adds the time for which the machine slept, and corrects nothing', async () => {
    const clock = fakeClock(NOW_MS);
    let sleptMs = 0;
    const base = new TimeBase({
      clock,
      sinceStartMs: () => clock.monotonicMs() + sleptMs,
      system: 'untrusted',
      holdMs: HOLD_MS,
    });
    base.receiverTime(NOW_MS, 0);
    sleptMs = 3_600_000;
    clock.step(sleptMs);
    assert.equal(base.tick().change, 'none');
    assert.equal(base.utcMs(0), NOW_MS + sleptMs);
    assert.equal(base.receiverTime(NOW_MS + sleptMs, 0).change, 'none');
  });

  it('leaves a system clock that is stepped and no longer synchronised, and keeps what was right', async () => {
    const clock = fakeClock(NOW_MS);
    const base = baseOf(clock, 'auto');
    base.systemIsSynchronised(true);
    base.tick();
    base.systemIsSynchronised(false);
    clock.step(-DAY_MS);
    assert.equal(base.utcMs(0), NOW_MS, 'not even before the next look');
    assert.deepEqual(base.tick(), { change: 'other', stamp: { offsetMs: NOW_MS, clock: 'estimated' } });
    base.receiverTime(NOW_MS + 1_000, 1_000);
    assert.equal(base.stamp()?.clock, 'gps');
  });

  it('does not leave a system clock that was right for one look of a receiver', () => {
    const clock = fakeClock(NOW_MS);
    const base = baseOf(clock, 'auto');
    base.systemIsSynchronised(true);
    base.systemIsSynchronised(false);
    for (const [second, change] of ['none', 'none', 'other'].entries())
      assert.equal(base.receiverTime(NOW_MS + 60_000 + second, second).change, change);
  });

  it('corrects what it stamped when a synchronised clock is stepped', async () => {
    const clock = fakeClock(NOW_MS);
    const base = baseOf(clock, 'auto');
    base.systemIsSynchronised(true);
    clock.step(5_000);
    const change = base.tick();
    assert.equal(change.change === 'better' && change.correctionMs, 5_000);
  });

  it('knows a conflict between the receiver and a synchronised clock, and keeps to the clock', async () => {
    const clock = fakeClock(NOW_MS);
    const base = baseOf(clock, 'auto');
    base.systemIsSynchronised(true);
    for (let i = 0; i < 4; i++) {
      await clock.advance(1_000);
      assert.equal(base.receiverTime(clock.nowMs() + 60_000, clock.monotonicMs()).change, 'none');
    }
    assert.deepEqual([base.conflict, base.receiverAheadMs, base.stamp()?.clock], [true, 60_000, 'system']);
    base.systemIsSynchronised(false);
    assert.equal(base.receiverTime(clock.nowMs() + 60_000, clock.monotonicMs()).change, 'other');
    assert.deepEqual([base.conflict, base.stamp()?.clock], [false, 'gps']);
  });
});

/** A machine whose three clocks lie, each in its way. Truth is `BEGIN_MS` plus what has passed. */
const BEGIN_MS = Date.UTC(2026, 8, 1);
interface World {
  passedMs: number;
  sleptMs: number;
  systemErrorMs: number;
  readonly drift: number;
}
const trueMs = (world: World): number => BEGIN_MS + world.passedMs;
const monoMs = (world: World): number => (world.passedMs - world.sleptMs) * (1 + world.drift);

type Act =
  | { readonly do: 'pass' | 'sleep' | 'step'; readonly ms: number }
  | { readonly do: 'look'; readonly lateMs: number }
  | { readonly do: 'rogue'; readonly offMs: number }
  | { readonly do: 'synchronised'; readonly so: boolean }
  | { readonly do: 'stamp' };

const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ do: fc.constant('pass' as const), ms: fc.integer({ min: 0, max: 60_000 }) }),
  fc.record({ do: fc.constant('sleep' as const), ms: fc.integer({ min: 3_000, max: 3_600_000 }) }),
  fc.record({ do: fc.constant('step' as const), ms: fc.integer({ min: -1e9, max: 1e9 }) }),
  fc.record({ do: fc.constant('look' as const), lateMs: fc.integer({ min: 0, max: 400 }) }),
  fc.record({
    do: fc.constant('rogue' as const),
    offMs: fc.constantFrom(18_000, -18_000, 7 * DAY_MS, -7 * DAY_MS, -ROLLOVER_MS, ROLLOVER_MS, -46 * 365 * DAY_MS),
  }),
  fc.record({ do: fc.constant('synchronised' as const), so: fc.boolean() }),
  fc.constant({ do: 'stamp' as const }),
);

describe('time base against a model of lying clocks', () => {
  it('never stamps a date that cannot be, and with its corrections every stamp comes right', () =>
    fc.assert(
      fc.property(
        fc.constantFrom<SystemClockRule>('auto', 'untrusted'),
        fc.double({ min: -50e-6, max: 50e-6, noNaN: true }),
        fc.constantFrom(0, 5_000, -50 * 365 * DAY_MS, -3 * DAY_MS, 20 * 365 * DAY_MS),
        fc.array(act, { maxLength: 60 }),
        (rule, drift, systemErrorMs, acts) => {
          const world: World = { passedMs: 0, sleptMs: 0, systemErrorMs, drift };
          const clock = {
            nowMs: () => trueMs(world) + world.systemErrorMs,
            stampMs: () => trueMs(world) + world.systemErrorMs,
            monotonicMs: () => monoMs(world),
          };
          const sinceStartMs = (): number => monoMs(world) + world.sleptMs;
          const base = new TimeBase({ clock, sinceStartMs, system: rule, holdMs: HOLD_MS });
          const stamps: { trueMs: number; saidMs: number }[] = [];
          let correctedFrom = 0;
          let synchronised = false;
          let isKnown = false;
          const minded = (change: TimeChange): void => {
            if (change.change === 'none') return assert.equal(base.stamp() !== undefined, isKnown);
            assert.deepEqual(base.stamp(), change.stamp);
            isKnown = true;
            if (change.change === 'other') correctedFrom = stamps.length;
            if (change.change === 'better')
              for (const stamp of stamps.slice(correctedFrom)) stamp.saidMs += change.correctionMs;
          };
          const second = (): void => {
            world.passedMs += 1_000;
            if (rule === 'auto') minded(base.systemIsSynchronised(synchronised));
            minded(base.tick());
          };
          const look = (offMs: number): void => minded(base.receiverTime(trueMs(world) + offMs, monoMs(world)));
          for (const step of acts) {
            if (step.do === 'pass') world.passedMs += step.ms;
            else if (step.do === 'sleep') {
              // Held reports have no moment in a night; the hold is over when a car is parked.
              if (isKnown) world.sleptMs += step.ms;
              if (isKnown) world.passedMs += step.ms;
            } else if (step.do === 'step') world.systemErrorMs += synchronised ? 0 : step.ms;
            else if (step.do === 'look') look(-step.lateMs);
            else if (step.do === 'rogue') look(step.offMs);
            else if (step.do === 'synchronised') {
              synchronised = step.so;
              if (synchronised) world.systemErrorMs = 0;
            } else {
              const stamp = base.stamp();
              if (stamp === undefined) continue;
              const saidMs = monoMs(world) + stamp.offsetMs;
              assert.ok(saidMs >= BUILD_DATE_MS && saidMs < Date.UTC(2042, 0, 1), new Date(saidMs).toISOString());
              stamps.push({ trueMs: trueMs(world), saidMs });
              continue;
            }
            second();
          }
          for (let i = 0; i < 6; i++) {
            look(-100);
            second();
          }
          assert.ok(base.stamp() !== undefined);
          const errorMs = base.utcMs(monoMs(world)) - trueMs(world);
          assert.ok(Math.abs(errorMs) < 1_500, `now is ${errorMs} off`);
          for (const { saidMs, trueMs: atMs } of stamps)
            assert.ok(Math.abs(saidMs - atMs) < 3_000, `a stamp is ${saidMs - atMs} off`);
        },
      ),
      { numRuns: 2_000 },
    )).timeout(60_000);
});
