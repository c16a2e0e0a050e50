import assert from 'node:assert/strict';
import { HttpClient } from '../../../protocol/api/http-client.js';
import * as api from '../../../protocol/api/analytics.js';
import type { Report } from '../../../protocol/report.js';
import { liveFromReport } from '../../../store/join.js';
import type { TwinStore } from '../../../store/types.js';
import { startAnalytics } from '../../fakes/analytics-under-test.js';
import { FakeManager, handoverOf, vehicleOf } from '../../fakes/fake-manager.js';
import { rowOf } from '../../fakes/recorded-reports.js';
import { until } from '../../fakes/eventually.js';

const NOW = Date.now();
const AWAY = 'http://127.0.0.1:9';

function reportOf(vehicle: string, seq: number, timeMs: number, values: Readonly<Record<string, number>>): Report {
  const samples = Object.entries(values).map(([name, value]) => ({ name, value, timeMs }));
  return { vehicle, boot: 1, seq, timeMs, samples };
}

async function put(store: TwinStore, report: Report): Promise<void> {
  await store.append([rowOf(report)]);
  await store.putLive(report.vehicle, liveFromReport(report, report.timeMs + 40, NOW));
}

describe('analytics over REST', () => {
  it('tells every signal of a vehicle with its age and source, and who serves it', async () => {
    await using manager = await FakeManager.open();
    manager.vehicles = [vehicleOf('car-1', { number: 7 })];
    await using analytics = await startAnalytics({
      managerUrl: manager.url,
      seed: store => put(store, reportOf('car-1', 1, NOW - 1_000, { spd: 50, fuel: 3.2 })),
    });
    await using client = new HttpClient(analytics.url);
    const detail = await until(async () => {
      const found = await client.call('GET', '/v1/vehicles/car-1', { answer: api.vehicleDetail });
      return found.serving === undefined ? undefined : found;
    });
    const signal = (path: string) => detail.signals.find(row => row.path === path);
    assert.equal(signal('Vehicle.OBD.Speed')?.value, 50);
    assert.equal(signal('Vehicle.OBD.Speed')?.source, 'stored');
    assert.equal(signal('Vehicle.Derived.FuelRate')?.source, 'derived');
    assert.deepEqual(
      [signal('Vehicle.OBD.EngineSpeed')?.value, signal('Vehicle.OBD.EngineSpeed')?.stale],
      [undefined, true],
    );
    assert.ok((signal('Vehicle.OBD.Speed')?.ageMs ?? -1) >= 1_000);
    assert.deepEqual([detail.number, detail.serving?.domain, detail.serving?.host], [7, 'edge-1', 'edge-1/1']);
    assert.equal(detail.signals.filter(({ paper }) => paper).length, 14);
  });

  it('keeps the newer value live when a late report comes, and shows the late one in history', async () => {
    await using analytics = await startAnalytics({
      managerUrl: AWAY,
      seed: async store => {
        await put(store, reportOf('car-1', 2, NOW - 1_000, { spd: 60 }));
        await put(store, reportOf('car-1', 1, NOW - 2_000, { spd: 30 }));
      },
    });
    await using client = new HttpClient(analytics.url);
    const read = await client.call('GET', '/v1/vehicles/car-1/signals/Vehicle.OBD.Speed', { answer: api.signalRead });
    assert.equal(read.value, 60);
    const path = '/v1/vehicles/car-1/history?signals=Vehicle.OBD.Speed';
    const { series } = await client.call('GET', path, { answer: api.history });
    assert.deepEqual(
      series[0]?.points.map(([, value]) => value),
      [30, 60],
    );
  });

  it('leaves gaps in history open, and takes spans as milliseconds or RFC 3339', async () => {
    const from = NOW - 120_000;
    await using analytics = await startAnalytics({
      managerUrl: AWAY,
      seed: async store => {
        for (const [seq, s] of [0, 1, 2, 60, 61].entries())
          await put(store, reportOf('car-1', seq + 1, from + s * 1_000, { spd: s }));
      },
    });
    await using client = new HttpClient(analytics.url);
    const ask = (range: string) =>
      client.call('GET', `/v1/vehicles/car-1/history?signals=Vehicle.OBD.Speed&${range}`, { answer: api.history });
    const all = await ask(`from=${from}&to=${NOW}`);
    assert.deepEqual(
      all.series[0]?.points.map(([, value]) => value),
      [0, 1, 2, null, 60, 61],
    );
    const some = await ask(`from=${new Date(from + 60_000).toISOString()}`);
    assert.deepEqual(
      some.series[0]?.points.map(([, value]) => value),
      [60, 61],
    );
  });

  it('counts what is stored, awaited and declared, and shows it per boot in the ledger', async () => {
    await using manager = await FakeManager.open();
    manager.handovers = [handoverOf({ startedAtMs: NOW - 5_000 })];
    manager.counts = { running: 0, completed: 1, failed: 0, cancelled: 0, first: 1, sameDomain: 2, hostLost: 0 };
    await using analytics = await startAnalytics({
      managerUrl: manager.url,
      seed: async store => {
        await put(store, reportOf('car-1', 1, NOW - 4_000, { spd: 1 }));
        const gap = { name: 'meta/gap', value: '1,2,3,bound', timeMs: NOW - 3_000 };
        await put(store, { ...reportOf('car-1', 5, NOW - 3_000, { spd: 2 }), samples: [gap] });
        await put(store, reportOf('car-2', 1, NOW - 2_000, { spd: 3 }));
      },
    });
    await using client = new HttpClient(analytics.url);
    const counts = await until(async () => {
      const found = await client.call('GET', '/v1/counts', { answer: api.counts });
      return found.handovers === undefined ? undefined : found;
    });
    assert.deepEqual(counts.reports, { stored: 3, duplicated: 0, dropped: 2, awaited: 1, lost: 0 });
    assert.equal(counts.handovers?.completed, 1);
    const ledger = await until(async () => {
      const found = await client.call('GET', '/v1/ledger?vehicle=car-1', { answer: api.ledger });
      return found.handovers.length === 0 ? undefined : found;
    });
    for (const [vehicle, complete] of [
      ['car-1', false],
      ['car-2', true],
    ] as const) {
      const path = `/v1/vehicles/${vehicle}/signals/Vehicle.OBD.Speed`;
      const read = await client.call('GET', path, { answer: api.signalRead });
      assert.deepEqual([read.level, read.complete], ['store', complete], 'a read says whether reports are awaited');
    }
    assert.deepEqual(ledger.boots[0]?.gaps, [{ from: 2, to: 3, reason: 'bound' }]);
    assert.deepEqual(ledger.boots[0]?.awaited, [[4, 4]]);
    assert.equal(ledger.handovers[0]?.id, 'h-1');
  });

  it('finds reports that stand twice, and counts them once', async () => {
    await using analytics = await startAnalytics({
      managerUrl: AWAY,
      seed: async store => {
        await put(store, reportOf('car-1', 1, NOW - 4_000, { spd: 1 }));
        await put(store, reportOf('car-1', 1, NOW - 3_000, { spd: 1 }));
      },
    });
    await using client = new HttpClient(analytics.url);
    const { reports } = await client.call('GET', '/v1/counts', { answer: api.counts });
    assert.deepEqual([reports.stored, reports.duplicated], [1, 1]);
  });

  it('answers bad requests by name, and goes on serving', async () => {
    await using analytics = await startAnalytics({
      managerUrl: AWAY,
      seed: store => put(store, reportOf('car-1', 1, NOW, { spd: 1 })),
    });
    await using client = new HttpClient(analytics.url);
    const code = async (path: string) => {
      try {
        await client.call('GET', path, {});
      } catch (error) {
        return (error as { code: string }).code;
      }
      return 'answered';
    };
    assert.equal(await code('/v1/vehicles/car-1/signals/Vehicle.Nothing'), 'SIGNAL_UNKNOWN');
    assert.equal(await code('/v1/vehicles/car-9'), 'VEHICLE_UNKNOWN');
    assert.equal(await code('/v1/vehicles/CAR!'), 'REQUEST_INVALID');
    assert.equal(await code('/v1/vehicles/car-1/signals/Vehicle.OBD.Speed?maxAge=x'), 'REQUEST_INVALID');
    assert.equal(await code('/v1/vehicles/car-1/signals/Vehicle.OBD.Speed?maxage=1'), 'REQUEST_INVALID');
    assert.equal(await code('/v1/vehicles/car-1/history?from=yesterday'), 'REQUEST_INVALID');
    assert.equal(await code(`/v1/vehicles/car-1/history?from=${NOW}&to=5`), 'REQUEST_INVALID');
    assert.equal(await code('/v1/vehicles/car-1/history?signals=spd'), 'SIGNAL_UNKNOWN');
    assert.equal(await code('/'), 'NOT_FOUND');
    assert.equal(await code('/v1/vehicles'), 'answered');
  });

  it('serves an empty fleet with the manager away, and says so', async () => {
    await using analytics = await startAnalytics({ managerUrl: AWAY });
    await using client = new HttpClient(analytics.url);
    const fleet = await until(async () => {
      const found = await client.call('GET', '/v1/fleet', { answer: api.fleet });
      return found.sources.manager.why === 'not asked yet' ? undefined : found;
    });
    assert.deepEqual([fleet.vehicles, fleet.sources.store.state, fleet.sources.manager.state], [[], 'here', 'away']);
    assert.equal(fleet.counts.handovers, undefined);
    const { handovers } = await client.call('GET', '/v1/handovers', { answer: api.handovers });
    assert.deepEqual(handovers, []);
  });

  it('keeps serving what it knows while the store fails, and recovers with it', async () => {
    let broken = false;
    await using analytics = await startAnalytics({
      managerUrl: AWAY,
      seed: store => put(store, reportOf('car-1', 1, NOW - 100, { spd: 70 })),
      openStore: store =>
        new Proxy(store, {
          get(target, name) {
            if (broken && name === 'liveVehicles') return () => Promise.reject(new Error('disk gone'));
            const found: unknown = Reflect.get(target, name, target);
            return typeof found === 'function' ? (found.bind(target) as unknown) : found;
          },
        }),
    });
    await using client = new HttpClient(analytics.url);
    const stateIs = (state: string) =>
      until(async () => {
        const found = await client.call('GET', '/v1/vehicles/car-1', { answer: api.vehicleDetail });
        return found.sources.store.state === state ? found : undefined;
      });
    broken = true;
    const away = await stateIs('away');
    assert.match(away.sources.store.why ?? '', /disk gone/);
    assert.equal(away.signals.find(({ label }) => label === 'speed')?.value, 70);
    broken = false;
    await stateIs('here');
  });

  it('describes itself, and counts reads by level', async () => {
    await using analytics = await startAnalytics({
      managerUrl: AWAY,
      seed: store => put(store, reportOf('car-1', 1, NOW, { spd: 1 })),
    });
    const description = (await (await fetch(`${analytics.url}/openapi.json`)).json()) as { paths: object };
    assert.ok('/v1/vehicles/{vehicle}/signals/{path}' in description.paths && '/v1/stream' in description.paths);
    await fetch(`${analytics.url}/v1/vehicles/car-1/signals/Vehicle.OBD.Speed`);
    const metrics = await (await fetch(`${analytics.url}/metrics`)).text();
    assert.match(metrics, /analytics_reads_total\{level="store"\} 1/);
    assert.match(metrics, /analytics_reports_stored 1/);
  });
});
