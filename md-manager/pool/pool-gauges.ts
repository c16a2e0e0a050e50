import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import { HOST_STATES, type PoolSizes, type PoolState } from './pool-state.js';

/** Ready slots, and hosts by state, of every domain. */
export function setGauges(metrics: Metrics<MetricName>, sizes: PoolSizes, pool: PoolState): void {
  const ready = new Map<string, number>();
  const hosts = new Map<string, number>();
  for (const { ref, state, slots, held } of pool.values()) {
    const key = `${ref.domain} ${state}`;
    hosts.set(key, (hosts.get(key) ?? 0) + 1);
    if (state === 'ready') ready.set(ref.domain, (ready.get(ref.domain) ?? 0) + slots - held.size);
  }
  for (const domain of sizes.keys()) {
    metrics.set('pool_ready', ready.get(domain) ?? 0, { domain });
    for (const state of HOST_STATES) metrics.set('md_hosts', hosts.get(`${domain} ${state}`) ?? 0, { domain, state });
  }
}
