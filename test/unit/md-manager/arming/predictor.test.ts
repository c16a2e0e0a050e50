import assert from 'node:assert/strict';
import { CoverageMap } from '../../../../md-manager/arming/coverage-map.js';
import { Predictor } from '../../../../md-manager/arming/predictor.js';
import { Metrics } from '../../../../common/metrics.js';
import { METRICS } from '../../../../protocol/metrics.js';
import type { MotionRow } from '../../../../protocol/api/vmd.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { idleState } from '../../../fakes/handover-world.js';
import { attachmentIn } from '../../../fakes/host-refs.js';

const DEGREE_M = (6_371_008.8 * Math.PI) / 180;
const place = (eastM: number) => ({ latitude: 0, longitude: 10 + eastM / DEGREE_M });
const map = new CoverageMap([
  { id: 'ap-1', domain: 'edge-1', rangeM: 500, ...place(0) },
  { id: 'ap-2', domain: 'edge-2', rangeM: 500, ...place(800) },
]);
const row = (eastM: number, deg: number, speedKmh = 72, vehicle = 'car-1'): MotionRow => ({
  ...{ vehicle, ...place(eastM), ageMs: 0, speedKmh, heading: { deg, ageMs: 0 } },
});

describe('the predictor', () => {
  function predictor() {
    const said: string[] = [];
    const metrics = new Metrics(METRICS);
    const state = { ...idleState('edge-1/1'), vehicle: 'car-1', attachment: attachmentIn('edge-1', 1) };
    const made = new Predictor(
      { map, horizonS: 30 },
      {
        ...{ clock: fakeClock(), metrics, state: vehicle => (vehicle === 'car-1' ? state : undefined) },
        standby: {
          foresee: (vehicle, { domain, reason }, by) => void said.push(`${vehicle} ${domain}: ${reason} (${by})`),
          follow: vehicle => void said.push(`${vehicle} is followed`),
        },
      },
    );
    return { made, said, metrics };
  }

  it('foresees the next domain of a car that heads there, and says in how long', () => {
    const { made, said } = predictor();
    made.heard('edge-1/1', [row(0, 90)]);
    assert.deepEqual(said, ['car-1 is followed', 'car-1 edge-2: predicted ap-2 in 20 s (forecast)']);
  });

  it('foresees nothing of a car that stays, or goes elsewhere, and follows it', async () => {
    const { made, said, metrics } = predictor();
    made.heard('edge-1/1', [row(0, 270)]);
    made.heard('edge-1/1', [row(0, 90, 0)]);
    assert.deepEqual(said, ['car-1 is followed', 'car-1 is followed']);
    assert.equal(await metrics.total('arming_forecasts_total'), 2);
  });

  it('believes the host alone where the twin is', () => {
    const { made, said } = predictor();
    made.heard('edge-2/7', [row(0, 90)]);
    made.heard('edge-1/1', [row(0, 90, 72, 'car-9')]);
    assert.deepEqual(said, []);
  });
});
