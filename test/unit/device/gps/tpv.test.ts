import assert from 'node:assert/strict';
import { acceptTpv, NO_FIX, parseGpsdLine, type FixState, type Tpv } from '../../../../device/gps/tpv.js';

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

describe('gpsd positions', () => {
  it('reads a TPV', () => {
    const line =
      '{"class":"TPV","mode":3,"time":"2026-01-01T00:00:00.000Z","lat":38.0,"lon":-1.1,"altMSL":12.5,"speed":3.5,"track":12,"eph":4.2}';
    assert.deepEqual(parseGpsdLine(line), {
      class: 'TPV',
      tpv: {
        mode: 3,
        timeMs: Date.UTC(2026, 0, 1),
        latitude: 38,
        longitude: -1.1,
        altitudeM: 12.5,
        speedMs: 3.5,
        headingDeg: 12,
        horizontalErrorM: 4.2,
      },
    });
  });
  for (const line of ['', '{', '[]', '{"class":5}', '{"class":"TPV"}', '{"class":"TPV","mode":9}'])
    it(`refuses ${line || 'an empty line'}`, () => assert.throws(() => parseGpsdLine(line), { code: 'GPS_MALFORMED' }));
  it('drops what is no fix', () => assert.equal(feed([at(0, { mode: 1 })])[0]?.result, 'no-fix'));
  it('never takes an old fix for a new one', () =>
    assert.deepEqual(
      feed([at(0), at(0)]).map(v => v.result),
      ['fix', 'repeated'],
    ));
  it('drops a jump, and believes the receiver again after three', () =>
    assert.deepEqual(
      feed([at(0), ...[1, 2, 3, 4].map(s => at(s, { latitude: 40 + s * 1e-4 }))]).map(v => v.result),
      ['fix', 'implausible', 'implausible', 'implausible', 'fix'],
    ));
  it('holds the heading while the car stands', () => {
    const verdict = feed([at(0), at(1, { speedMs: 0.3, headingDeg: 270 })])[1];
    assert.equal(verdict?.result === 'fix' && verdict.fix.values.hdg, 90);
  });
  it('vouches for the time after three 3D fixes', () =>
    assert.deepEqual(
      feed([at(0), at(1), at(2)]).map(v => v.result === 'fix' && v.fix.credibleTimeMs),
      [undefined, undefined, 2_000],
    ));
});
