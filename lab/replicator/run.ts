import { systemClock } from '../../common/clock.js';
import { Resources } from '../../common/lifecycle.js';
import type { Log } from '../../common/log.js';
import { Metrics } from '../../common/metrics.js';
import { openHttp } from '../../protocol/api/http-server.js';
import { METRICS_OF, type MetricName } from '../../protocol/metrics.js';
import { openLmdbControlStore } from '../../store/lmdb/control-store.js';
import { openLmdbTwinStore, type LmdbTwinStore } from '../../store/lmdb/twin-store.js';
import type { ReplicatorConfig } from './config.js';
import { Replicator } from './replicator.js';
import { replicatorRoutes } from './routes.js';

export interface ReplicatorDeps {
  readonly log: Log;
  /** Says the one line that tells that the service is ready. */
  ready(url: string): void;
}

/** Opens the stores, copies between them and serves the HTTP control until the signal is aborted. */
export async function runReplicator(
  config: ReplicatorConfig,
  { log, ready }: ReplicatorDeps,
  signal: AbortSignal,
): Promise<void> {
  await using resources = new Resources();
  const metrics = new Metrics<MetricName>(METRICS_OF.lab, { processMetrics: true });
  const stores: LmdbTwinStore[] = [];
  for (const { domain, path } of config.stores)
    stores.push(resources.use(await openLmdbTwinStore({ path, domain, journal: false })));
  const control =
    config.control === undefined ? undefined : resources.use(await openLmdbControlStore({ path: config.control }));
  const replicator = new Replicator({
    stores,
    ...(control === undefined ? {} : { control }),
    lagMs: config.lagMs,
    clock: systemClock,
    log,
    metrics,
  });
  const server = resources.use(
    await openHttp({ part: 'replicator', listen: config.listen, routes: replicatorRoutes(replicator), log, metrics }),
  );
  log.info({ event: 'service.started', url: server.url });
  ready(server.url);
  await replicator.run(signal);
  log.info({ event: 'service.stopping' });
}
