import assert from 'node:assert/strict';
import type { Report } from '../../../protocol/report.js';
import { fault } from '../../../protocol/errors.js';
import { liveFromReport } from '../../../store/join.js';
import type { TwinStore } from '../../../store/types.js';
import { startAnalytics } from '../../fakes/analytics-under-test.js';
import { FakeManager, handoverOf, vehicleOf } from '../../fakes/fake-manager.js';
import { until } from '../../fakes/eventually.js';
import { rowOf } from '../../fakes/recorded-reports.js';

const NOW = Math.floor(Date.now() / 1_000) * 1_000;
const AWAY = 'http://127.0.0.1:9';

const reportAt = (vehicle: string, seq: number, timeMs: number, spd: number): Report => ({
  ...{ vehicle, boot: 1, seq, timeMs },
  samples: [
    { name: 'spd', value: spd, timeMs },
    { name: 'fuelm', value: 'maf', timeMs },
  ],
});

/** Each second of the last five minutes, with a minute of silence from -120 s to -60 s. */
async function seed(store: TwinStore): Promise<void> {
  for (const vehicle of ['car-1', 'car-2']) {
    const reports = Array.from({ length: 300 }, (_, i) =>
      reportAt(vehicle, i + 1, NOW - (300 - i) * 1_000, i % 100),
    ).filter(({ timeMs }) => timeMs <= NOW - 120_000 || timeMs >= NOW - 60_000);
    await store.append(reports.map(report => rowOf(report)));
    await store.putLive(vehicle, liveFromReport(reports.at(-1)!, NOW, NOW));
  }
}

interface Answer {
  readonly status: string;
  readonly errorType?: string;
  readonly error?: string;
  readonly data: {
    readonly result: { metric: Record<string, string>; values: [number, string][]; value: [number, string] }[];
  };
}

const ask = async (url: string, path: string, params: Record<string, string>, method = 'GET') => {
  const form = new URLSearchParams(params);
  const response = await (method === 'GET'
    ? fetch(`${url}/api/v1/${path}?${form}`)
    : fetch(`${url}/api/v1/${path}`, { method, body: form }));
  return { status: response.status, ...((await response.json()) as object) } as unknown as Answer & { status: unknown };
};

