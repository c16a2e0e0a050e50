import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { board } from '../kit/board.js';
import { heat } from '../kit/heat.js';
import { ZERO_IS_GOOD, graph, stat } from '../kit/panels.js';
import { orZero, quantile } from '../kit/queries.js';

/** How soon reports are safe, how far domains are apart, and whether anything is missing. */
export const store = (): Dashboard =>
  board({
    name: 'store',
    says: 'How soon a report is on disk, how far the domains are apart, how much is waiting, and whether anything is missing.',
    from: 'now-1h',
    handovers: '',
    sections: [
      {
        title: 'Now',
        panels: [
          stat({
            title: 'Stores up',
            says: 'Processes whose store can be written to.',
            unit: 'none',
            decimals: 0,
            steps: [
              [null, 'red'],
              [1, 'green'],
            ],
            queries: [{ expr: 'sum(store_up)', as: 'now' }],
          }),
          stat({
            title: 'Stores away',
            says: 'Processes whose store cannot be written to. Reports wait in the cars meanwhile.',
            unit: 'none',
            decimals: 0,
            steps: ZERO_IS_GOOD,
            queries: [{ expr: orZero('count(store_up == 0)'), as: 'now' }],
          }),
          stat({
            title: 'Replication lag',
            says: 'How far the domain that is furthest behind is behind another: what the loss of a disk would cost.',
            unit: 's',
            decimals: 2,
            steps: [
              [null, 'green'],
              [10, 'yellow'],
              [60, 'red'],
            ],
            queries: [{ expr: 'max(twin_replication_lag_seconds)', as: 'now' }],
          }),
          stat({
            title: 'Reports stored',
            says: 'Distinct reports in the store of core.',
            unit: 'short',
            queries: [{ expr: 'max(analytics_reports_stored)', as: 'now' }],
          }),
          stat({
            title: 'Reports lost',
            says: 'Reports that a vehicle numbered and that no store has, awaited for longer than an outage takes.',
            unit: 'none',
            steps: ZERO_IS_GOOD,
            queries: [{ expr: 'max(analytics_reports_lost)', as: 'now' }],
          }),
          stat({
            title: 'Reports that wait',
            says: 'Reports in vMD hosts that wait for the disk.',
            unit: 'none',
            steps: [
              [null, 'green'],
              [1_000, 'yellow'],
              [10_000, 'red'],
            ],
            queries: [{ expr: 'sum(vmd_ingest_queue)', as: 'now' }],
          }),
        ],
      },
      {
        title: 'Latency',
        panels: [
          graph({
            title: 'Commit, half and 99 of 100',
            says: 'Time from the begin of a group commit of reports until it is durable, by domain. An acknowledgement waits for it.',
            unit: 's',
            queries: [
              {
                expr: quantile(0.5, 'store_commit_seconds', ['domain'], '$__rate_interval', '{job="vmd"}'),
                legend: '{{domain}}, p50',
              },
              {
                expr: quantile(0.99, 'store_commit_seconds', ['domain'], '$__rate_interval', '{job="vmd"}'),
                legend: '{{domain}}, p99',
              },
            ],
          }),
          graph({
            title: 'Age when durable',
            says: 'Age of a report’s newest sample once the report is durable: car, radio, queue and disk together. Backlogs of cars that were offline raise it.',
            unit: 's',
            queries: [
              { expr: quantile(0.5, 'vmd_report_age_seconds', [], '$__rate_interval'), legend: 'p50' },
              { expr: 'vmd_report_age_seconds:p99_5m', legend: 'p99 of 5 minutes' },
            ],
          }),
          heat({
            title: 'Commits',
            says: 'All group commits by the time that they took.',
            unit: 's',
            queries: [
              {
                expr: 'sum by (le) (increase(store_commit_seconds_bucket{job="vmd"}[$__rate_interval]))',
                legend: '{{le}}',
                as: 'heat',
              },
            ],
          }),
          graph({
            title: 'Scan of the store',
            says: 'Mean time in which analytics reads through the whole store.',
            unit: 's',
            high: 9,
            queries: [
              {
                expr: 'sum(rate(analytics_scan_seconds_sum[5m])) / sum(rate(analytics_scan_seconds_count[5m]))',
                legend: 'mean',
              },
            ],
          }),
        ],
      },
      {
        title: 'Replication',
        panels: [
          graph({
            title: 'Replication lag over time',
            says: 'How far each domain is behind each other one.',
            unit: 's',
            min: 0,
            limits: true,
            steps: [
              [null, 'green'],
              [10, 'yellow'],
              [60, 'red'],
            ],
            queries: [{ expr: 'max by (from, to) (twin_replication_lag_seconds)', legend: '{{from}} → {{to}}' }],
          }),
          graph({
            title: 'Trouble with replication',
            says: 'Copies and markers of replication that failed, per minute.',
            unit: 'opm',
            min: 0,
            queries: [
              {
                expr: `${orZero('sum(rate(replicator_steps_failed_total[$__rate_interval]))')} * 60`,
                legend: 'copies (lab)',
              },
              { expr: 'sum(rate(replication_marker_failed_total[$__rate_interval])) * 60', legend: 'markers' },
            ],
          }),
        ],
      },
      {
        title: 'What became of reports',
        panels: [
          graph({
            title: 'Reports by result',
            says: 'Reports per second by what became of them in vMD hosts.',
            unit: 'reqps',
            stacked: true,
            min: 0,
            queries: [{ expr: 'sum by (result) (rate(vmd_reports_total[$__rate_interval]))', legend: '{{result}}' }],
          }),
          graph({
            title: 'Duplicates and flags',
            says: 'Reports stored again (known by their number), and records kept without becoming live, per minute. Duplicates are harmless.',
            unit: 'opm',
            min: 0,
            queries: [
              { expr: 'sum(rate(vmd_reports_duplicate_total[$__rate_interval])) * 60', legend: 'stored again' },
              { expr: 'sum by (reason) (rate(vmd_flagged_total[$__rate_interval])) * 60', legend: '{{reason}}' },
              { expr: 'sum(rate(vmd_live_failed_total[$__rate_interval])) * 60', legend: 'live value not written' },
            ],
          }),
          graph({
            title: 'Requests to Cassandra',
            says: 'Requests that are with the cluster, or wait in the queue for a place. Only with Cassandra: the embedded store has no requests.',
            unit: 'none',
            stacked: true,
            min: 0,
            wide: 24,
            queries: [{ expr: 'sum by (at) (store_requests)', legend: '{{at}}' }],
          }),
        ],
      },
    ],
  });
