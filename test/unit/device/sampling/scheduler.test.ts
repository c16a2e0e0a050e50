import assert from 'node:assert/strict';
import fc from 'fast-check';
import { isShareable } from '../../../../device/obd/mode01.js';
import { deal, parseRates, Scheduler, type Rates, type TierPeriods } from '../../../../device/sampling/scheduler.js';
import { signalByPid, SIGNALS, type Tier } from '../../../../protocol/signals.js';

const PERIODS: TierPeriods = { fast: 200, medium: 1_000, slow: 20_000 };
const ALL = [...new Set(SIGNALS.flatMap(row => (row.obd === undefined ? [] : [row.obd.pid])))];
const OF_TIER = (tier: Tier): number[] => ALL.filter(pid => signalByPid(pid)!.tier === tier);
const [SPEED, PRESSURE, COOLANT, RPM] = [0x0d, 0x0b, 0x05, 0x0c];
const USUAL = [0x04, 0x05, 0x0b, 0x0c, 0x0d, 0x0f, 0x10, 0x11, 0x1f, 0x2f, 0x30, 0x31, 0x33, 0x42, 0x44, 0x46, 0x51];

interface Drive {
  readonly supported: readonly number[];
  readonly batchMax: number;
  readonly takesMs: (atMs: number) => number;
  readonly spanMs: number;
  readonly rates?: Rates;
}

/** Asks as a car does that answers everything after `takesMs`: when each PID was asked for. */
function drive({ supported, batchMax, takesMs, spanMs, rates }: Drive) {
  const own = new Set(supported);
  const scheduler = new Scheduler({
    supported,
    periods: PERIODS,
    ...(rates === undefined ? {} : { rates }),
    isShareable: pid => isShareable(pid, own),
  });
  const asked = new Map<number, number[]>(supported.map(pid => [pid, []]));
  let nowMs = 0;
  while (nowMs < spanMs) {
    const batch = scheduler.next(nowMs, batchMax);
    assert.ok(batch.length <= batchMax);
    assert.equal(new Set(batch).size, batch.length);
    assert.ok(batch.length < 2 || batch.every(pid => isShareable(pid, own)));
    if (batch.length === 0) {
      assert.ok(scheduler.nextDueMs() > nowMs);
      nowMs = Math.min(spanMs, scheduler.nextDueMs());
      continue;
    }
    for (const pid of batch) asked.get(pid)!.push(nowMs);
    const tookMs = takesMs(nowMs);
    nowMs += tookMs;
    scheduler.answered(batch, new Set(batch), tookMs, nowMs);
  }
  const hz = (pid: number, fromMs = 0): number =>
    asked.get(pid)!.filter(ms => ms >= fromMs).length / ((spanMs - fromMs) / 1000);
  return { asked, scheduler, hz, endMs: nowMs };
}

