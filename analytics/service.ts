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
import { StoreFollower } from './live/store-follower.js';
import { StreamHub } from './live/stream-hub.js';
import { CoapTwinReader } from './query/twin-reader.js';
import { analyticsRoutes } from './rest/routes.js';
import { pageFolder, servePage } from './web/page-files.js';

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
  const hub = new StreamHub(fleet, metrics);
  metrics.beforeText(() => tellAges(metrics, fleet.vehicles.values(), clock.nowMs()));
  const twin = new CoapTwinReader(manager, coap);

  const follower = new StoreFollower({ store, fleet, clock, timers, log, metrics });
  await follower.poll();
  const http = resources.use(
    await openHttp({
      part: 'analytics',
      listen: config.listen,
      routes: analyticsRoutes({ fleet, store, twin, hub, topology, clock, metrics }),
      log,
      metrics,
      extend: app => servePage(app, deps.page),
    }),
  );
  resources.defer(() => hub.close());
  resources.defer(follower.start());
  const following = new ManagerFollower({ manager, fleet, clock, timers, random, log }).run(signal);
  resources.defer(() => following);
  log.info({ event: 'service.started', url: http.url, vehicles: fleet.vehicles.size });
  deps.onReady(http.url);
  await aborted(signal);
  log.info({ event: 'service.stopping' });
}
