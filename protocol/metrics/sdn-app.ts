import { each, HANDOVER_BUCKETS_S, type MetricTable } from './table.js';

export const SDN = {
  sdn_packet_ins_total: {
    kind: 'counter',
    help: 'copies of frames that the switch sent, by what they meant',
    labels: ['of'],
  },
  sdn_batches_total: {
    kind: 'counter',
    help: 'batches of flow changes, by outcome',
    labels: ['result'],
    starts: each('result', ['applied']),
  },
  sdn_batch_seconds: {
    kind: 'histogram',
    help: 'time from sending a batch to the barrier that confirms it',
    buckets: HANDOVER_BUCKETS_S,
  },
  sdn_attachments: { kind: 'gauge', help: 'vehicles by the state of their attachment', labels: ['state'] },
  sdn_attachments_unconfirmed_total: { kind: 'counter', help: 'attachments that nobody confirmed in time' },
  sdn_late_copies_total: { kind: 'counter', help: 'copies of late frames from the port just left' },
  sdn_read_backs_total: { kind: 'counter', help: 'times the flows of one vehicle were read back from the switch' },
  sdn_reports_total: {
    kind: 'counter',
    help: 'changes of attachment told to md-manager, by answer',
    labels: ['result'],
  },
  sdn_redirects_total: {
    kind: 'counter',
    help: 'moves that used a standby slot at once, by way',
    labels: ['way'],
    starts: each('way', ['armed', 'ticket']),
  },
  sdn_dual_homed_total: { kind: 'counter', help: 'times that a vehicle was taken for dual-homed' },
  sdn_active: { kind: 'gauge', help: '1 while this sdn-app holds the lease' },
  sdn_term: { kind: 'gauge', help: 'term under which this sdn-app acted last' },
  sdn_tickets: { kind: 'gauge', help: 'tickets that are free, by domain', labels: ['domain'] },
  sdn_switch_connected: { kind: 'gauge', help: '1 while the switch can be reached', labels: ['datapath'] },
  sdn_drops: {
    kind: 'gauge',
    help: 'packets that the switches have dropped since they started, by reason',
    labels: ['datapath', 'reason'],
  },
} as const satisfies MetricTable;