describe('scheduler', () => {
  it('asks for every PID at the beat of its tier where the car is quick', () => {
    const { asked } = drive({ supported: USUAL, batchMax: 6, takesMs: () => 30, spanMs: 60_000 });
    for (const [pid, times] of asked) {
      const wanted = 60_000 / PERIODS[signalByPid(pid)!.tier];
      assert.ok(Math.abs(times.length - wanted) <= 1 + wanted * 0.1, `${pid}: ${times.length} times, not ${wanted}`);
    }
  });

  it('waits for ever where there is nothing to ask for', () => {
    const idle = new Scheduler({ supported: [], periods: PERIODS, isShareable: () => true });
    assert.deepEqual(idle.next(0, 6), []);
    assert.equal(idle.nextDueMs(), Infinity);
  });

  it('fills the room of a request with what is nearly due, and sends none for that alone', () => {
    const scheduler = new Scheduler({ supported: [SPEED, PRESSURE], periods: PERIODS, isShareable: () => true });
    assert.deepEqual(scheduler.next(0, 6).sort(), [PRESSURE, SPEED]);
    assert.deepEqual(scheduler.next(100, 6), [SPEED]);
    assert.deepEqual(scheduler.next(290, 6), [], 'nothing is due');
    assert.deepEqual(scheduler.next(310, 6).sort(), [PRESSURE, SPEED], 'the pressure is due at 500');
  });

  it('asks alone for what does not fit into one message with others', () => {
    const { asked } = drive({ supported: [SPEED, RPM, 0x68, 0x7f], batchMax: 6, takesMs: () => 30, spanMs: 60_000 });
    assert.ok(asked.get(0x68)!.length >= 3);
  });

  it('keeps the beat of the slow tier on a bus too slow for all, and slows down the fast one', () => {
    const { asked } = drive({
      supported: [SPEED, PRESSURE, COOLANT],
      batchMax: 1,
      takesMs: () => 900,
      spanMs: 200_000,
    });
    assert.ok(asked.get(COOLANT)!.length >= 9, `${asked.get(COOLANT)!.length}`);
    assert.ok(asked.get(SPEED)!.length >= 90, `${asked.get(SPEED)!.length}`);
  });

  it('leaves every tier its share on a K-line with far too many PIDs, and starves no PID', () => {
    const supported = [...OF_TIER('fast'), ...OF_TIER('medium'), ...OF_TIER('slow')];
    const spanMs = 3_600_000;
    const takesMs = 300;
    const { asked } = drive({ supported, batchMax: 1, takesMs: () => takesMs, spanMs });
    const requests = spanMs / takesMs;
    for (const [tier, share] of [
      ['fast', 0.6],
      ['medium', 0.25],
      ['slow', 0.15],
    ] as const) {
      const given = OF_TIER(tier).reduce((sum, pid) => sum + asked.get(pid)!.length, 0) / requests;
      assert.ok(given >= share * 0.85, `${tier} has ${given} of the requests`);
    }
    for (const [pid, times] of asked) assert.ok(times.length >= 3, `${pid}: ${times.length} times in an hour`);
  });

  it('gives a signal with twice the priority twice as much of what is short', () => {
    const rates = parseRates('spd=fast:2, rpm=fast');
    const { hz } = drive({ supported: [SPEED, RPM], batchMax: 1, takesMs: () => 500, spanMs: 120_000, rates });
    assert.ok(Math.abs(hz(SPEED, 10_000) / hz(RPM, 10_000) - 2) < 0.2, `${hz(SPEED)} and ${hz(RPM)}`);
  });

  it('follows the turn-around: slower when the adapter becomes slower, and back again', () => {
    const takesMs = (atMs: number): number => (atMs >= 60_000 && atMs < 120_000 ? 400 : 20);
    const { asked } = drive({ supported: USUAL, batchMax: 1, takesMs, spanMs: 180_000 });
    const between = (from: number, to: number): number =>
      asked.get(SPEED)!.filter(ms => ms >= from && ms < to).length / ((to - from) / 1000);
    assert.ok(between(10_000, 60_000) > 4.5);
    assert.ok(between(70_000, 120_000) < 1);
    assert.ok(between(130_000, 180_000) > 4.5);
    const coolant = asked.get(COOLANT)!;
    assert.ok(Math.max(...coolant.map((ms, at) => ms - (coolant[at - 1] ?? 0))) < 45_000);
  });

  it('never asks for what was turned off, and takes other tiers', () => {
    const rates = parseRates('ect=fast,spd=off');
    const { hz, asked } = drive({ supported: [SPEED, COOLANT], batchMax: 6, takesMs: () => 20, spanMs: 60_000, rates });
    assert.equal(asked.get(SPEED)!.length, 0);
    assert.ok(hz(COOLANT) > 4.5);
  });

  it('refuses rates of unknown signals, and what is no rate', () => {
    for (const [text, says] of [
      ['nope=fast', /'nope'/],
      ['lat=fast', /'lat'/],
      ['spd=often', /^Error: NAME=/],
      ['spd=fast:0', /priority/],
      ['spd', /^Error: NAME=/],
    ] as const)
      assert.throws(() => parseRates(text), says);
  });

  it('tells the rate that each PID achieved, and how it falls once there is no answer', () => {
    const { scheduler, hz, endMs } = drive({ supported: USUAL, batchMax: 6, takesMs: () => 50, spanMs: 60_000 });
    const { hz: told, wantedHz } = scheduler.rates(endMs).get(SPEED)!;
    assert.ok(Math.abs(told - hz(SPEED)) < 0.5, `${told}, not ${hz(SPEED)}`);
    assert.equal(wantedHz, 5);
    assert.ok(scheduler.rates(endMs + 60_000).get(SPEED)!.hz < 0.05);
    assert.ok(Math.abs(scheduler.turnAroundMs! - 50) < 1);
  });

  it('seldom asks again for what the car supports and does not tell', () => {
    const scheduler = new Scheduler({ supported: [SPEED, RPM], periods: PERIODS, isShareable: () => true });
    let silent = 0;
    for (let nowMs = 0; nowMs < 60_000; nowMs += 20) {
      const batch = scheduler.next(nowMs, 1);
      if (batch[0] === RPM) silent++;
      if (batch.length > 0) scheduler.answered(batch, new Set(batch.filter(pid => pid !== RPM)), 20, nowMs + 20);
    }
    assert.ok(silent <= 10, `${silent}`);
  });

  it('starves no PID, however slow the car and whatever it has', () =>
    fc.assert(
      fc.property(
        fc.subarray(ALL, { minLength: 1 }),
        fc.constantFrom(1, 3, 6),
        fc.integer({ min: 10, max: 500 }),
        (supported, batchMax, takes) => {
          const spanMs = 400_000;
          const { asked } = drive({ supported, batchMax, takesMs: () => takes, spanMs });
          const ofTier = (tier: Tier): number => supported.filter(pid => signalByPid(pid)!.tier === tier).length;
          const shares: Readonly<Record<Tier, number>> = { fast: 0.6, medium: 0.25, slow: 0.15 };
          for (const [pid, times] of asked) {
            const { tier } = signalByPid(pid)!;
            const longest = Math.max(...[...times, spanMs].map((ms, at) => ms - (times[at - 1] ?? 0)));
            // Alone in a request each, by the share of the tier; and a moment for the rest.
            const limitMs = PERIODS[tier] + (2 * ofTier(tier) * takes) / shares[tier] + (supported.length + 2) * takes;
            assert.ok(longest <= limitMs, `${pid} waits ${longest} ms, not ${limitMs}`);
          }
        },
      ),
      { numRuns: 40, examples: [[[16, 56, 57, 58, 59, 126, 146, 155, 157, 158, 161, 162, 166], 6, 330]] },
    ));
});

describe('dealing out', () => {
  it('gives everybody what they ask for where there is enough, and never more than there is', () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            weight: fc.double({ min: 0.1, max: 5, noNaN: true }),
            cap: fc.double({ min: 0, max: 10, noNaN: true }),
          }),
          {
            minLength: 1,
            maxLength: 8,
          },
        ),
        fc.double({ min: 0, max: 60, noNaN: true }),
        (askers, supply) => {
          const given = deal(askers, supply);
          const sum = given.reduce((total, part) => total + part, 0);
          const asked = askers.reduce((total, { cap }) => total + cap, 0);
          assert.ok(Math.abs(sum - Math.min(supply, asked)) < 1e-6, `${sum}`);
          for (const [at, part] of given.entries()) assert.ok(part <= askers[at]!.cap + 1e-9);
        },
      ),
    ));
});
