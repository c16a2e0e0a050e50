import type { Metrics } from '../../common/metrics.js';
import type { ReservationList } from '../../protocol/api/pools.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { Lease } from './lease.js';

/** Standby slots that are kept, as people see them. */
export function reservationsOf(kept: readonly Lease[]): ReservationList {
  const armed: ReservationList['armed'] = [];
  const tickets: ReservationList['tickets'] = [];
  for (const { row } of kept) {
    const { lease, vehicle, domain, host, reason, untilMs } = row;
    if (vehicle === undefined) tickets.push({ lease, domain, host, untilMs });
    else armed.push({ lease, vehicle, domain, host, reason, untilMs });
  }
  return { armed, tickets };
}

/** `domains`: those that ever had one; new ones are added, so that a domain without any says 0. */
export function setStandbyGauges(metrics: Metrics<MetricName>, kept: readonly Lease[], domains: Set<string>): void {
  const counts = new Map<string, number>();
  for (const { row } of kept) {
    domains.add(row.domain);
    counts.set(`${row.way} ${row.domain}`, (counts.get(`${row.way} ${row.domain}`) ?? 0) + 1);
  }
  for (const domain of domains)
    for (const way of ['armed', 'ticket'])
      metrics.set('standby_slots', counts.get(`${way} ${domain}`) ?? 0, { way, domain });
}
