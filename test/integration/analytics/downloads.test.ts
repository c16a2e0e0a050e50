import assert from 'node:assert/strict';
import { get, type IncomingMessage } from 'node:http';
import { once } from 'node:events';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { fault } from '../../../protocol/errors.js';
import { encodeReport } from '../../../protocol/report.js';
import { HttpClient } from '../../../protocol/api/http-client.js';
import { reportPage, type ReportPage } from '../../../protocol/api/analytics.js';
import { liveFromReport } from '../../../store/join.js';
import type { HistoryRow, TwinStore } from '../../../store/types.js';
import { startAnalytics } from '../../fakes/analytics-under-test.js';
import { until } from '../../fakes/eventually.js';
import { rowOf } from '../../fakes/recorded-reports.js';

const AWAY = 'http://127.0.0.1:9';
const DAY_S = 86_400;
const NOW = Date.now();
const T0 = NOW - 2 * DAY_S * 1_000;

const reportAt = (second: number) => {
  const timeMs = T0 + second * 1_000;
  const samples = [
    { name: 'lat', value: 41 + second / 1e5, timeMs },
    { name: 'lon', value: -3, timeMs },
    { name: 'spd', value: second % 120, timeMs },
  ];
  return { vehicle: 'car-1', boot: 1, seq: second + 1, timeMs, samples };
};

/** A store whose history is made while it is read: a day of one car, once a second. Tells how far it was read. */
function endlessStore(inner: TwinStore): { store: TwinStore; readonly read: () => number } {
  let read = 0;
  async function* history(vehicle: string, range: { fromMs?: number; toMs?: number } = {}): AsyncGenerator<HistoryRow> {
    // The newest rows are asked for without an end: there are none.
    if (range.toMs === undefined) return;
    for (let second = 0; second < DAY_S; second++) {
      const report = reportAt(second);
      const { boot, seq, timeMs } = report;
      read++;
      if (second % 512 === 0) await new Promise(resolve => setImmediate(resolve));
      yield { vehicle, boot, seq, timeMs, bytes: encodeReport(report), schema: 1, receivedAtMs: timeMs };
    }
  }
  return { store: withHistory(inner, history), read: () => read };
}

const withHistory = (inner: TwinStore, history: TwinStore['history']): TwinStore =>
  new Proxy(inner, {
    get(target, name) {
      if (name === 'history') return history;
      if (name === 'scan') return async function* () {};
      const found: unknown = Reflect.get(target, name, target);
      return typeof found === 'function' ? (found.bind(target) as unknown) : found;
    },
  });

/** A store whose history begins when it is let, and is empty. */
function historyFrom(inner: TwinStore, begin: () => Promise<void>): TwinStore {
  async function* history(_vehicle: string, range: { toMs?: number } = {}): AsyncGenerator<HistoryRow> {
    if (range.toMs !== undefined) await begin();
    yield* [];
  }
  return withHistory(inner, history);
}

async function open(url: string): Promise<IncomingMessage> {
  const request = get(url);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
}

