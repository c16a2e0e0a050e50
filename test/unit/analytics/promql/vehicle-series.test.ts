import assert from 'node:assert/strict';
import { handoverSeries, servingSeries } from '../../../../analytics/promql/vehicle-series.js';
import { lookbackOf } from '../../../../analytics/promql/signal-series.js';
import type { SelectHints } from '../../../../analytics/promql/series.js';
import { handoverOf } from '../../../fakes/fake-manager.js';

const T0 = Date.UTC(2026, 5, 1);
const hints = (startS: number, endS: number, stepS: number): SelectHints => ({
  fromMs: T0 + startS * 1_000,
  toMs: T0 + endS * 1_000,
  at: { startMs: T0 + startS * 1_000, endMs: T0 + endS * 1_000, stepMs: stepS * 1_000 },
  rangeMs: 0,
  lookbackMs: undefined,
});
const move = handoverOf({
  id: 'h-1',
  vehicle: 'car-1',
  kind: 'move',
  way: 'armed',
  startedAtMs: T0 + 100_000,
  fromDomain: 'edge-1',
  toDomain: 'edge-2',
  phases: { detected: T0 + 100_000, activated: T0 + 100_002 },
});

describe('series about hand-overs', () => {
  it('are told for 60 s from their begin on, or for a whole step where that is longer', () => {
    const seconds = (stepS: number) =>
      Array.from(
        handoverSeries('twin_handover_time_seconds', move, hints(0, 400, stepS))?.times ?? [],
        ms => (ms - T0) / 1_000,
      );
    assert.deepEqual(seconds(20), [100, 120, 140]);
    assert.deepEqual(seconds(90), [180]);
    assert.deepEqual(seconds(150), [150]);
  });

  it('tell how long it took from detected to activated, once it has', () => {
    const series = handoverSeries('twin_handover_duration_seconds', move, hints(100, 120, 20));
    assert.deepEqual(Array.from(series?.values ?? []), [0.002, 0.002]);
    const open = handoverOf({ ...move, phases: { detected: T0 } });
    assert.equal(handoverSeries('twin_handover_duration_seconds', open, hints(100, 120, 20)), undefined);
  });

  it('tell which domain served when, from the first report on and never for the future', () => {
    const facts = { vehicle: 'car-1', domain: 'edge-2', handovers: [move] };
    const found = servingSeries(facts, T0 + 50_000, hints(0, 200, 50), T0 + 150_000);
    assert.deepEqual(
      found.map(({ labels, times }) => [labels['domain'], labels['way'], Array.from(times, ms => (ms - T0) / 1_000)]),
      [
        ['edge-1', 'first', [50, 100]],
        ['edge-2', 'armed', [150]],
      ],
    );
  });
});

describe('how long a sample stands for the present', () => {
  it('is as long as the page draws its line, longer where reports come slowly, five minutes at most', () => {
    assert.equal(lookbackOf('fast', [0, 1_000, 2_000]), 5_000);
    assert.equal(lookbackOf('fast', [0, 10_000, 20_000, 30_000]), 50_000);
    assert.equal(lookbackOf('slow', [0]), 60_000);
    assert.equal(lookbackOf('fast', [0, 600_000, 1_200_000]), 300_000);
  });
});
