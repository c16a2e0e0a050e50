import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemTimers, type Clock } from '../../common/clock.js';
import { Resources } from '../../common/lifecycle.js';
import { silentLog } from '../../common/log.js';
import { openCoapEndpoint } from '../../protocol/coap/endpoint.js';
import { secureRandom } from '../../protocol/coap/secure-random.js';
import { openUdpPort } from '../../protocol/coap/udp-port.js';
import type { Topology } from '../../protocol/topology.js';
import { openLmdbTwinStore } from '../../store/lmdb/twin-store.js';
import type { TwinStore } from '../../store/types.js';
import { runAnalytics } from '../../analytics/service.js';

export const TWO_EDGES: Topology = {
  domains: ['core', 'edge-1', 'edge-2'],
  switches: [
    {
      datapath: 1,
      ports: [
        { port: 1, role: 'access', domain: 'edge-1', accessPoint: 'ap-1' },
        { port: 2, role: 'access', domain: 'edge-2', accessPoint: 'ap-2' },
        { port: 11, role: 'host', domain: 'edge-1' },
        { port: 12, role: 'host', domain: 'edge-2' },
      ],
    },
  ],
  accessPoints: [
    { id: 'ap-1', domain: 'edge-1', latitude: 41.26, longitude: -96.07, rangeM: 900 },
    { id: 'ap-2', domain: 'edge-2', latitude: 41.27, longitude: -96.06, rangeM: 900 },
  ],
};

export interface AnalyticsUnderTest extends AsyncDisposable {
  readonly url: string;
  /** The store that analytics reads: write into it. */
  readonly store: TwinStore;
}

export interface UnderTestOptions {
  readonly managerUrl: string;
  readonly topology?: Topology;
  readonly clock?: Clock;
  readonly page?: string;
  /** Writes before analytics starts. */
  readonly seed?: (store: TwinStore) => Promise<void>;
  /** What analytics opens in place of its own view of the store. */
  readonly openStore?: (store: TwinStore) => TwinStore;
  /** Folder of the roll-ups; absent: none are made. */
  readonly rollUps?: string;
}

/** Analytics in this process on a free port, its store in a temporary folder. */
export async function startAnalytics(options: UnderTestOptions): Promise<AnalyticsUnderTest> {
  const resources = new Resources();
  const folder = await mkdtemp(join(tmpdir(), 'edgetwin-analytics-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const topology = join(folder, 'topology.json');
  await writeFile(topology, JSON.stringify(options.topology ?? TWO_EDGES));
  const store = resources.use(await openLmdbTwinStore({ path: join(folder, 'store'), domain: 'core', journal: false }));
  await options.seed?.(store);
  const stop = new AbortController();
  const clock = options.clock ?? systemClock;
  const url = await new Promise<string>((resolve, reject) => {
    const running = runAnalytics(
      {
        listen: { address: '127.0.0.1', port: 0 },
        'manager.url': [options.managerUrl],
        topology,
        'page.tiles': undefined,
        'page.tilesAttribution': undefined,
        'rollups.path': options.rollUps,
        'rollups.keep10sDays': 30,
        'rollups.keep5minDays': 730,
        'coap.bind': '127.0.0.1',
        'log.level': 'silent',
      },
      {
        clock,
        timers: systemTimers,
        random: Math.random,
        log: silentLog,
        openStore: () => Promise.resolve(kept(options.openStore?.(store) ?? store)),
        openCoap: async address =>
          openCoapEndpoint({
            port: await openUdpPort({ address, port: 0 }),
            handler: () => ({ code: '4.04' }),
            clock: systemClock,
            timers: systemTimers,
            random: secureRandom,
          }),
        page: options.page ?? join(folder, 'no-page'),
        onReady: resolve,
      },
      stop.signal,
    );
    resources.defer(() => running);
    running.catch(reject);
  });
  resources.defer(() => stop.abort());
  return { url, store, [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose]() };
}

/** The same store, but closing it is left to whoever opened it. */
const kept = (store: TwinStore): TwinStore =>
  new Proxy(store, {
    get(target, name) {
      if (name === Symbol.asyncDispose) return () => Promise.resolve();
      const found: unknown = Reflect.get(target, name, target);
      return typeof found === 'function' ? (found.bind(target) as unknown) : found;
    },
  });
