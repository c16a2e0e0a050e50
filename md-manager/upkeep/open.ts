import type { Clock, Timers } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { Route } from '../../protocol/api/route.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { Standby } from '../arming/standby.js';
import type { Runner } from '../handover/runner.js';
import type { Mano } from '../mano/mano.js';
import type { Pool } from '../pool/pool.js';
import type { Registrations } from '../registration/registration.js';
import { operatorRoutes } from '../rest/operator-routes.js';
import type { Drains } from './drains.js';
import { Reconciler } from './reconciler.js';

export interface UpkeepDeps {
  readonly mano: Mano;
  readonly pool: Pool;
  readonly runner: Runner;
  readonly standby: Standby;
  readonly registrations: Registrations;
  readonly drains: Drains;
  readonly domains: readonly string[];
  readonly term: number;
  readonly newId: () => string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
  readonly signal: AbortSignal;
}

/** What operators do to a manager that runs: drain hosts, move twins, reconcile. */
export function upkeepRoutes(deps: UpkeepDeps): Route[] {
  return operatorRoutes({ ...deps, reconciler: new Reconciler(deps) });
}
