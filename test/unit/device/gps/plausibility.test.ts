import assert from 'node:assert/strict';
import fc from 'fast-check';
import { acceptTpv, NO_FIX, type FixState } from '../../../../device/gps/plausibility.js';
import type { Tpv } from '../../../../device/gps/tpv.js';

const RULES = { plausibleSpeedKmh: 400 };
const at = (seconds: number, more: Partial<Tpv> = {}): Tpv => ({
  mode: 3,
  latitude: 38 + seconds * 1e-4,
  longitude: -1,
  timeMs: 1_000 * seconds,
  speedMs: 10,
  headingDeg: 90,
  horizontalErrorM: 4,
  ...more,
});
function feed(tpvs: readonly Tpv[]) {
  let state: FixState = NO_FIX;
  return tpvs.map((tpv, index) => {
    const [next, verdict] = acceptTpv(state, tpv, 1_000 * index, RULES);
    state = next;
    return verdict;
  });
}
const results = (tpvs: readonly Tpv[]): string[] => feed(tpvs).map(verdict => verdict.result);
const timeless = (latitude: number): Tpv => ({ mode: 2, latitude, longitude: -1 });

describe('plausibility of positions', () => {
  it('drops what is no fix', () => assert.deepEqual(results([at(0, { mode: 1 })]), ['no-fix']));
  it('drops a place that is not on Earth', () =>
    assert.deepEqual(results([at(0, { latitude: 91 }), at(1, { longitude: -181 })]), ['implausible', 'implausible']));
  it('never takes an old fix for a new one', () =>
    assert.deepEqual(results([at(5), at(5), at(4), at(4), at(6)]), ['fix', 'repeated', 'repeated', 'repeated', 'fix']));
  it('counts three 3D fixes though each of them is told twice', () => {
    let state: FixState = NO_FIX;
    const credible: unknown[] = [];
    for (const second of [0, 0, 1, 1, 2]) {
      const [next, verdict] = acceptTpv(state, at(second), 1_000 * second, RULES);
      state = next;
      credible.push(verdict.result === 'fix' ? verdict.fix.credibleTimeMs : verdict.result);
    }
    assert.deepEqual(credible, [undefined, 'repeated', undefined, 'repeated', 2_000]);
  });
  it('knows the same place without a time for the same fix', () =>
    assert.deepEqual(results([timeless(38), timeless(38), timeless(38.00001)]), ['fix', 'repeated', 'fix']));
  it('believes a receiver that put its clock back after three rising times, and vouches for none of them', () => {
    const back = (s: number): Tpv => at(s, { timeMs: 1_000 * s - 18_000 });
    const verdicts = feed([at(0), at(1), at(2), at(3), back(4), back(5), back(6), back(7), back(8)]);
    assert.deepEqual(
      verdicts.map(verdict => verdict.result),
      ['fix', 'fix', 'fix', 'fix', 'repeated', 'repeated', 'fix', 'fix', 'fix'],
    );
    assert.deepEqual(
      verdicts.map(v => v.result === 'fix' && v.fix.credibleTimeMs !== undefined),
      [false, false, true, true, false, false, false, false, true],
    );
  });
  it('drops a jump, and believes the receiver again after three', () =>
    assert.deepEqual(results([at(0), ...[1, 2, 3, 4].map(s => at(s, { latitude: 40 + s * 1e-4 }))]), [
      'fix',
      'implausible',
      'implausible',
      'implausible',
      'fix',
    ]));
  it('holds the heading while the car stands', () => {
    const verdict = feed([at(0), at(1, { speedMs: 0.3, headingDeg: 270 })])[1];
    assert.equal(verdict?.result === 'fix' && verdict.fix.values.hdg, 90);
  });
  it('says how good a fix is with the fix', () => {
    const [verdict] = feed([at(0, { hdop: 0.8, satellites: 14 })]);
    const { fix, hdop, sats, acc } = (verdict?.result === 'fix' && verdict.fix.values) || {};
    assert.deepEqual([fix, hdop, sats, acc], ['THREE_D', 0.8, 14, 4]);
  });
  it('vouches for the time after three 3D fixes in a row', () =>
    assert.deepEqual(
      feed([at(0), at(1), at(2), at(3, { mode: 2 }), at(4), at(5), at(6)]).map(
        v => v.result === 'fix' && v.fix.credibleTimeMs,
      ),
      [undefined, undefined, 2_000, undefined, undefined, undefined, 6_000],
    ));

  it('vouches for no time of three fixes between which the clock of the receiver jumped', () => {
    const week = 7 * 86_400_000;
    assert.deepEqual(
      feed([at(0), at(1), at(2, { timeMs: 2_000 + week }), at(3, { timeMs: 3_000 + week })]).map(
        v => v.result === 'fix' && v.fix.credibleTimeMs,
      ),
      [undefined, undefined, undefined, undefined],
    );
  });

  const look = fc.record(
    {
      mode: fc.constantFrom(0 as const, 1 as const, 2 as const, 3 as const),
      latitude: fc.double({ min: -100, max: 100 }),
      longitude: fc.double({ min: -200, max: 200 }),
      timeMs: fc.integer({ min: 0, max: 20 }).map(seconds => seconds * 1_000),
    },
    { requiredKeys: ['mode'] },
  );
  it('tells no moment of the receiver twice in a row, and vouches for none without three fixes before it', () =>
    fc.assert(
      fc.property(fc.array(look, { maxLength: 40 }), looks => {
        const verdicts = feed(looks);
        let lastMs: number | undefined;
        let threeD = 0;
        for (const [index, verdict] of verdicts.entries()) {
          const tpv = looks[index]!;
          if (verdict.result !== 'fix') {
            if (verdict.result !== 'repeated') threeD = 0;
            continue;
          }
          assert.ok(tpv.mode >= 2 && Math.abs(tpv.latitude!) <= 90 && Math.abs(tpv.longitude!) <= 180);
          if (tpv.timeMs !== undefined) assert.notEqual(tpv.timeMs, lastMs);
          lastMs = tpv.timeMs;
          threeD = tpv.mode === 3 ? threeD + 1 : 0;
          if (verdict.fix.credibleTimeMs !== undefined) assert.ok(threeD >= 3);
        }
      }),
    ));
});
