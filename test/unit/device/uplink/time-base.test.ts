import assert from 'node:assert/strict';
import fc from 'fast-check';
import { TimeBase, type TimeChange } from '../../../../device/uplink/time-base.js';
import { fakeClock } from '../../../fakes/fake-clock.js';

const HOLD_MS = 60_000;
const baseOf = (clock: ReturnType<typeof fakeClock>, system: 'auto' | 'trusted' | 'untrusted') =>
  new TimeBase({ clock, system, holdMs: HOLD_MS });

describe('time base', () => {
  it('takes the time of a trusted system clock at once, steps included', () => {
    const clock = fakeClock();
    const base = baseOf(clock, 'trusted');
    assert.deepEqual(base.stamp(), { offsetMs: clock.nowMs(), clock: 'system' });
    clock.step(3_600_000);
    assert.equal(base.utcMs(clock.monotonicMs()), clock.nowMs());
  });

  it('waits for the receiver, and then no longer minds what the system clock does', async () => {
    const clock = fakeClock();
    const base = baseOf(clock, 'untrusted');
    assert.equal(base.stamp(), undefined);
    assert.equal(base.asksSystem, false);
    await clock.advance(5_000);
    const utcMs = Date.UTC(2026, 5, 1);
    assert.equal(base.receiverTime(utcMs, clock.monotonicMs()).change, 'known');
    clock.step(-86_400_000);
    assert.equal(base.utcMs(clock.monotonicMs()), utcMs);
    assert.equal(base.receiverTime(utcMs + 999, clock.monotonicMs()).change, 'none');
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
    const change = base.systemIsSynchronised();
    assert.deepEqual(change.change === 'better' && [change.correctionMs, change.stamp.clock], [500_000, 'system']);
  });

  it('asks for the system clock until it is synchronised, and minds it once', () => {
    const base = baseOf(fakeClock(), 'auto');
    assert.equal(base.asksSystem, true);
    assert.equal(base.systemIsSynchronised().change, 'known');
    assert.equal(base.asksSystem, false);
    assert.equal(base.systemIsSynchronised().change, 'none');
  });

  const event = fc.oneof(
    fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 40_000 }) }),
    fc.record({ do: fc.constant('step' as const), ms: fc.integer({ min: -1e9, max: 1e9 }) }),
    fc.record({ do: fc.constant('fix' as const), ms: fc.integer({ min: -5_000, max: 5_000 }) }),
    fc.record({ do: fc.constant('synchronised' as const) }),
    fc.record({ do: fc.constant('tick' as const) }),
  );

  it('never goes back to waiting or to a worse clock, and each correction is the difference of the offsets', () =>
    fc.assert(
      fc.asyncProperty(
        fc.constantFrom('auto' as const, 'untrusted' as const),
        fc.array(event, { maxLength: 30 }),
        async (rule, events) => {
          const clock = fakeClock();
          const base = baseOf(clock, rule);
          const rank = { estimated: 1, gps: 2, system: 3 };
          let before = base.stamp();
          for (const step of events) {
            let change: TimeChange = { change: 'none' };
            if (step.do === 'advance') await clock.advance(step.ms);
            else if (step.do === 'step') clock.step(step.ms);
            else if (step.do === 'fix') change = base.receiverTime(Date.UTC(2026, 5, 1) + step.ms, clock.monotonicMs());
            else if (step.do === 'synchronised') change = base.systemIsSynchronised();
            else change = base.tick();
            const now = base.stamp();
            if (before !== undefined) {
              assert.ok(now !== undefined && rank[now.clock] >= rank[before.clock]);
              if (before.clock === now.clock && now.clock !== 'system') assert.equal(now.offsetMs, before.offsetMs);
            }
            if (change.change === 'known') assert.notEqual(before?.clock, 'estimated');
            if (before === undefined && now !== undefined) assert.equal(change.change, 'known');
            if (change.change === 'better') {
              assert.equal(before?.clock, 'estimated');
              assert.equal(change.correctionMs, change.stamp.offsetMs - (before?.offsetMs ?? NaN));
            }
            if (rule === 'untrusted') assert.notEqual(now?.clock, 'system');
            before = now;
          }
        },
      ),
      { numRuns: 200 },
    ));
});
