import assert from 'node:assert/strict';
import fc from 'fast-check';
import { CoverageMap, offset } from '../../../../md-manager/arming/coverage-map.js';
import { forecast, type Motion } from '../../../../md-manager/arming/forecast.js';
import type { AccessPoint } from '../../../../protocol/topology.js';

const DEGREE_M = (6_371_008.8 * Math.PI) / 180;
const ORIGIN = { latitude: 0, longitude: 10 };

/** Metres east and north of a place on the equator, where a degree is as long either way. */
const at = (eastM: number, northM = 0) => ({
  latitude: ORIGIN.latitude + northM / DEGREE_M,
  longitude: ORIGIN.longitude + eastM / DEGREE_M,
});
const point = (id: string, domain: string, eastM: number, northM = 0, rangeM = 500): AccessPoint => ({
  ...{ id, domain, rangeM },
  ...at(eastM, northM),
});
const motion = (eastM: number, northM: number, headingDeg: number, speedKmh: number, ageS = 0): Motion => ({
  ...at(eastM, northM),
  ...{ headingDeg, speedKmh, ageS },
});
const map = (...points: AccessPoint[]): CoverageMap => new CoverageMap(points);

const TWO = map(point('ap-1', 'edge-1', 0), point('ap-2', 'edge-2', 800));

describe('the forecast of the next domain', () => {
  const vectors = [
    ['at half way between two that are alike', TWO, motion(0, 0, 90, 72), 60, ['ap-2', 20]],
    ['later, where it drives slower', TWO, motion(0, 0, 90, 36), 60, ['ap-2', 40]],
    ['sooner, where its last word is old', TWO, motion(0, 0, 90, 72, 5), 60, ['ap-2', 15]],
    ['not beyond the horizon', TWO, motion(0, 0, 90, 72), 19, undefined],
    ['not where it drives away', TWO, motion(0, 0, 270, 72), 600, undefined],
    ['not where it passes by', TWO, motion(0, 0, 0, 72), 600, undefined],
    ['not where it stands', TWO, motion(100, 0, 90, 0), 600, undefined],
    ['at once, where another one is the nearer already', TWO, motion(500, 0, 90, 0), 1, ['ap-2', 0]],
    [
      'at the edge of a coverage that begins after a gap',
      map(point('ap-1', 'edge-1', 0), point('ap-2', 'edge-2', 2_000)),
      motion(0, 0, 90, 72),
      120,
      ['ap-2', 75],
    ],
    [
      'not into another access point of its own domain, but behind that',
      map(point('ap-1', 'edge-1', 0), point('ap-2', 'edge-1', 800), point('ap-3', 'edge-2', 1_600)),
      motion(0, 0, 90, 72),
      120,
      ['ap-3', 60],
    ],
    [
      'where the small one begins to be better inside the wide one: d/1000 = (1000 − d)/250',
      map(point('ap-1', 'edge-1', 0, 0, 1_000), point('ap-2', 'edge-2', 1_000, 0, 250)),
      motion(0, 0, 90, 72),
      120,
      ['ap-2', 40],
    ],
  ] as const;
  for (const [says, points, moving, horizonS, wanted] of vectors)
    it(`is ${says}`, () => {
      const found = forecast(points, moving, 'edge-1', horizonS);
      assert.deepEqual(found && [found.accessPoint, Number(found.inS.toFixed(6))], wanted);
    });

  const someMap = fc
    .array(
      fc.record({
        domain: fc.constantFrom('edge-1', 'edge-2', 'edge-3'),
        eastM: fc.integer({ min: -3_000, max: 3_000 }),
        northM: fc.integer({ min: -3_000, max: 3_000 }),
        rangeM: fc.integer({ min: 100, max: 1_500 }),
      }),
      { minLength: 1, maxLength: 12 },
    )
    .map(rows => rows.map((row, n) => point(`ap-${n}`, row.domain, row.eastM, row.northM, row.rangeM)));
  const someMotion = fc.record({
    eastM: fc.integer({ min: -2_000, max: 2_000 }),
    northM: fc.integer({ min: -2_000, max: 2_000 }),
    headingDeg: fc.integer({ min: 0, max: 359 }),
    speedKmh: fc.integer({ min: 1, max: 150 }),
  });
  type Some = { eastM: number; northM: number; headingDeg: number; speedKmh: number };
  const moved = ({ eastM, northM, headingDeg, speedKmh }: Some): Motion => motion(eastM, northM, headingDeg, speedKmh);
  /** Who serves after so many seconds, found by going there. */
  const goThere = (points: readonly AccessPoint[], from: Some, atS: number): AccessPoint | undefined => {
    const wayM = (from.speedKmh / 3.6) * atS;
    const heading = (from.headingDeg * Math.PI) / 180;
    const here = at(from.eastM + wayM * Math.sin(heading), from.northM + wayM * Math.cos(heading));
    const strains = points.map(one => {
      const { eastM, northM } = offset(one, here);
      return { one, strain: Math.hypot(eastM, northM) / one.rangeM };
    });
    const [best] = strains.filter(({ strain }) => strain <= 1).sort((a, b) => a.strain - b.strain);
    return best?.one;
  };

  it('is what a car finds that drives there: nobody of another domain before, and that one from then on', () => {
    let found = 0;
    fc.assert(
      fc.property(someMap, someMotion, fc.array(fc.double({ min: 0, max: 1, noNaN: true })), (points, from, shares) => {
        const next = forecast(new CoverageMap(points), moved(from), 'edge-1', 60);
        const untilS = next === undefined ? 60 : next.inS;
        for (const share of shares) {
          const serving = goThere(points, from, share * (untilS - 1e-3));
          assert.ok(untilS < 1e-3 || serving === undefined || serving.domain === 'edge-1', `${share * untilS} s`);
        }
        if (next === undefined || next.inS > 59.9) return;
        found++;
        const after = [1e-4, 1e-3, 1e-2].map(s => goThere(points, from, next.inS + s)?.id);
        assert.ok(after.includes(next.accessPoint), `${next.accessPoint} is none of ${after.join(' ')}`);
      }),
      { numRuns: 500 },
    );
    assert.ok(found > 100, `${found} forecasts`);
  });

  it('comes twice as soon at twice the speed', () => {
    fc.assert(
      fc.property(someMap, someMotion, (points, from) => {
        const slow = forecast(new CoverageMap(points), moved(from), 'edge-1', 60);
        const fast = forecast(new CoverageMap(points), moved({ ...from, speedKmh: 2 * from.speedKmh }), 'edge-1', 30);
        assert.equal(fast?.accessPoint, slow?.accessPoint);
        if (slow !== undefined && fast !== undefined) assert.ok(Math.abs(2 * fast.inS - slow.inS) < 1e-6);
      }),
    );
  });

  it('is the same in a mirror', () => {
    const mirrored = (points: readonly AccessPoint[]): AccessPoint[] =>
      points.map(one => ({ ...one, longitude: 2 * ORIGIN.longitude - one.longitude }));
    fc.assert(
      fc.property(someMap, someMotion, (points, from) => {
        const here = forecast(new CoverageMap(points), moved(from), 'edge-1', 60);
        const other = { ...from, eastM: -from.eastM, headingDeg: 360 - from.headingDeg };
        const there = forecast(new CoverageMap(mirrored(points)), moved(other), 'edge-1', 60);
        assert.equal(there?.accessPoint, here?.accessPoint);
        if (here !== undefined && there !== undefined) assert.ok(Math.abs(there.inS - here.inS) < 1e-3);
      }),
    );
  });
});

