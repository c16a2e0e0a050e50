/** When somebody should look, and what they should do first. */
export interface AlertRow {
  /** `critical`: something is lost or not served, or about to be. `warning`: it works, and will not for long. */
  readonly severity: 'critical' | 'warning';
  readonly expr: string;
  /** How long it must hold, as Prometheus writes it. */
  readonly for: string;
  /** One line, with the labels of what it is about. */
  readonly summary: string;
  /** What it means, and where to look. */
  readonly says: string;
  /** uid of the dashboard that shows it. */
  readonly board: 'fleet' | 'vehicle' | 'handover' | 'domains' | 'store' | 'operations';
}

/** Every alert by its name. */
export const ALERTS = {
  EdgetwinTargetDown: {
    severity: 'warning',
    expr: 'up{job=~"md-manager|sdn-app|analytics|vmd|switch|replicator"} == 0',
    for: '30s',
    summary: '{{ $labels.job }} at {{ $labels.instance }} does not answer',
    says: 'Prometheus cannot read its metrics. A vMD host that is lost hands its twins over by itself; look at its log and at the machine.',
    board: 'operations',
  },
  EdgetwinNoActiveSdnApp: {
    severity: 'critical',
    expr: '(sum(sdn_active) or vector(0)) == 0',
    for: '30s',
    summary: 'no sdn-app is active',
    says: 'Cars are served where their flows lead, but no hand-over begins. Look at the lease (`service_lease_term`) and at md-manager.',
    board: 'operations',
  },
  EdgetwinSwitchAway: {
    severity: 'critical',
    expr: 'max by (datapath) (sdn_switch_connected) == 0',
    for: '30s',
    summary: 'switch {{ $labels.datapath }} cannot be reached',
    says: 'Its flows go on, but no car is followed and no flow is changed there.',
    board: 'operations',
  },
  EdgetwinPoolEmpty: {
    severity: 'critical',
    expr: 'max by (domain) (pool_ready) == 0',
    for: '1m',
    summary: 'no slot is ready in {{ $labels.domain }}',
    says: 'The next hand-over to this domain is cold: it waits until MANO has started a host. Raise pool.size, or find out why hosts fail.',
    board: 'domains',
  },
  EdgetwinPoolFull: {
    severity: 'critical',
    expr: 'sum by (domain) (increase(pool_full_total[15m])) > 0',
    for: '0s',
    summary: '{{ $labels.domain }} is full: its quota of hosts is used up',
    says: 'Cars that come there stay on their old twin (`failed (pool-empty)` in the ledger), which serves them from afar. Raise pool.maxHosts, or the twins per host.',
    board: 'domains',
  },
  EdgetwinHostsFail: {
    severity: 'warning',
    expr: 'sum by (domain, at) (increase(pool_hosts_failed_total[15m])) > 0',
    for: '0s',
    summary: 'hosts of {{ $labels.domain }} failed ({{ $labels.at }})',
    says: 'MANO could not start them, they never said hello, or were lost at once. Look at the log of md-manager and at MANO.',
    board: 'domains',
  },
  EdgetwinHandoversFail: {
    severity: 'warning',
    expr: 'handover_failed:ratio15m > 0.05',
    for: '1m',
    summary: '{{ $value | humanizePercentage }} of the hand-overs failed',
    says: 'The old twins go on. The dashboard tells the reasons; `edgetwin sdn check` tells about the switch.',
    board: 'handover',
  },
  EdgetwinHandoverSlow: {
    severity: 'warning',
    expr: 'way:handover_activated_seconds:p99_1h{way!="cold"} > 2',
    for: '5m',
    summary: 'hand-overs by {{ $labels.way }} take {{ $value | humanizeDuration }} until the new twin acts (p99)',
    says: 'Cars are served meanwhile and values are provisional. Look at how late event loops are and at the control store.',
    board: 'handover',
  },
  EdgetwinReportsLost: {
    severity: 'critical',
    expr: 'max(analytics_reports_lost) > 0',
    for: '1m',
    summary: '{{ $value }} reports are missing',
    says: 'A vehicle numbered them and no store has them. `edgetwin audit` names them.',
    board: 'store',
  },
  EdgetwinStoreAway: {
    severity: 'critical',
    expr: 'store_up == 0',
    for: '30s',
    summary: 'the store of {{ $labels.job }} at {{ $labels.instance }} is away',
    says: 'Reports are not acknowledged and wait in the cars. Look at the Cassandra datacentre of the domain.',
    board: 'store',
  },
  EdgetwinStoreSlow: {
    severity: 'warning',
    expr: 'domain:store_commit_seconds:p99_5m > 0.5',
    for: '5m',
    summary: 'commits in {{ $labels.domain }} take {{ $value | humanizeDuration }} (p99)',
    says: 'Every acknowledgement waits for one. Look at the disk.',
    board: 'store',
  },
  EdgetwinReplicationBehind: {
    severity: 'warning',
    expr: 'max by (from, to) (twin_replication_lag_seconds) > 30',
    for: '1m',
    summary: '{{ $labels.to }} is {{ $value | humanizeDuration }} behind {{ $labels.from }}',
    says: 'What the other domain does not have yet would be lost with this one’s disk. Look at the link between them.',
    board: 'store',
  },
  EdgetwinIngestBehind: {
    severity: 'warning',
    expr: 'sum by (domain, host) (vmd_ingest_queue) > 5000',
    for: '30s',
    summary: '{{ $value }} reports wait for the disk in {{ $labels.host }}',
    says: 'At the bound reports are answered 5.03 and wait in the cars.',
    board: 'store',
  },
  EdgetwinVehicleSilent: {
    severity: 'warning',
    expr: 'analytics_vehicle_age_seconds > 300 and analytics_vehicle_age_seconds < 3600',
    for: '1m',
    summary: '{{ $labels.vehicle }} was not heard for {{ $value | humanizeDuration }}',
    says: 'Parked, out of coverage, or broken; after an hour it is taken for parked. The ten that wait longest are watched.',
    board: 'vehicle',
  },
  EdgetwinUnconfirmed: {
    severity: 'warning',
    expr: 'increase(sdn_attachments_unconfirmed_total[15m]) > 10',
    for: '0s',
    summary: '{{ $value | humanize }} attachments were not confirmed in 15 minutes',
    says: 'Somebody sends from addresses or ports that no vehicle confirms: a car without coverage, or a stranger.',
    board: 'operations',
  },
  EdgetwinOutboxFails: {
    severity: 'critical',
    expr: 'max by (instance) (agent_outbox_failing) == 1',
    for: '30s',
    summary: 'the disk of the agent at {{ $labels.instance }} takes no reports',
    says: 'What is sampled now is not kept. Look at the card of the device.',
    board: 'operations',
  },
  EdgetwinEventLoopLate: {
    severity: 'warning',
    expr: 'nodejs_eventloop_lag_p99_seconds{job=~"md-manager|sdn-app|vmd"} > 0.25',
    for: '2m',
    summary: '{{ $labels.job }} at {{ $labels.instance }} is {{ $value | humanizeDuration }} late',
    says: 'The machine lacks processor time: hand-overs take longer, probes of hosts are not trusted.',
    board: 'operations',
  },
} as const satisfies Record<string, AlertRow>;

export type AlertName = keyof typeof ALERTS;
