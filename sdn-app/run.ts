import { randomUUID } from 'node:crypto';
import { every, systemClock, systemTimers } from '../common/clock.js';
import { messageOf } from '../common/errors.js';
import { aborted } from '../common/lifecycle.js';
import type { Log } from '../common/log.js';
import { Metrics } from '../common/metrics.js';
import { openHttp } from '../protocol/api/http-server.js';
import { METRICS } from '../protocol/metrics.js';
import { readTopology } from '../protocol/topology-file.js';
import type { SdnAppConfig } from './config.js';
import { openManagerLink } from './manager-link.js';
import { dropsOf } from './redirect/base.js';
import { baseSlice } from './redirect/cookie.js';
import { sdnRoutes } from './rest/routes.js';
import { SdnService } from './service.js';
import { openSoftSwitch } from './switch/soft.js';

const DROPS_EVERY_MS = 5_000;

/** Runs the app until the signal; `ready` is called with its URL once the API is served. */
export async function runSdnApp(
  config: SdnAppConfig,
  deps: { readonly log: Log; readonly ready: (url: string) => void },
  signal: AbortSignal,
): Promise<void> {
  const { log } = deps;
  const metrics = new Metrics(METRICS, { processMetrics: true });
  const network = {
    plan: { twinPrefix: config['network.twinPrefix'], aliasPrefix: config['network.aliasPrefix'] },
    datapath: config['switch.datapath'],
  };
  const topology = readTopology(config.topology);
  await using manager = openManagerLink(config['manager.url']);
  await using flowSwitch = openSoftSwitch(config['switch.control']);
  await using service = new SdnService(
    {
      network,
      topology,
      firstNumber: config['registration.firstNumber'],
      rules: { trust: config['network.trust'], straggleMs: config.straggleMs },
    },
    {
      flowSwitch,
      manager,
      clock: systemClock,
      timers: systemTimers,
      random: Math.random,
      newId: randomUUID,
      log,
      metrics,
    },
  );
  service.start();
  await using http = await openHttp({
    part: 'sdn-app',
    listen: config.listen,
    routes: sdnRoutes(service),
    log,
    metrics,
    notReady: () => service.notReady,
  });
  const stopDrops = every(systemTimers, DROPS_EVERY_MS, async () => {
    if (!flowSwitch.connected) return;
    try {
      const drops = dropsOf(network, await flowSwitch.readFlows(baseSlice));
      for (const [reason, packets] of Object.entries(drops)) metrics.set('sdn_drops', packets, { reason });
    } catch (error) {
      log.debug({ event: 'sdn.flows-failed', error: messageOf(error) });
    }
  });
  try {
    deps.ready(http.url);
    log.info({ event: 'service.started', url: http.url });
    await Promise.all([aborted(signal), manager.keepRehearsed(systemTimers, signal)]);
    log.info({ event: 'service.stopping' });
  } finally {
    stopDrops();
  }
}
