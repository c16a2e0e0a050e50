import { randomUUID } from 'node:crypto';
import { systemClock, systemTimers, type Clock, type Timers } from '../common/clock.js';
import { Resources, aborted } from '../common/lifecycle.js';
import { openLog, type Log } from '../common/log.js';
import { Metrics } from '../common/metrics.js';
import { ManagerClient } from '../protocol/api/manager-client.js';
import { openHttp } from '../protocol/api/http-server.js';
import { countInto } from '../protocol/coap/counts.js';
import { openCoapEndpoint } from '../protocol/coap/endpoint.js';
import { secureRandom } from '../protocol/coap/secure-random.js';
import type { CoapEndpoint } from '../protocol/coap/types.js';
import { openUdpPort } from '../protocol/coap/udp-port.js';
import { METRICS_OF, type MetricName } from '../protocol/metrics.js';
import { readTopology } from '../protocol/topology-file.js';
import { openTwinStore } from '../store/open.js';
import type { STORE_SETTINGS } from '../store/settings.js';
import type { TwinStore } from '../store/types.js';
import { storeOf, type AnalyticsConfig } from './config.js';
import { tellAges } from './live/age-gauges.js';
import { FleetState } from './live/fleet-state.js';
import { ManagerFollower } from './live/manager-follower.js';
import { StoreFollower, type FollowerDeps } from './live/store-follower.js';
import { StoreScanner } from './live/store-scanner.js';
import { StreamHub } from './live/stream-hub.js';
import { TwinSource } from './promql/twin-source.js';
import { HistoryReader } from './query/history-reader.js';
import { SharedReader } from './query/shared-reader.js';
import { CoapTwinReader } from './query/twin-reader.js';
import { analyticsRoutes } from './rest/routes.js';
import { openRollUps, type OpenRollUps } from './rollup/open-rollups.js';
import { pageFolder, servePage } from './web/page-files.js';
import { tilesOf } from './web/tiles.js';

export interface AnalyticsDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly log: Log;
  openStore(metrics: Metrics<MetricName>): Promise<TwinStore>;
  openCoap(address: string, metrics: Metrics<MetricName>): Promise<CoapEndpoint>;
  /** Folder of the built page. */
  readonly page: string;
  /** Called once with the base URL. */
  onReady(url: string): void;
}

/** What analytics runs on outside of tests. */
export function systemDeps(config: AnalyticsConfig, onReady: (url: string) => void): AnalyticsDeps {
  const log = openLog('analytics', config['log.level']);
  const settings = storeOf(config);
  return {
    clock: systemClock,
    timers: systemTimers,
    random: Math.random,
    log,
    openStore: metrics =>
      openTwinStore(settings, { clock: systemClock, timers: systemTimers, random: Math.random, log, metrics }),
    openCoap: async (address, metrics) =>
      openCoapEndpoint({
        port: await openUdpPort({ address, port: 0 }),
        handler: () => ({ code: '4.04' }),
        clock: systemClock,
        timers: systemTimers,
        random: secureRandom,
        log,
        onCount: countInto(metrics),
      }),
    page: pageFolder(),
    onReady,
  };
}

/** All but where the store is: that is the affair of `openStore`. */
export type ServiceConfig = Omit<AnalyticsConfig, 'store' | keyof typeof STORE_SETTINGS>;

/** Runs analytics until the signal is aborted. Rejects where store, topology or address cannot be had. */
export async function runAnalytics(config: ServiceConfig, deps: AnalyticsDeps, signal: AbortSignal): Promise<void> {
  const { clock, timers, random, log } = deps;
  await using resources = new Resources();
  const topology = readTopology(config.topology);
  const metrics = new Metrics<MetricName>(METRICS_OF.analytics, { processMetrics: true });
  const store = resources.use(await deps.openStore(metrics));
  const coap = resources.use(await deps.openCoap(config['coap.bind'], metrics));
  const manager = resources.use(new ManagerClient(config['manager.url']));
  const fleet = new FleetState(clock);
  const hub = new StreamHub(fleet, metrics, randomUUID().slice(0, 8));
  metrics.beforeText(() => tellAges(metrics, fleet.vehicles.values(), clock.nowMs()));
  const hostOf = (vehicle: string) => fleet.vehicles.get(vehicle)?.record?.host;
  const twin = new SharedReader(new CoapTwinReader(manager, coap, hostOf), {
    ...{ clock, timers },
    onShared: () => metrics.count('analytics_reads_shared_total'),
  });
  const stop = new AbortController();
  const corrections = (vehicle: string) => fleet.vehicles.get(vehicle)?.corrections;
  const rolling = openRolling(config, { store, fleet, corrections, clock, timers, log, metrics });
  if (rolling !== undefined) resources.use(rolling);
  const reader = new HistoryReader(store, rolling?.rollUps, clock, corrections);
  const series = new TwinSource({ fleet, reader, store, clock });

  const follow = { store, fleet, clock, timers, log, metrics, rolling: rolling?.rollUps.roller };
  const follower = new StoreFollower(follow);
  await follower.poll();
  const { ended: scanned } = await firstScan(follow, stop.signal);
  const rolled = rolling?.run(stop.signal);
  resources.defer(async () => void (await Promise.all([scanned, rolled])));
  resources.defer(() => stop.abort());
  const http = resources.use(
    await openHttp({
      part: 'analytics',
      listen: config.listen,
      routes: analyticsRoutes({ fleet, store, twin, reader, series, hub, topology, clock, metrics, log }),
      log,
      metrics,
      extend: app => servePage(app, deps.page, tilesOf(config['page.tiles'], config['page.tilesAttribution'])),
    }),
  );
  resources.defer(() => hub.close());
  resources.defer(hub.start(timers));
  resources.defer(follower.start());
  const following = new ManagerFollower({ manager, fleet, clock, timers, random, log }).run(signal);
  resources.defer(() => following);
  log.info({ event: 'service.started', url: http.url, vehicles: fleet.vehicles.size });
  deps.onReady(http.url);
  await aborted(signal);
  log.info({ event: 'service.stopping' });
}

/** How long nobody is served because the first scan, which counts, is not through. */
const FIRST_SCAN_MS = 2_000;

/** Begins to scan; resolves with the whole of it once the first scan is through, or takes long. */
async function firstScan(deps: FollowerDeps, signal: AbortSignal): Promise<{ readonly ended: Promise<void> }> {
  let ended = Promise.resolve();
  await new Promise<void>(resolve => {
    const cancel = deps.timers.after(FIRST_SCAN_MS, resolve);
    const first = (): void => {
      cancel();
      resolve();
    };
    ended = new StoreScanner(deps).run(signal, deps.timers, first);
  });
  return { ended };
}

function openRolling(config: ServiceConfig, deps: Parameters<typeof openRollUps>[1]): OpenRollUps | undefined {
  const path = config['rollups.path'];
  if (path === undefined) return undefined;
  const keepDays = { '10s': config['rollups.keep10sDays'], '5min': config['rollups.keep5minDays'] };
  return openRollUps({ path, keepDays }, deps);
}
