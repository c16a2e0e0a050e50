import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import { readySlots, type PoolSizes, type PoolState } from './pool-state.js';

const STATES = ['starting', 'ready', 'lost', 'going'] as const;

/** Ready slots, and hosts by state, of every domain. */
export function setGauges(metrics: Metrics<MetricName>, sizes: PoolSizes, pool: PoolState): void {
  const hosts = [...pool.values()];
  for (const domain of sizes.keys()) {
    metrics.set('pool_ready', readySlots(pool, domain), { domain });
    for (const state of STATES) {
      const count = hosts.filter(({ ref, state: at }) => ref.domain === domain && at === state).length;
      metrics.set('md_hosts', count, { domain, state });
    }
  }
}
