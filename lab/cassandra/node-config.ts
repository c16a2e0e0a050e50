import { stringify } from 'yaml';

/** What one node of a lab cluster is told, as files and words. Pure. REAL-PARTS §10: measured with Cassandra 5.0.9. */

/** `periodic` loses acknowledged rows when a node is killed; it is here for tests of who refuses it. */
export type CommitlogSync = 'batch' | 'group' | 'periodic';

export interface NodePlan {
  readonly cluster: string;
  /** Name of the datacentre, which is the name of the domain. */
  readonly domain: string;
  /** Of all nodes, each in its datacentre; a node's own is `index`. */
  readonly nodes: number;
  readonly index: number;
  /** Where nodes speak to one another. */
  readonly address: string;
  readonly seeds: readonly string[];
  /** Where the node waits for clients, and the address that clients are told. */
  readonly rpcAddress: string;
  readonly contactAddress: string;
  readonly folder: string;
  readonly dataFolder: string;
  readonly commitlogSync: CommitlogSync;
  readonly hintWindowMs: number;
  readonly password: boolean;
  readonly tls: { readonly keystore: string; readonly truststore: string; readonly password: string } | undefined;
  /** More of cassandra.yaml, by its own names. */
  readonly more: Readonly<Record<string, unknown>>;
}

export const CQL_PORT = 9042;

const RING = 2n ** 64n;
/** What Cassandra 5.0.9 measures of a row in a table in memory, on Java 17. */
const ROW_OVERHEAD_BYTES = 180;

/** One token a node, evenly spread: every node of the same plan gets the same one at each start. */
export const tokenOf = (index: number, nodes: number): bigint =>
  (RING * BigInt(2 * index + 1)) / BigInt(2 * nodes) - RING / 2n;

/** The text of cassandra.yaml. */
export function cassandraYaml(plan: NodePlan): string {
  return stringify({
    cluster_name: plan.cluster,
    partitioner: 'org.apache.cassandra.dht.Murmur3Partitioner',
    num_tokens: 1,
    initial_token: String(tokenOf(plan.index, plan.nodes)),
    // All nodes of a cluster start at once and empty: there is nothing to stream.
    auto_bootstrap: false,
    endpoint_snitch: 'GossipingPropertyFileSnitch',
    dynamic_snitch: false,
    seed_provider: [
      {
        class_name: 'org.apache.cassandra.locator.SimpleSeedProvider',
        parameters: [{ seeds: plan.seeds.join(',') }],
      },
    ],
    listen_address: plan.address,
    storage_port: 7000,
    rpc_address: plan.rpcAddress,
    broadcast_rpc_address: plan.contactAddress,
    start_native_transport: true,
    native_transport_port: CQL_PORT,
    ...folders(plan.dataFolder),
    ...syncing(plan.commitlogSync),
    commitlog_segment_size: '8MiB',
    commitlog_total_space: '64MiB',
    memtable_allocation_type: 'heap_buffers',
    memtable_heap_space: '48MiB',
    file_cache_size: '32MiB',
    networking_cache_size: '16MiB',
    concurrent_compactors: 1,
    phi_convict_threshold: 5,
    max_hint_window: `${plan.hintWindowMs}ms`,
    hints_flush_period: '1000ms',
    auto_snapshot: false,
    // A node that cannot write says so to nobody it serves: it leaves, and its domain's services see it away.
    disk_failure_policy: 'stop',
    commit_failure_policy: 'stop',
    storage_compatibility_mode: 'NONE',
    // One round less for each conditional write, and reads at SERIAL without a write.
    paxos_variant: 'v2',
    ...(plan.password ? passwords : {}),
    ...(plan.tls === undefined ? {} : encryption(plan.tls)),
    ...plan.more,
  });
}

const folders = (data: string) => ({
  data_file_directories: [`${data}/data`],
  commitlog_directory: `${data}/commitlog`,
  saved_caches_directory: `${data}/saved_caches`,
  hints_directory: `${data}/hints`,
});

function syncing(sync: CommitlogSync): Readonly<Record<string, unknown>> {
  if (sync === 'periodic') return { commitlog_sync: sync, commitlog_sync_period: '10000ms' };
  if (sync === 'group') return { commitlog_sync: sync, commitlog_sync_group_window: '5ms' };
  return { commitlog_sync: sync };
}

const passwords = {
  authenticator: 'PasswordAuthenticator',
  authorizer: 'CassandraAuthorizer',
  role_manager: 'CassandraRoleManager',
};

function encryption({ keystore, truststore, password }: NonNullable<NodePlan['tls']>) {
  const stores = {
    // Or it would still take plain connections.
    optional: false,
    keystore,
    keystore_password: password,
    truststore,
    truststore_password: password,
    store_type: 'PKCS12',
    require_client_auth: true,
  };
  return {
    server_encryption_options: { internode_encryption: 'all', ...stores },
    client_encryption_options: { enabled: true, ...stores },
  };
}

export const rackProperties = ({ domain }: Pick<NodePlan, 'domain'>): string => `dc=${domain}\nrack=r1\n`;

