import assert from 'node:assert/strict';
import { HistoryReader } from '../../../../analytics/query/history-reader.js';
import { encodeClock, encodeReport, META } from '../../../../protocol/report.js';
import type { Sample } from '../../../../protocol/sample.js';
import { signalByWire } from '../../../../protocol/signals.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { memoryTwinStore } from '../../../fakes/memory-twin-store.js';

const START_MS = Date.UTC(2026, 5, 1);
const BEHIND_MS = 3_600_000;

describe('history of a device that learnt later what time it was', () => {
  it('is told with the times that it should have had', async () => {
    const store = memoryTwinStore();
    const row = (seq: number, timeMs: number, more: readonly Sample[] = []) => {
      const samples = [{ name: 'spd', value: seq, timeMs }, ...more];
      const bytes = encodeReport({ vehicle: 'car-1', boot: 1, seq, timeMs, samples });
      return { vehicle: 'car-1', boot: 1, seq, timeMs, bytes, schema: 1, receivedAtMs: timeMs };
    };
    const value = encodeClock({ boot: 1, from: 1, to: 2, correctionMs: BEHIND_MS, clock: 'gps' });
    const told = START_MS + BEHIND_MS + 2_000;
    await store.append([
      row(1, START_MS),
      row(2, START_MS + 1_000),
      row(3, told, [{ name: META.clock, value, timeMs: told }]),
    ]);
    const reader = new HistoryReader(store, undefined, fakeClock(START_MS));
    const span = { fromMs: START_MS, toMs: START_MS + 2 * BEHIND_MS };
    const rows = [signalByWire('spd')!];
    const { stretches } = await reader.read({ vehicle: 'car-1', rows, span, pointMs: 0, maxRows: 100 });
    const [stretch] = stretches('spd');
    assert.ok(stretch?.kind === 'raw');
    assert.deepEqual(
      stretch.points.map(([timeMs, value]) => [timeMs - START_MS - BEHIND_MS, value]),
      [
        [0, 1],
        [1_000, 2],
        [2_000, 3],
      ],
    );
  });
});