describe('the map of coverages', () => {
  const anywhere = fc.record({
    latitude: fc.double({ min: -90, max: 90, noNaN: true }),
    longitude: fc.double({ min: -180, max: 180, noNaN: true }),
  });

  it('finds all whose coverage is within reach, on all the Earth', () => {
    fc.assert(
      fc.property(
        anywhere,
        fc.array(
          fc.record({
            eastM: fc.integer({ min: -4_000, max: 4_000 }),
            northM: fc.integer({ min: -4_000, max: 4_000 }),
          }),
        ),
        fc.integer({ min: 0, max: 2_000 }),
        (place, others, reachM) => {
          const shrink = Math.max(0.02, Math.cos((place.latitude * Math.PI) / 180));
          const points = others.map(({ eastM, northM }, n): AccessPoint => ({
            ...{ id: `ap-${n}`, domain: 'edge-1', rangeM: 300 + n },
            latitude: Math.max(-90, Math.min(90, place.latitude + northM / DEGREE_M)),
            longitude: ((place.longitude + eastM / DEGREE_M / shrink + 540) % 360) - 180,
          }));
          const near = new Set(new CoverageMap(points).near(place, reachM));
          for (const one of points) {
            const { eastM, northM } = offset(place, one);
            // What the plane makes of places near a pole is no distance.
            if (Math.abs(place.latitude) > 85 || Math.hypot(eastM, northM) > 0.98 * (one.rangeM + reachM)) continue;
            assert.ok(near.has(one), one.id);
          }
        },
      ),
    );
  });

  it('asks few of many', () => {
    const points = Array.from({ length: 2_500 }, (_, n) =>
      point(`ap-${n}`, 'edge-1', (n % 50) * 800, Math.floor(n / 50) * 800),
    );
    assert.ok(new CoverageMap(points).near(at(20_000, 20_000), 400).length < 30);
  });
});