describe('downloads', () => {
  it('of a day of one car are read only as fast as they are taken, and take no memory for it', async () => {
    let endless: ReturnType<typeof endlessStore> | undefined;
    await using analytics = await startAnalytics({
      managerUrl: AWAY,
      seed: store => store.putLive('car-1', liveFromReport(reportAt(0), T0, T0)),
      openStore: store => (endless = endlessStore(store)).store,
    });
    const url = `${analytics.url}/v1/vehicles/car-1/history.gpx?from=${T0}&to=${T0 + DAY_S * 1_000}`;
    const begun = endless?.read() ?? 0;
    const response = await open(url);
    // Nobody takes what comes: reading stops where pipes and buffers are full.
    response.pause();
    let before = -1;
    const readAhead = await until(async () => {
      const now = (endless?.read() ?? 0) - begun;
      for (let i = 0; i < 200; i++) await new Promise(resolve => setImmediate(resolve));
      const still = now === before && now > 0;
      before = now;
      return still ? now : undefined;
    });
    assert.ok(readAhead < DAY_S, `${readAhead} rows were read though nobody took a line`);
    let lines = 0;
    let most = 0;
    // Garbage is no memory that is held: it is collected before it is measured.
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const held = (): number => {
      collect();
      return process.memoryUsage().heapUsed;
    };
    const heapBefore = held();
    let chunks = 0;
    for await (const chunk of response) {
      for (const byte of chunk as Buffer) if (byte === 10) lines++;
      if (++chunks % 50 === 0) most = Math.max(most, held() - heapBefore);
    }
    // A line for each place; five are around them.
    assert.equal(lines, DAY_S + 5);
    assert.ok(chunks > 100 && most < 32 * 2 ** 20, `the heap grew by ${Math.round(most / 2 ** 20)} MiB`);
  });

  it('end the reading of the store where their reader goes away', async () => {
    let endless: ReturnType<typeof endlessStore> | undefined;
    await using analytics = await startAnalytics({
      managerUrl: AWAY,
      seed: store => store.putLive('car-1', liveFromReport(reportAt(0), T0, T0)),
      openStore: store => (endless = endlessStore(store)).store,
    });
    for (let i = 0; i < 40; i++) {
      const response = await open(`${analytics.url}/v1/vehicles/car-1/history.gpx?from=${T0}&to=${T0 + DAY_S * 1_000}`);
      // A slot that is not given back would end in a refusal.
      assert.equal(response.statusCode, 200);
      await once(response, 'data');
      response.destroy();
      await until(async () => {
        const before = endless?.read();
        for (let k = 0; k < 20; k++) await new Promise(resolve => setImmediate(resolve));
        return endless?.read() === before ? true : undefined;
      });
    }
  });

  it('are sixteen at once: one more is refused by name, and taken when another has ended', async () => {
    let end = (): void => undefined;
    const ended = new Promise<void>(resolve => (end = resolve));
    await using analytics = await startAnalytics({
      managerUrl: AWAY,
      seed: store => store.putLive('car-1', liveFromReport(reportAt(0), T0, T0)),
      openStore: store => historyFrom(store, () => ended),
    });
    const url = `${analytics.url}/v1/vehicles/car-1/history.csv?from=${T0}&to=${T0 + DAY_S * 1_000}`;
    const refused: unknown[] = [];
    const all = Array.from({ length: 20 }, async () => {
      const response = await fetch(url);
      if (response.status === 503) refused.push(await response.json());
      return response.status;
    });
    try {
      await until(async () => (refused.length === 4 ? true : undefined));
      assert.deepEqual(new Set(refused.map(problem => (problem as { code: string }).code)), new Set(['READERS_FULL']));
    } finally {
      end();
    }
    assert.equal((await Promise.all(all)).filter(status => status === 200).length, 16);
    for (let again = 0; again < 20; again++) {
      const response = await fetch(url);
      assert.equal(response.status, 200);
      await response.text();
    }
  });

  it('are refused by name where the store cannot be read, not begun, and hold no place', async () => {
    await using analytics = await startAnalytics({
      managerUrl: AWAY,
      seed: store => store.putLive('car-1', liveFromReport(reportAt(0), T0, T0)),
      openStore: store => historyFrom(store, () => Promise.reject(fault('STORE_FAILED', 'the disk is gone'))),
    });
    for (let again = 0; again < 20; again++)
      for (const ending of ['csv', 'geojson', 'gpx']) {
        const url = `${analytics.url}/v1/vehicles/car-1/history.${ending}?from=${T0}&to=${T0 + DAY_S * 1_000}`;
        const response = await fetch(url);
        assert.equal(((await response.json()) as { code: string }).code, 'STORE_FAILED');
      }
  });

  it('have names and types that programs know, and refuse by name', async () => {
    await using analytics = await startAnalytics({ managerUrl: AWAY, seed: store => seeded(store, 30) });
    const base = `${analytics.url}/v1/vehicles/car-1/history`;
    for (const [ending, type] of [
      ['csv', 'text/csv; charset=utf-8; header=present'],
      ['geojson', 'application/geo+json'],
      ['gpx', 'application/gpx+xml'],
    ] as const) {
      const response = await fetch(`${base}.${ending}?from=${T0}`);
      assert.deepEqual([response.status, response.headers.get('content-type')], [200, type]);
      assert.match(
        response.headers.get('content-disposition') ?? '',
        new RegExp(`filename="car-1-\\d{4}-\\d\\d-\\d\\d.${ending}"`),
      );
      await response.text();
    }
    const local = await (await fetch(`${base}.csv?from=${T0}&tz=Asia/Kolkata`)).text();
    assert.match(local.split('\r\n')[1] ?? '', /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?\+05:30,/);
    for (const [path, code] of [
      ['csv?tz=Mars', 'REQUEST_INVALID'],
      ['csv?signals=spd', 'SIGNAL_UNKNOWN'],
      ['gpx?signals=Vehicle.OBD.Speed', 'REQUEST_INVALID'],
      [`geojson?from=${NOW}&to=${T0}`, 'REQUEST_INVALID'],
    ] as const) {
      const response = await fetch(`${base}.${path}`);
      assert.match(response.headers.get('content-type') ?? '', /^application\/problem\+json/);
      assert.equal(((await response.json()) as { code: string }).code, code);
    }
  });
});

const seeded = async (store: TwinStore, seconds: number): Promise<void> => {
  const reports = Array.from({ length: seconds }, (_, second) => reportAt(second));
  await store.append(reports.map(report => rowOf(report)));
  await store.putLive('car-1', liveFromReport(reportAt(seconds - 1), T0, T0));
};

describe('reports in pages', () => {
  for (const order of ['oldest', 'newest'] as const)
    it(`come each once, the ${order} first, whatever the page’s size, also while others are stored`, async () => {
      await using analytics = await startAnalytics({ managerUrl: AWAY, seed: store => seeded(store, 50) });
      await using client = new HttpClient(analytics.url);
      const found: { boot: number; seq: number }[] = [];
      let cursor = '';
      do {
        const path = `/v1/vehicles/car-1/reports?from=${T0}&limit=7&order=${order}${cursor}`;
        const page: ReportPage = await client.call('GET', path, { answer: reportPage });
        assert.ok(page.reports.length <= 7);
        found.push(...page.reports);
        await analytics.store.append([rowOf({ ...reportAt(25), boot: 2, seq: found.length })]);
        cursor = page.next === undefined ? '' : `&cursor=${page.next}`;
      } while (cursor !== '');
      assert.equal(new Set(found.map(({ boot, seq }) => `${boot}/${seq}`)).size, found.length, 'none comes twice');
      assert.deepEqual(
        found.filter(({ boot }) => boot === 1).map(({ seq }) => seq),
        Array.from({ length: 50 }, (_, i) => (order === 'oldest' ? i + 1 : 50 - i)),
      );
    });

  it('refuse a cursor that is none', async () => {
    await using analytics = await startAnalytics({ managerUrl: AWAY, seed: store => seeded(store, 3) });
    await using client = new HttpClient(analytics.url);
    for (const cursor of ['x', 'AAAA', '%00', Buffer.from('1.2.-3').toString('base64url')])
      await assert.rejects(client.call('GET', `/v1/vehicles/car-1/reports?cursor=${cursor}`), {
        code: 'REQUEST_INVALID',
      });
  });
});
