import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { alertList } from '../kit/alert-list.js';
import { board } from '../kit/board.js';
import { ZERO_IS_GOOD, band, graph, stat } from '../kit/panels.js';
import { orZero, quantile } from '../kit/queries.js';
import { table } from '../kit/tables.js';
import { labelVariable } from '../kit/variables.js';

const OF = '{job=~"$job"}';

/** The services as processes: who runs, which version, who leads, what fails, what is scarce. */
export const operations = (): Dashboard =>
  board({
    name: 'operations',
    says: 'The services as processes: who runs, who leads, what fails, what is scarce; switches and cars’ agents.',
    from: 'now-1h',
    handovers: '',
    variables: [
      labelVariable('job', {
        label: 'part',
        says: 'parts of the system, as Prometheus scrapes them',
        from: 'metrics',
        series: 'up',
        all: true,
      }),
    ],
    sections: [
      {
        title: 'Now',
        panels: [
          stat({
            title: 'Targets up',
            says: 'Processes whose metrics Prometheus could read.',
            unit: 'none',
            wide: 6,
            queries: [{ expr: `sum(up${OF})`, as: 'now' }],
          }),
          stat({
            title: 'Targets down',
            says: 'Processes whose metrics Prometheus could not read.',
            unit: 'none',
            wide: 6,
            steps: ZERO_IS_GOOD,
            queries: [{ expr: orZero('count(up{job=~"$job"} == 0)'), as: 'now' }],
          }),
          stat({
            title: 'Active sdn-app',
            says: 'How many sdn-apps hold the lease. One is right.',
            unit: 'none',
            wide: 6,
            steps: [
              [null, 'red'],
              [1, 'green'],
              [2, 'red'],
            ],
            queries: [{ expr: 'sum(sdn_active)', as: 'now' }],
          }),
          stat({
            title: 'Switches connected',
            says: 'Switches that sdn-app can reach.',
            unit: 'none',
            wide: 6,
            steps: [
              [null, 'red'],
              [1, 'green'],
            ],
            queries: [{ expr: 'sum(max by (datapath) (sdn_switch_connected))', as: 'now' }],
          }),
          alertList(12, 8),
          table({
            title: 'What runs',
            says: 'Every process with its version and the time since it started.',
            unit: 'none',
            high: 8,
            joinBy: 'instance',
            queries: [
              { expr: `max by (instance, job, version) (service_info${OF})`, as: 'table' },
              { expr: `time() - max by (instance) (process_start_time_seconds${OF})`, as: 'table' },
            ],
            columns: [
              { of: 'job', title: 'part' },
              { of: 'instance', title: 'at' },
              { of: 'version', title: 'version' },
              { of: 'Value #B', title: 'runs for', unit: 's' },
            ],
            sortBy: { title: 'part', descending: false },
          }),
          band({
            title: 'Up and down',
            says: 'When each process could be read.',
            unit: 'none',
            high: 9,
            queries: [{ expr: `up${OF}`, legend: '{{job}} {{instance}}' }],
            words: { '0': ['down', 'red'], '1': ['up', 'green'] },
            steps: [
              [null, 'red'],
              [1, 'green'],
            ],
          }),
        ],
      },
      {
        title: 'Processes',
        panels: [
          graph({
            title: 'Processor',
            says: 'Processor time of each process; 1 is a whole core.',
            unit: 'percentunit',
            min: 0,
            queries: [
              { expr: `rate(process_cpu_seconds_total${OF}[$__rate_interval])`, legend: '{{job}} {{instance}}' },
            ],
          }),
          graph({
            title: 'Memory',
            says: 'Memory of each process.',
            unit: 'bytes',
            min: 0,
            queries: [{ expr: `process_resident_memory_bytes${OF}`, legend: '{{job}} {{instance}}' }],
          }),
          graph({
            title: 'How late the event loop is',
            says: 'How late a process comes to what is due, 99th percentile. Above 100 ms probes of hosts are no longer trusted.',
            unit: 's',
            min: 0,
            limits: true,
            steps: [
              [null, 'green'],
              [0.1, 'red'],
            ],
            queries: [{ expr: `nodejs_eventloop_lag_p99_seconds${OF}`, legend: '{{job}} {{instance}}' }],
          }),
          graph({
            title: 'Open files and sockets',
            says: 'Open files and sockets of each process.',
            unit: 'none',
            min: 0,
            queries: [{ expr: `process_open_fds${OF}`, legend: '{{job}} {{instance}}' }],
          }),
        ],
      },
      {
        title: 'Requests',
        panels: [
          graph({
            title: 'REST requests',
            says: 'Requests that were answered, per second, by part.',
            unit: 'reqps',
            min: 0,
            queries: [
              { expr: `sum by (part) (rate(http_request_seconds_count${OF}[$__rate_interval]))`, legend: '{{part}}' },
            ],
          }),
          graph({
            title: 'REST, 99 of 100',
            says: 'Time in which 99 of 100 requests were answered, by part.',
            unit: 's',
            queries: [{ expr: quantile(0.99, 'http_request_seconds', ['part'], '5m', OF), legend: '{{part}}' }],
          }),
          graph({
            title: 'Requests refused',
            says: 'Requests refused or failed, per minute, by part and error code. docs/errors.md tells what each means.',
            unit: 'opm',
            min: 0,
            queries: [
              {
                expr: `${orZero(`sum by (part, code) (rate(http_errors_total${OF}[$__rate_interval]))`)} * 60`,
                legend: '{{part}} {{code}}',
              },
            ],
          }),
          graph({
            title: 'CoAP trouble',
            says: 'Messages sent again, never acknowledged, malformed, and refused because too many were open, per minute.',
            unit: 'opm',
            min: 0,
            queries: [
              { expr: `sum(rate(coap_retransmissions_total${OF}[$__rate_interval])) * 60`, legend: 'sent again' },
              { expr: `sum(rate(coap_timeouts_total${OF}[$__rate_interval])) * 60`, legend: 'never acknowledged' },
              { expr: `${orZero(`sum(rate(coap_malformed_total${OF}[$__rate_interval]))`)} * 60`, legend: 'malformed' },
              { expr: `sum(rate(coap_refused_total${OF}[$__rate_interval])) * 60`, legend: 'refused' },
            ],
          }),
        ],
      },
      {
        title: 'Leases and switches',
        panels: [
          graph({
            title: 'Terms',
            says: 'Term of the active one of each service. A step is a take-over.',
            unit: 'none',
            decimals: 0,
            queries: [
              { expr: 'max by (service) (service_lease_term)', legend: '{{service}}' },
              { expr: 'max(sdn_term)', legend: 'sdn-app, as it acted' },
            ],
          }),
          graph({
            title: 'Drops of the switches',
            says: 'Packets that switches dropped, per minute, by reason.',
            unit: 'opm',
            min: 0,
            queries: [{ expr: `${orZero('sum by (reason) (deriv(sdn_drops[5m]))')} * 60`, legend: '{{reason}}' }],
          }),
        ],
      },
      {
        title: 'Agents in cars, where their metrics can be reached',
        panels: [
          graph({
            title: 'Reports by result',
            says: 'Reports of the agents per second: sampled, acknowledged, resent, rejected, dropped, refused.',
            unit: 'reqps',
            min: 0,
            queries: [{ expr: 'sum by (result) (rate(agent_reports_total[$__rate_interval]))', legend: '{{result}}' }],
          }),
          graph({
            title: 'Outboxes',
            says: 'Reports in outboxes that are not acknowledged yet.',
            unit: 'none',
            decimals: 0,
            min: 0,
            queries: [{ expr: 'sum(agent_queue_reports)', legend: 'waiting' }],
          }),
          graph({
            title: 'Report to acknowledgement',
            says: 'Time from the first transmission of a report to its acknowledgement, which means that it is durable.',
            unit: 's',
            queries: [
              { expr: quantile(0.5, 'agent_report_seconds', [], '$__rate_interval'), legend: 'p50' },
              { expr: quantile(0.99, 'agent_report_seconds', [], '$__rate_interval'), legend: 'p99' },
            ],
          }),
          graph({
            title: 'Requests to the car',
            says: 'Time of one request to the OBD adapter, half and 99 of 100; failures per minute.',
            unit: 's',
            queries: [
              { expr: quantile(0.5, 'agent_obd_request_seconds', [], '$__rate_interval'), legend: 'p50' },
              { expr: quantile(0.99, 'agent_obd_request_seconds', [], '$__rate_interval'), legend: 'p99' },
            ],
          }),
          graph({
            title: 'Values from the car',
            says: 'Values that cars told per second, by signal: the rates that were achieved.',
            unit: 'ops',
            min: 0,
            queries: [
              { expr: 'sum by (signal) (rate(agent_obd_samples_total[$__rate_interval]))', legend: '{{signal}}' },
            ],
          }),
          graph({
            title: 'Receivers and clocks',
            says: 'Age of the oldest position, and how far a receiver’s time is ahead of the one in use, at most.',
            unit: 's',
            queries: [
              { expr: 'max(agent_gps_fix_age_seconds)', legend: 'age of position' },
              { expr: 'max(abs(agent_clock_offset_seconds))', legend: 'offset of clock' },
            ],
          }),
        ],
      },
    ],
  });
