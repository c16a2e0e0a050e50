import assert from 'node:assert/strict';
import { tellAges } from '../../../../analytics/live/age-gauges.js';
import { VehicleState } from '../../../../analytics/live/vehicle-state.js';
import { Metrics } from '../../../../common/metrics.js';
import { METRICS_OF, type MetricName } from '../../../../protocol/metrics.js';

const NOW_MS = 1_800_000_000_000;

function heard(vehicle: string, agoMs: number): VehicleState {
  const state = new VehicleState(vehicle);
  const timeMs = NOW_MS - agoMs;
  state.cells.set('spd', { signal: 'spd', boot: 1, seq: 1, value: 1, timeMs, receivedAtMs: timeMs });
  return state;
}

describe('ages of vehicles', () => {
  it('are counted for all, and named for the ten that wait longest', async () => {
    const metrics = new Metrics<MetricName>(METRICS_OF.analytics);
    const fleet = Array.from({ length: 30 }, (_, index) => heard(`car-${index}`, (index + 1) * 1_000));
    tellAges(
      metrics,
      [...fleet, heard('slow', 120_000), heard('parked', 2 * 86_400_000), new VehicleState('new')],
      NOW_MS,
    );
    const text = await metrics.text();
    const counts = Object.fromEntries(
      [...text.matchAll(/^analytics_vehicles\{heard="(\w+)"\} (\d+)$/gm)].map(([, of = '', n]) => [of, Number(n)]),
    );
    assert.deepEqual(counts, { '10s': 10, '60s': 20, '10m': 1, older: 1 });
    const named = [...text.matchAll(/^analytics_vehicle_age_seconds\{vehicle="([\w-]+)"\} (\d+)$/gm)].map(
      ([, vehicle, age]) => [vehicle, Number(age)],
    );
    assert.equal(named.length, 10);
    assert.deepEqual(named[0], ['slow', 120]);
    assert.ok(!named.some(([vehicle]) => vehicle === 'parked'));
  });

  it('name nobody who has come back', async () => {
    const metrics = new Metrics<MetricName>(METRICS_OF.analytics);
    tellAges(metrics, [heard('gone', 5_000)], NOW_MS);
    tellAges(metrics, [heard('here', 1_000)], NOW_MS);
    assert.doesNotMatch(await metrics.text(), /vehicle="gone"/);
  });
});