/** Everything to standard output, which is the node's log file. */
export const LOGBACK = `<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d{HH:mm:ss.SSS} %-5level %logger{0} %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="OUT"/></root>
</configuration>
`;

/** Without these it dies with ExceptionInInitializerError on Java 17; nodetool needs them as well. */
const OPENED = [
  ...[
    'java.base/sun.nio.ch',
    'java.base/jdk.internal.ref',
    'java.base/jdk.internal.misc',
    'java.rmi/sun.rmi.registry',
  ].map(name => ['--add-exports', `${name}=ALL-UNNAMED`]),
  ...['java.base/java.lang', 'java.base/java.io', 'java.base/sun.nio.ch'].map(name => [
    '--add-opens',
    `${name}=ALL-UNNAMED`,
  ]),
].flat();

/** A file of loaded classes: one that the Java machine maps at its start, or that it writes at its end. */
export interface ClassArchive {
  readonly file: string;
  readonly is: 'used' | 'made';
}

/** Which collector there is belongs to what an archive has to fit. */
export const sharedClassesWords = (jars: string, archive: ClassArchive | undefined): string[] => [
  '-XX:+UseSerialGC',
  ...(archive === undefined
    ? []
    : [`-XX:${archive.is === 'used' ? 'SharedArchiveFile' : 'ArchiveClassesAtExit'}=${archive.file}`]),
  ...['-cp', `${jars}/*`],
];

/** The Java machine of a node. */
export interface MachinePlan {
  readonly jars: string;
  readonly archive: ClassArchive | undefined;
  readonly jmxPort: number;
  readonly heapMb: number;
}

/** Words that start the node, `java` first. */
export function daemonWords(plan: NodePlan, { jars, archive, jmxPort, heapMb }: MachinePlan): string[] {
  const conf = `${plan.folder}/conf`;
  return [
    'java',
    ...[`-Xms${heapMb}m`, `-Xmx${heapMb}m`, '-Xss384k', '-XX:TieredStopAtLevel=1'],
    ...['-XX:MaxDirectMemorySize=128m', '-XX:+ExitOnOutOfMemoryError', '-XX:+PerfDisableSharedMem'],
    ...OPENED,
    ...['-Djava.net.preferIPv4Stack=true', '-Dio.netty.tryReflectionSetAccessible=true', '-Dcassandra-foreground=yes'],
    // A lab's nodes are started together and are of one version: nothing has to settle first.
    ...['-Dcassandra.skip_wait_for_gossip_to_settle=0', '-Dcassandra.ring_delay_ms=100'],
    // By Cassandra's own rule it follows from the ring delay: half of it, 100 ms, is how long a node that is still joining may be silent
    // before others forget it, and nodes speak once a second. Two that join at once would forget each other for good.
    '-Dcassandra.gossip_quarantine_delay_ms=60000',
    ...['-Dcassandra.superuser_setup_delay_ms=0', '-Dcassandra.available_processors=2'],
    // What it would find out by making 100,000 rows, which takes a third of its start.
    `-Dcassandra.memtable.row_overhead_size=${ROW_OVERHEAD_BYTES}`,
    `-Dcassandra.jmx.local.port=${jmxPort}`,
    `-Dcassandra.config=file://${conf}/cassandra.yaml`,
    `-Dcassandra-rackdc.properties=file://${conf}/cassandra-rackdc.properties`,
    `-Dlogback.configurationFile=${conf}/logback.xml`,
    `-Dcassandra.storagedir=${plan.dataFolder}`,
    ...sharedClassesWords(jars, archive),
    'org.apache.cassandra.service.CassandraDaemon',
  ];
}

/** Words that run nodetool beside the node. It writes its history into the home of its user: here, the node's folder. */
export function nodetoolWords(
  plan: NodePlan,
  { jars, archive, jmxPort }: Pick<MachinePlan, 'jars' | 'archive' | 'jmxPort'>,
  argv: readonly string[],
): string[] {
  return [
    ...['java', '-Xmx64m', '-XX:TieredStopAtLevel=1', '-XX:+PerfDisableSharedMem', ...OPENED],
    ...[`-Duser.home=${plan.folder}`, `-Dcassandra.storagedir=${plan.folder}`],
    `-Dlogback.configurationFile=${plan.folder}/conf/logback-tools.xml`,
    ...sharedClassesWords(jars, archive),
    ...['org.apache.cassandra.tools.NodeTool', '-h', '127.0.0.1', '-p', String(jmxPort), ...argv],
  ];
}

/** nodetool's own words are its answer: a line of a log among them would be taken for one. */
export const LOGBACK_TOOLS = '<configuration><root level="OFF"/></configuration>\n';

/**
 * Which nodes have which version of the schema, as a node sees it (`nodetool describecluster`): addresses by version, those that
 * it cannot reach under UNREACHABLE.
 */
export function schemaVersions(described: string): ReadonlyMap<string, readonly string[]> {
  const found = described.matchAll(/^\s*([0-9a-f-]{36}|UNREACHABLE): \[([^\]]*)\]/gm);
  return new Map([...found].map(([, version = '', addresses = '']) => [version, addresses.split(/,\s*/)]));
}
