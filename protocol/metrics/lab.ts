import type { MetricTable } from './table.js';

export const LAB = {
  lab_switch_packets_total: {
    kind: 'counter',
    help: 'datagrams through the soft switch, by what became of them',
    labels: ['fate'],
  },
  lab_switch_control_errors_total: {
    kind: 'counter',
    help: 'lines on the control channel that were refused',
    labels: ['type'],
  },
  lab_switch_sockets: { kind: 'gauge', help: 'sockets that stand for an alias and a tag' },
  car_connections_total: { kind: 'counter', help: 'programs that connected to an OBD adapter' },
  car_requests_total: { kind: 'counter', help: 'command lines that OBD adapters were given' },
  car_forbidden_total: { kind: 'counter', help: 'requests that could change a car; no agent may send one' },
  gpsd_bad_requests_total: { kind: 'counter', help: 'requests to a gpsd that were answered with ERROR' },
  radio_frames_total: {
    kind: 'counter',
    help: 'datagrams of cars by direction (up, down) and result: carried, lost, unattached, foreign, malformed, overflow',
    labels: ['direction', 'result'],
  },
  radio_attachment_changes_total: { kind: 'counter', help: 'changes of access point, to none included' },
  radio_relay_connections_total: {
    kind: 'counter',
    help: 'TCP connections to md-manager by result: carried, cut, refused',
    labels: ['result'],
  },
  replicator_rows_total: { kind: 'counter', help: 'report rows copied to another domain', labels: ['from', 'to'] },
  replicator_steps_failed_total: {
    kind: 'counter',
    help: 'copies that failed and are tried again',
    labels: ['from', 'to'],
  },
  replicator_journal_rows: {
    kind: 'gauge',
    help: 'rows of the journal that some domain still needs',
    labels: ['domain'],
  },
} as const satisfies MetricTable;
