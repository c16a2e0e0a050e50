import { randomUUID } from 'node:crypto';
import { every, systemClock, systemTimers } from '../common/clock.js';
import { messageOf } from '../common/errors.js';
import { Resources, aborted } from '../common/lifecycle.js';
import type { Log } from '../common/log.js';
import { Metrics } from '../common/metrics.js';
import { openHttp } from '../protocol/api/http-server.js';
import { METRICS_OF, type MetricName } from '../protocol/metrics.js';
import { readTopology } from '../protocol/topology-file.js';
import { leaseUrlOf, planOf, type SdnAppConfig } from './config.js';
import { readDetectors } from './detectors-file.js';
import { openManagerLink } from './manager-link.js';
import { openSwitches } from './open-switches.js';
import { dropsOf } from './redirect/base.js';
import { baseSlice } from './redirect/cookie.js';
import { sdnRoutes } from './rest/routes.js';
import { SdnService } from './service.js';

const DROPS_EVERY_MS = 5_000;
/** The first reconciliation waits for so long for switches that are not connected yet. */
const GRACE_MS = 1_000;

/** Runs the app until the signal; `ready` is called with its URL once the API is served. */
export async function runSdnApp(
  config: SdnAppConfig,
  deps: { readonly log: Log; readonly ready: (url: string) => void },
  signal: AbortSignal,
): Promise<void> {
  const { log } = deps;
  const metrics = new Metrics<MetricName>(METRICS_OF['sdn-app'], { processMetrics: true });
  const topology = readTopology(config.topology);
  await using open = new Resources();
  const manager = open.use(openManagerLink(config['manager.url']));
  const switches = openSwitches(config, topology, open, { log, metrics, timers: systemTimers });
  const service = open.use(
    new SdnService(
      {
        plan: planOf(config),
        topology,
        firstNumber: config['registration.firstNumber'],
        rules: {
          trust: config['network.trust'],
          straggleMs: config.straggleMs,
          dwellMs: config.dwellMs,
          detectors: readDetectors(config.detectors),
        },
        lease: {
          holder: randomUUID(),
          url: leaseUrlOf(config),
          ttlMs: config['lease.ttlMs'],
        },
        graceMs: GRACE_MS,
      },
      {
        switches,
        manager,
        clock: systemClock,
        timers: systemTimers,
        random: Math.random,
        newId: randomUUID,
        log,
        metrics,
      },
    ),
  );
  const http = open.use(
    await openHttp({
      part: 'sdn-app',
      listen: config.listen,
      routes: sdnRoutes(service),
      log,
      metrics,
      notReady: () => service.notReady,
    }),
  );
  // served first: whoever held the lease at this address is gone, and the manager's commands find somebody
  service.start();
  open.defer(
    every(systemTimers, DROPS_EVERY_MS, async () => {
      for (const one of switches) {
        if (!one.connected) continue;
        const { datapath } = one;
        try {
          const drops = dropsOf(service.network, datapath, await one.readFlows(baseSlice));
          for (const [reason, packets] of Object.entries(drops))
            metrics.set('sdn_drops', packets, { datapath: String(datapath), reason });
        } catch (error) {
          log.debug({ event: 'sdn.flows-failed', datapath, error: messageOf(error) });
        }
      }
    }),
  );
  deps.ready(http.url);
  log.info({ event: 'service.started', url: http.url });
  await Promise.all([aborted(signal), manager.keepRehearsed(systemTimers, signal)]);
  log.info({ event: 'service.stopping' });
}
