import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { board } from '../kit/board.js';
import { bars, graph, stat, ZERO_IS_GOOD } from '../kit/panels.js';
import { orZero, risen } from '../kit/queries.js';
import { labelVariable } from '../kit/variables.js';

const IN = '{domain=~"$domain"}';

/** What each domain can carry and carries: pools, hosts, twins, and what it costs to have them ready. */
export const domains = (): Dashboard =>
  board({
    name: 'domains',
    says: 'Pools and vMD hosts of each domain: what is ready, what is used, how long a new one takes, and what went wrong.',
    from: 'now-1h',
    handovers: '',
    variables: [
      labelVariable('domain', {
        label: 'domain',
        says: 'a place that can host twins',
        from: 'metrics',
        series: 'pool_ready',
        all: true,
      }),
    ],
    sections: [
      {
        title: 'Now',
        panels: [
          bars({
            title: 'Ready slots',
            says: 'Places for a twin that wait for a vehicle, by domain. At 0 the next hand-over there is cold.',
            unit: 'none',
            min: 0,
            steps: [
              [null, 'red'],
              [1, 'orange'],
              [2, 'green'],
            ],
            queries: [{ expr: `max by (domain) (pool_ready${IN})`, legend: '{{domain}}', as: 'now' }],
          }),
          bars({
            title: 'Twins',
            says: 'Slots that carry the twin of a vehicle, by domain.',
            unit: 'none',
            min: 0,
            queries: [
              {
                expr: 'sum by (domain) (vmd_twins{state="assigned", domain=~"$domain"})',
                legend: '{{domain}}',
                as: 'now',
              },
            ],
          }),
          bars({
            title: 'Reports per second',
            says: 'Reports that became durable, per second, by domain.',
            unit: 'reqps',
            min: 0,
            queries: [
              {
                expr: 'domain:vmd_reports_stored:rate1m{domain=~"$domain"}',
                legend: '{{domain}}',
                as: 'now',
              },
            ],
          }),
          stat({
            title: 'Cold starts',
            says: 'Hand-overs in the time shown that had to wait for a host to start: the pool was empty.',
            unit: 'none',
            decimals: 0,
            wide: 8,
            steps: ZERO_IS_GOOD,
            queries: [{ expr: risen('handover_total{way="cold"}'), as: 'now' }],
          }),
          stat({
            title: 'Hosts that failed',
            says: 'Hosts in the time shown that failed before they had proved to work.',
            unit: 'none',
            decimals: 0,
            wide: 8,
            steps: ZERO_IS_GOOD,
            queries: [{ expr: risen('pool_hosts_failed_total'), as: 'now' }],
          }),
          stat({
            title: 'Memory of a twin',
            says: 'Memory of the vMD hosts that carry twins, shared out over the twins. With few twins it is mostly the process itself.',
            unit: 'bytes',
            decimals: 0,
            wide: 8,
            queries: [
              {
                expr: 'sum(process_resident_memory_bytes{job="vmd"}) / clamp_min(sum(vmd_twins{state="assigned"}), 1)',
                as: 'now',
              },
            ],
          }),
        ],
      },
      {
        title: 'Pools',
        panels: [
          graph({
            title: 'Ready slots over time',
            says: 'Slots that wait for a vehicle, by domain.',
            unit: 'none',
            decimals: 0,
            min: 0,
            queries: [{ expr: `max by (domain) (pool_ready${IN})`, legend: '{{domain}}' }],
          }),
          graph({
            title: 'Slots by state',
            says: 'All slots of the domains chosen: ready, reserved, assigned, draining, quarantined, going.',
            unit: 'none',
            stacked: true,
            decimals: 0,
            min: 0,
            queries: [{ expr: `sum by (state) (vmd_twins${IN})`, legend: '{{state}}' }],
          }),
          graph({
            title: 'Hosts by state',
            says: 'Hosts as md-manager sees them: starting, ready, lost, going.',
            unit: 'none',
            stacked: true,
            decimals: 0,
            min: 0,
            queries: [{ expr: `sum by (domain, state) (md_hosts${IN}) > 0`, legend: '{{domain}}: {{state}}' }],
          }),
          graph({
            title: 'Wish to reservation',
            says: 'Mean time from the wish for a slot to its reservation, by way, since md-manager started. Above zero where a host had to be started.',
            unit: 's',
            queries: [
              {
                expr: 'sum by (way) (pool_allocation_seconds_sum) / sum by (way) (pool_allocation_seconds_count)',
                legend: '{{way}}',
              },
            ],
          }),
          graph({
            title: 'Time to start a host',
            says: 'Mean time that MANO took to start a host, of those ordered in the hour before. The paper measured 41.7 s.',
            unit: 's',
            queries: [
              {
                expr: 'increase(pool_order_seconds_sum[1h]) / clamp_min(increase(pool_order_seconds_count[1h]), 1)',
                legend: 'mean',
              },
            ],
          }),
          graph({
            title: 'Hosts that came and went',
            says: 'Hosts that MANO started, that failed, and that were ended because the pool could do without them, in the hour before.',
            unit: 'none',
            min: 0,
            decimals: 0,
            queries: [
              { expr: 'sum(increase(pool_order_seconds_count[1h]))', legend: 'started' },
              { expr: orZero('sum(increase(pool_hosts_failed_total[1h]))'), legend: 'failed' },
              { expr: orZero('sum(increase(pool_hosts_ended_total[1h]))'), legend: 'ended' },
            ],
          }),
        ],
      },
      {
        title: 'Work',
        panels: [
          graph({
            title: 'Reports by domain',
            says: 'Reports per second that became durable. At a hand-over one domain’s share goes over to the other without a dip in the sum.',
            unit: 'reqps',
            stacked: true,
            min: 0,
            queries: [
              {
                expr: 'sum by (domain) (rate(vmd_reports_total{result="stored", domain=~"$domain"}[$__rate_interval]))',
                legend: '{{domain}}',
              },
            ],
          }),
          graph({
            title: 'Processor by host',
            says: 'Processor time of each vMD host; 1 is a whole core.',
            unit: 'percentunit',
            min: 0,
            queries: [
              {
                expr: 'rate(process_cpu_seconds_total{job="vmd", domain=~"$domain"}[$__rate_interval])',
                legend: '{{host}}',
              },
            ],
          }),
          graph({
            title: 'Reads by answer',
            says: 'Reads that twins answered per second: measured in the car, from the twin’s cache, stored, derived.',
            unit: 'reqps',
            min: 0,
            queries: [
              {
                expr: 'sum by (result) (rate(vmd_reads_total{domain=~"$domain"}[$__rate_interval]))',
                legend: '{{result}}',
              },
            ],
          }),
          graph({
            title: 'Vehicles registered',
            says: 'Vehicles that have a number.',
            unit: 'none',
            decimals: 0,
            min: 0,
            queries: [{ expr: 'max(vehicles_registered)', legend: 'registered' }],
          }),
        ],
      },
    ],
  });
