/** A virtual function as we ship it: one machine with one cloud-init template. Descriptors of every release are made from it. */
export interface Vxf {
  /** `vmd`: the package is `vmd_vnf`, its service `vmd_ns`. */
  readonly name: string;
  readonly title: string;
  readonly vcpus: number;
  readonly memoryMb: number;
  readonly diskGb: number;
  /** Steps by which the service may scale beyond its first machine; 0: not at all. */
  readonly scaleOut: number;
  /** Words of the cloud-init template, each a value of the order (`additionalParamsForVnf`). */
  readonly params: Readonly<Record<string, string>>;
  /** What cloud-init writes and runs: settings of the services, and their units. */
  readonly files: readonly { readonly path: string; readonly mode: string; readonly lines: readonly string[] }[];
  readonly run: readonly string[];
}

/** Name of the VIM's image and of the one machine, interface and network in every package of ours. */
export const IMAGE = 'edgetwin-debian-12';
export const INTERFACE = 'eth0';
export const NETWORK = 'mgmtnet';
export const VERSION = '1.0';
export const PROVIDER = 'edgetwin';

export const vduOf = ({ name }: Vxf): string => `${name}-vm`;
export const vnfdOf = ({ name }: Vxf): string => `${name}_vnf`;
export const nsdOf = ({ name }: Vxf): string => `${name}_ns`;
export const scaleGroupOf = ({ name }: Vxf): string => `${name}_scale`;

/** An environment file of a unit: settings by their names (`EDGETWIN_…`). */
function settings(path: string, values: Readonly<Record<string, string>>): Vxf['files'][number] {
  return { path, mode: '0640', lines: Object.entries(values).map(([name, value]) => `${name}=${value}`) };
}

const STORE = {
  EDGETWIN_STORE_KIND: 'cassandra',
  EDGETWIN_CASSANDRA_CONTACT_POINTS: '{{ db_contact_points }}',
};
const STORE_PARAMS = { db_contact_points: 'address of a database node of this domain, or several with commas' };

/**
 * The paper's five functions (§V, with its sizes). The image holds edgetwin and its units (`edgetwin@.service`, made by the
 * roles in ansible/); cloud-init says who this machine is and starts the one that it is for.
 */
