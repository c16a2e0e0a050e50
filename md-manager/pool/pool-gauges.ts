import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import { HOST_STATES, type PoolSizes, type PoolState } from './pool-state.js';

/** What was told last, by gauge and labels: a change of the pool is mostly one number of one domain. */
export type ToldGauges = Map<string, number>;

/** Ready slots, and hosts by state, of every domain, as far as they have changed. */
export function setGauges(metrics: Metrics<MetricName>, told: ToldGauges, sizes: PoolSizes, pool: PoolState): void {
  const tell = (name: 'pool_ready' | 'md_hosts', value: number, labels: Record<string, string>, key: string): void => {
    if (told.get(key) === value) return;
    told.set(key, value);
    metrics.set(name, value, labels);
  };
  const ready = new Map<string, number>();
  const hosts = new Map<string, number>();
  for (const { ref, state, slots, held } of pool.values()) {
    const key = `${ref.domain} ${state}`;
    hosts.set(key, (hosts.get(key) ?? 0) + 1);
    if (state === 'ready') ready.set(ref.domain, (ready.get(ref.domain) ?? 0) + slots - held.size);
  }
  for (const domain of sizes.keys()) {
    tell('pool_ready', ready.get(domain) ?? 0, { domain }, domain);
    for (const state of HOST_STATES) {
      const key = `${domain} ${state}`;
      tell('md_hosts', hosts.get(key) ?? 0, { domain, state }, key);
    }
  }
}
