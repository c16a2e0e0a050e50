import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LagTracker } from '../../../../store/cassandra/lag-tracker.js';

const PERIOD_MS = 1_000;
const START_MS = Date.UTC(2026, 5, 1);
const tracker = (): LagTracker => new LagTracker('edge-1', PERIOD_MS);
const marker = (domain: string, atMs: number): { domain: string; writtenAtMs: number } => ({
  domain,
  writtenAtMs: START_MS + atMs,
});
const lagOf = (one: LagTracker, atMs: number): number | undefined => one.lags(START_MS + atMs)[0]?.lagMs;

describe('replication lag by markers', () => {
  it('is the time from the writing of a marker until it is seen here', () => {
    const one = tracker();
    one.take([marker('core', 0)], START_MS + 600);
    assert.equal(lagOf(one, 600), 0, 'the first one may have been here for long');
    one.take([marker('core', 0)], START_MS + 1_003);
    one.take([marker('core', 1_000)], START_MS + 1_007);
    assert.equal(lagOf(one, 1_007), 7);
    assert.deepEqual(one.lags(START_MS + 1_500), [{ from: 'core', lagMs: 7, markerAtMs: START_MS + 1_000 }]);
  });

  it('grows while markers stay away, and is what it was when they come', () => {
    const one = tracker();
    one.take([marker('core', 0)], START_MS);
    assert.equal(lagOf(one, 1_000), 0);
    assert.equal(lagOf(one, 301_000), 300_000);
    for (let atMs = 1_000; atMs <= 300_490; atMs += 245) one.take([marker('core', 0)], START_MS + atMs);
    one.take([marker('core', 300_000)], START_MS + 300_501);
    assert.equal(lagOf(one, 300_501), 501);
  });

  it('does not take the time for which nobody looked for a lag', () => {
    const one = tracker();
    one.take([marker('core', 0)], START_MS);
    one.take([marker('core', 1_000)], START_MS + 1_900);
    assert.equal(lagOf(one, 1_900), 0);
  });

  it('never is below zero where clocks differ', () => {
    const one = tracker();
    one.take([marker('core', 0)], START_MS);
    one.take([marker('core', 1_000)], START_MS + 990);
    assert.equal(lagOf(one, 990), 0);
  });

  it('tells of every other domain that was ever heard of, and not of its own', () => {
    const one = tracker();
    assert.deepEqual(one.lags(START_MS), []);
    one.take([marker('edge-2', 0), marker('core', 0), marker('edge-1', 0)], START_MS);
    one.take([marker('edge-1', 1_000)], START_MS + 1_001);
    assert.deepEqual(
      one.lags(START_MS).map(({ from }) => from),
      ['core', 'edge-2'],
    );
  });

  it('looks for a marker when it is due, then less and less often, and once a period where none comes', () => {
    const one = tracker();
    assert.equal(one.nextReadMs(), -Infinity);
    one.take([marker('core', 0), marker('edge-2', 300)], START_MS + 10);
    const looks: number[] = [];
    for (let atMs = 10; atMs < 4_500;) {
      atMs = one.nextReadMs() - START_MS;
      looks.push(atMs);
      one.take([marker('core', Math.floor((atMs - 5) / 1_000) * 1_000), marker('edge-2', 300)], START_MS + atMs);
    }
    assert.deepEqual(looks.slice(0, 14), [
      ...[1_002, 1_004, 1_008],
      ...[1_302, 1_304, 1_308, 1_316, 1_332, 1_364, 1_428, 1_556, 1_812],
      ...[2_002, 2_004],
    ]);
  });

  it('asks a domain that stays away once a period', () => {
    const one = tracker();
    let looks = 0;
    for (let atMs = 0; atMs < 70_000; looks++) {
      one.take([marker('core', 0)], START_MS + atMs);
      atMs = one.nextReadMs() - START_MS;
    }
    assert.ok(looks < 95, `${looks}`);
  });

  it('measures any lag within a factor of two, however it looks', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20_000 }), fc.integer({ min: 0, max: 999 }), (lagMs, phaseMs) => {
        const one = tracker();
        let nowMs = phaseMs;
        for (let reads = 0; reads < 400; reads++) {
          const visible = Math.floor((nowMs - lagMs) / PERIOD_MS) * PERIOD_MS;
          one.take([marker('core', visible)], START_MS + nowMs);
          nowMs = one.nextReadMs() - START_MS;
        }
        const measured = lagOf(one, nowMs - 1) ?? 0;
        assert.ok(measured >= lagMs - 1 && measured <= Math.max(2 * lagMs, lagMs + 4), `${measured} for ${lagMs}`);
      }),
    );
  });

  it('has its own marker written when nobody has for a period', () => {
    const one = tracker();
    assert.equal(one.ownDueMs(50), -Infinity);
    one.take([marker('edge-1', 0), marker('core', 700)], START_MS + 800);
    assert.deepEqual([one.ownMarkerMs, one.ownDueMs(50)], [START_MS, START_MS + 1_050]);
  });
});