export const VXFS: readonly Vxf[] = [
  {
    name: 'vmd',
    title: 'vMD host: twins of vehicles at the edge',
    ...{ vcpus: 2, memoryMb: 1024, diskGb: 5, scaleOut: 4 },
    params: {
      host: 'name of this vMD host, <domain>/<index>',
      domain: 'domain of this vMD host',
      address: 'address of this machine, as the network’s plan says',
      manager_url: 'URL of md-manager',
      sdn_url: 'URL of sdn-app, or several with commas',
      slots: 'twins that this host carries at most',
      alias_prefix: 'first address of the aliases of vehicles',
      lease_ms: 'how long a lease of the manager holds at most',
      reports_per_s: 'reports a second of one vehicle at most; 0: no limit',
      bytes_per_s: 'bytes of reports a second of one vehicle at most; 0: no limit',
      observers: 'observers of the signals of one vehicle at most; 0: no limit',
      enrolment_token: 'token of one use by which md-manager knows that it ordered this host',
      ...STORE_PARAMS,
    },
    files: [
      settings('/etc/edgetwin/vmd.env', {
        EDGETWIN_HOST: '{{ host }}',
        EDGETWIN_DOMAIN: '{{ domain }}',
        EDGETWIN_ADDRESS: '{{ address }}',
        EDGETWIN_MANAGER: '{{ manager_url }}',
        EDGETWIN_SDN_URL: '{{ sdn_url }}',
        EDGETWIN_SLOTS: '{{ slots }}',
        EDGETWIN_ALIAS_PREFIX: '{{ alias_prefix }}',
        EDGETWIN_LEASE_MS: '{{ lease_ms }}',
        EDGETWIN_LIMITS_REPORTS_PER_S: '{{ reports_per_s }}',
        EDGETWIN_LIMITS_BYTES_PER_S: '{{ bytes_per_s }}',
        EDGETWIN_LIMITS_OBSERVERS: '{{ observers }}',
        EDGETWIN_ENROLMENT_TOKEN: '{{ enrolment_token }}',
        ...STORE,
      }),
    ],
    run: ['systemctl enable --now edgetwin@vmd.service'],
  },
  {
    name: 'db',
    title: 'database node of a domain (Apache Cassandra)',
    ...{ vcpus: 2, memoryMb: 1024, diskGb: 5, scaleOut: 2 },
    params: { domain: 'domain, and name of the datacentre', db_seeds: 'addresses of nodes that are there already' },
    files: [
      { path: '/etc/cassandra/cassandra-rackdc.properties', mode: '0644', lines: ['dc={{ domain }}', 'rack=r1'] },
      settings('/etc/edgetwin/db.env', { CASSANDRA_SEEDS: '{{ db_seeds }}' }),
    ],
    run: ['systemctl enable --now cassandra.service'],
  },
  {
    name: 'manager',
    title: 'md-manager: registration, pools, hand-over',
    ...{ vcpus: 2, memoryMb: 2048, diskGb: 5, scaleOut: 2 },
    params: {
      listen: 'ADDRESS:PORT of its API',
      sdn_url: 'URL of sdn-app',
      pool_size: 'hosts per domain, as the setting pool.size',
      hosts_from: 'first address of vMD hosts, or <domain>=<address> of each domain with commas',
      osm_url: 'northbound interface of the orchestrator',
      osm_vims: 'VIM account of each domain, <domain>=<name> with commas',
      ...STORE_PARAMS,
    },
    files: [
      settings('/etc/edgetwin/md-manager.env', {
        EDGETWIN_LISTEN: '{{ listen }}',
        EDGETWIN_SDN_URL: '{{ sdn_url }}',
        EDGETWIN_POOL_SIZE: '{{ pool_size }}',
        EDGETWIN_HOSTS_FROM: '{{ hosts_from }}',
        EDGETWIN_MANO: 'osm',
        EDGETWIN_OSM_URL: '{{ osm_url }}',
        EDGETWIN_OSM_VIMS: '{{ osm_vims }}',
        // Part of the image, or brought by the roles in ansible/: secrets are no parameters of an order.
        EDGETWIN_OSM_PASSWORD_FILE: '/etc/edgetwin/osm.password',
        ...STORE,
      }),
    ],
    run: ['systemctl enable --now edgetwin@md-manager.service'],
  },
  {
    name: 'analytics',
    title: 'data analytics: history, roll-ups, REST',
    ...{ vcpus: 2, memoryMb: 2048, diskGb: 10, scaleOut: 2 },
    params: { listen: 'ADDRESS:PORT of REST and fleet page', manager_url: 'URL of md-manager', ...STORE_PARAMS },
    files: [
      settings('/etc/edgetwin/analytics.env', {
        EDGETWIN_LISTEN: '{{ listen }}',
        EDGETWIN_MANAGER_URL: '{{ manager_url }}',
        // Brought by the roles in ansible/.
        EDGETWIN_TOPOLOGY: '/etc/edgetwin/topology.yaml',
        // Below the unit's StateDirectory: a cache of history, made anew where it is lost.
        EDGETWIN_ROLLUPS_PATH: '/var/lib/edgetwin/rollups',
        ...STORE,
      }),
    ],
    run: ['systemctl enable --now edgetwin@analytics.service'],
  },
  {
    name: 'monitoring',
    title: 'monitoring: Prometheus and Grafana with the fleet dashboards',
    ...{ vcpus: 8, memoryMb: 8192, diskGb: 40, scaleOut: 0 },
    params: { scrape_targets: 'addresses of the services to scrape, with commas', analytics_url: 'URL of analytics' },
    files: [
      settings('/etc/edgetwin/monitoring.env', {
        SCRAPE_TARGETS: '{{ scrape_targets }}',
        ANALYTICS_URL: '{{ analytics_url }}',
      }),
    ],
    run: ['systemctl enable --now prometheus.service grafana-server.service'],
  },
];

/** The package of a name. */
export function vxfOf(name: string): Vxf | undefined {
  return VXFS.find(vxf => vxf.name === name);
}
