import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Planner, type TierPeriods } from '../../../../device/sampling/planner.js';
import { signalByPid, SIGNALS } from '../../../../protocol/signals.js';

const PERIODS: TierPeriods = { fast: 200, medium: 1_000, slow: 20_000 };
const ALL = new Set(SIGNALS.flatMap(row => ('obd' in row ? [row.obd.pid] : [])));
const SPEED = 0x0d;
const PRESSURE = 0x0b;
const COOLANT = 0x05;

/** Asks as a car does that takes `takesMs` for a request: how often each PID was asked for, and the longest wait. */
function drive(supported: ReadonlySet<number>, batchMax: number, takesMs: number, spanMs: number) {
  const planner = new Planner(SIGNALS, supported, PERIODS);
  const asked = new Map<number, number[]>();
  let requests = 0;
  for (let nowMs = 0; nowMs < spanMs;) {
    const batch = planner.next(nowMs, batchMax);
    assert.ok(batch.length <= batchMax);
    assert.equal(new Set(batch).size, batch.length);
    if (batch.length === 0) {
      assert.ok(planner.nextDueMs() > nowMs);
      nowMs = Math.min(spanMs, planner.nextDueMs());
      continue;
    }
    requests++;
    for (const pid of batch) asked.set(pid, [...(asked.get(pid) ?? []), nowMs]);
    nowMs += takesMs;
  }
  return { asked, requests };
}

describe('planner', () => {
  it('asks for every PID at the beat of its tier where the car is quick', () => {
    const { asked } = drive(ALL, 6, 30, 60_000);
    assert.deepEqual(new Set(asked.keys()), ALL);
    for (const [pid, times] of asked) {
      const wanted = 60_000 / PERIODS[signalByPid(pid)!.tier];
      assert.ok(Math.abs(times.length - wanted) <= 1 + wanted * 0.1, `${pid}: ${times.length} times, not ${wanted}`);
    }
  });

  it('asks for nothing that the car does not have, and waits for ever where it has nothing', () => {
    const { asked } = drive(new Set([SPEED]), 6, 30, 5_000);
    assert.deepEqual([...asked.keys()], [SPEED]);
    const idle = new Planner(SIGNALS, new Set(), PERIODS);
    assert.deepEqual(idle.next(0, 6), []);
    assert.equal(idle.nextDueMs(), Infinity);
  });

  it('fills the room of a request with what is nearly due, and sends none for that alone', () => {
    const planner = new Planner(SIGNALS, new Set([SPEED, PRESSURE]), PERIODS);
    assert.deepEqual(planner.next(0, 6).sort(), [PRESSURE, SPEED]);
    assert.deepEqual(planner.next(100, 6), [SPEED]);
    assert.deepEqual(planner.next(290, 6), [], 'nothing is due');
    assert.deepEqual(planner.next(310, 6).sort(), [PRESSURE, SPEED], 'the pressure is due at 500');
  });

  it('keeps the beat of the slow tier on a bus too slow for all, and slows down the fast one', () => {
    const { asked } = drive(new Set([SPEED, PRESSURE, COOLANT]), 1, 900, 200_000);
    assert.ok((asked.get(COOLANT)?.length ?? 0) >= 9, `${asked.get(COOLANT)?.length}`);
    assert.ok((asked.get(SPEED)?.length ?? 0) >= 90, `${asked.get(SPEED)?.length}`);
  });

  it('asks for every supported PID again within its period and one round of all, however slow the car', () =>
    fc.assert(
      fc.property(
        fc.subarray([...ALL], { minLength: 1 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 10, max: 500 }),
        (pids, batchMax, takesMs) => {
          const spanMs = 120_000;
          const { asked } = drive(new Set(pids), batchMax, takesMs, spanMs);
          for (const pid of pids) {
            const times = [...(asked.get(pid) ?? []), spanMs];
            const longest = Math.max(...times.map((time, at) => time - (times[at - 1] ?? 0)));
            const roundMs = Math.ceil(pids.length / batchMax) * takesMs;
            const limitMs = PERIODS[signalByPid(pid)!.tier] + roundMs + 2 * takesMs;
            assert.ok(longest <= limitMs, `${pid} waits ${longest} ms, not ${limitMs}`);
          }
        },
      ),
      { numRuns: 60 },
    ));
});