describe('the Prometheus API of analytics', () => {
  it('answers a form that is posted as Grafana does, like the same words in the URL', async () => {
    await using analytics = await startAnalytics({ managerUrl: AWAY, seed });
    const params = { query: 'avg by (vehicle) (twin_signal)', time: String(NOW / 1_000) };
    const posted = await ask(analytics.url, 'query', params, 'POST');
    assert.deepEqual(posted, await ask(analytics.url, 'query', params));
    assert.deepEqual(
      posted.data.result.map(({ metric, value }) => [metric['vehicle'], value[1]]),
      [
        ['car-1', '99'],
        ['car-2', '99'],
      ],
    );
  });

  it('shows a silence as a gap, by how often the vehicle reports; a lookback that is asked for bridges it', async () => {
    await using analytics = await startAnalytics({ managerUrl: AWAY, seed });
    const params = {
      query: 'twin_signal{vehicle="car-1"}',
      start: String(NOW / 1_000 - 200),
      end: String(NOW / 1_000 - 20),
      step: '10',
    };
    const times = async (more: Record<string, string>) =>
      (await ask(analytics.url, 'query_range', { ...params, ...more })).data.result[0]?.values.map(
        ([s]) => s - NOW / 1_000,
      );
    const gapped = [-200, -190, -180, -170, -160, -150, -140, -130, -120, -60, -50, -40, -30, -20];
    assert.deepEqual(await times({}), gapped);
    assert.equal((await times({ lookback_delta: '2m' }))?.length, 19);
  });

  it('tells ages, who served, and hand-overs as series, and lists them', async () => {
    await using manager = await FakeManager.open();
    manager.vehicles = [vehicleOf('car-1', { acting: { host: 'edge-2/1', domain: 'edge-2', epoch: 2 } })];
    const phases = { detected: NOW - 100_000, activated: NOW - 99_997 };
    const move = {
      id: 'h-9',
      vehicle: 'car-1',
      kind: 'move',
      way: 'ticket',
      fromDomain: 'edge-1',
      toDomain: 'edge-2',
    } as const;
    manager.handovers = [handoverOf({ ...move, startedAtMs: NOW - 100_000, phases })];
    await using analytics = await startAnalytics({ managerUrl: manager.url, seed });
    const at = async (query: string, secondsAgo: number) => {
      const { data } = await ask(analytics.url, 'query', { query, time: String(NOW / 1_000 - secondsAgo) });
      return data.result.map(({ metric, value }) => [metric, Number(value[1])] as const);
    };
    const served = await until(async () => {
      const found = await at('twin_serving{vehicle="car-1"}', 10);
      return found.some(([{ way }]) => way === 'ticket') ? found : undefined;
    });
    assert.deepEqual(
      served.map(([{ domain, way }]) => [domain, way]),
      [['edge-2', 'ticket']],
    );
    assert.deepEqual(
      (await at('twin_serving{vehicle="car-1"}', 150)).map(([{ domain }]) => domain),
      ['edge-1'],
    );
    assert.deepEqual(await at('twin_age_seconds{vehicle="car-1"}', 80), [
      [{ __name__: 'twin_age_seconds', vehicle: 'car-1' }, 40],
    ]);
    const told = await at('twin_handover_duration_seconds', 70);
    assert.deepEqual([told.length, told[0]?.[0]['handover'], told[0]?.[1]], [1, 'h-9', 0.003]);
    assert.deepEqual(await at('twin_handover_duration_seconds', 30), []);
    const names = (await (await fetch(`${analytics.url}/api/v1/label/__name__/values`)).json()) as { data: string[] };
    assert.deepEqual(names.data, [
      ...[
        'twin_age_seconds',
        'twin_handover_duration_seconds',
        'twin_handover_time_seconds',
        'twin_serving',
        'twin_signal',
      ],
    ]);
    const metadata = (await (await fetch(`${analytics.url}/api/v1/metadata?metric=twin_signal`)).json()) as {
      data: object;
    };
    assert.deepEqual(Object.keys(metadata.data), ['twin_signal']);
    const buildinfo = (await (await fetch(`${analytics.url}/api/v1/status/buildinfo`)).json()) as {
      data: { version: string };
    };
    // By it Grafana decides what it may ask.
    assert.match(buildinfo.data.version, /^2\.\d+\.\d+$/);
    for (const method of ['GET', 'POST'])
      for (const path of ['labels', 'series']) {
        const params = { 'match[]': 'twin_age_seconds{vehicle="car-1"}' };
        const { data } = (await ask(analytics.url, path, params, method)) as unknown as { data: unknown[] };
        const series = { __name__: 'twin_age_seconds', vehicle: 'car-1' };
        assert.deepEqual(data, path === 'labels' ? Object.keys(series) : [series], `${method} ${path}`);
      }
  });

  it('answers errors in Prometheus’ form, never in ours, and goes on serving', async () => {
    await using analytics = await startAnalytics({ managerUrl: AWAY, seed });
    const span = { start: '0', end: '10', step: '1' };
    for (const [path, params, errorType] of [
      ['query', {}, 'bad_data'],
      ['query', { query: 'sum(' }, 'bad_data'],
      ['query', { query: 'x', time: 'noon' }, 'bad_data'],
      ['query', { query: 'x', timeout: 'soon' }, 'bad_data'],
      ['query', { query: 'x', lookback_delta: '-1' }, 'bad_data'],
      ['query', { query: 'twin_signal + on(nothing) twin_signal', time: String(NOW / 1_000) }, 'execution'],
      ['query_range', { query: 'x[5m]', ...span }, 'bad_data'],
      ['query_range', { query: 'x', start: '0', end: '11001', step: '1' }, 'bad_data'],
      ['series', {}, 'bad_data'],
      ['series', { 'match[]': 'rate(x[5m])' }, 'bad_data'],
    ] as const) {
      const answer = await ask(analytics.url, path, params);
      assert.deepEqual([answer.status, answer.errorType], ['error', errorType], path + JSON.stringify(params));
      assert.ok((answer.error ?? '').length > 10);
    }
    const answer = await ask(analytics.url, 'query', { query: '1 + 1' });
    assert.equal(answer.status, 'success');
  });

  it('gives up a query that takes longer than it may, and serves the next one', async () => {
    await using analytics = await startAnalytics({ managerUrl: AWAY, seed });
    const span = { start: String(NOW / 1_000 - 300), end: String(NOW / 1_000), step: '0.03' };
    const late = await ask(analytics.url, 'query_range', {
      query: 'avg_over_time(twin_signal[4m])',
      ...span,
      timeout: '1ms',
    });
    assert.deepEqual([late.status, late.errorType], ['error', 'timeout']);
    assert.equal((await ask(analytics.url, 'query', { query: '1' })).status, 'success');
  });

  it('says of a store that cannot be read that it is unavailable', async () => {
    let broken = false;
    await using analytics = await startAnalytics({
      managerUrl: AWAY,
      seed,
      openStore: store =>
        new Proxy(store, {
          get(target, name) {
            if (broken && name === 'history') return brokenHistory;
            const found: unknown = Reflect.get(target, name, target);
            return typeof found === 'function' ? (found.bind(target) as unknown) : found;
          },
        }),
    });
    broken = true;
    const answer = await ask(analytics.url, 'query', { query: 'twin_signal' });
    assert.deepEqual([answer.status, answer.errorType], ['error', 'unavailable']);
  });
});

async function* brokenHistory(): AsyncGenerator<never> {
  throw fault('STORE_AWAY', 'cut off');
}
