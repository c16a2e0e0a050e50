import { readFile } from 'node:fs/promises';
import type { ConnectionOptions } from 'node:tls';
import cassandra from 'cassandra-driver';
import { messageOf } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';
import type { Consistency } from './operation.js';

export interface DriverSettings {
  /** `host` or `host:port` of nodes. */
  readonly contactPoints: readonly string[];
  /** The local datacentre: the only one whose nodes are ever asked. Absent for administration, which asks any node. */
  readonly datacentre?: string;
  readonly user?: string | undefined;
  readonly passwordFile?: string | undefined;
  /** PEM files. With `ca` the nodes are spoken to by TLS, with `cert` and `key` they know us by it, too. */
  readonly tls?: {
    readonly ca: string;
    readonly cert?: string | undefined;
    readonly key?: string | undefined;
  };
}

export interface CassandraSettings extends DriverSettings {
  readonly datacentre: string;
  /** Prefix of both keyspaces. */
  readonly keyspace: string;
}

export type Row = Readonly<Record<string, unknown>>;

export interface DriverNode {
  readonly address: string;
  readonly datacentre: string;
  readonly up: boolean;
}

export interface ExecuteOptions {
  /** `ALL`: administration alone. */
  readonly consistency: Consistency | 'ALL';
  readonly serial?: 'SERIAL';
  readonly timeoutMs: number;
  readonly prepare: boolean;
  /** Whether the driver may send it to two nodes, or again. */
  readonly repeatable: boolean;
  /** At this node alone. */
  readonly node?: string;
  readonly pageRows?: number;
  readonly pageState?: string;
}

/** A connected driver, as far as a session needs one. */
export interface Driver {
  execute(
    cql: string,
    params: readonly unknown[],
    options: ExecuteOptions,
  ): Promise<{ readonly rows: readonly Row[]; readonly pageState?: string | undefined }>;
  /** One write of one partition, all of it or nothing: the statement once for each of `rows`. */
  together(cql: string, rows: readonly (readonly unknown[])[], options: ExecuteOptions): Promise<void>;
  /** Every node of the cluster that is known. */
  nodes(): readonly DriverNode[];
  /** How many replicas each datacentre has of a keyspace; `undefined` where there is no such keyspace. */
  replication(keyspace: string): Readonly<Record<string, number>> | undefined;
  /** Called whenever a node came, went, or was seen up or down. */
  onNodes(listener: () => void): void;
  close(): Promise<void>;
}

const LEVEL = {
  ONE: cassandra.types.consistencies.one,
  LOCAL_ONE: cassandra.types.consistencies.localOne,
  LOCAL_QUORUM: cassandra.types.consistencies.localQuorum,
  QUORUM: cassandra.types.consistencies.quorum,
  SERIAL: cassandra.types.consistencies.serial,
  ALL: cassandra.types.consistencies.all,
} as const satisfies Record<Consistency | 'ALL', number>;

const CONNECT_TIMEOUT_MS = 3_000;
/** An idle connection is tried this often, so that a node that is gone without a word is noticed. */
const HEARTBEAT_MS = 5_000;
/** Requests in a row without an answer after which a connection is given up. */
const DEFUNCT_TIMEOUTS = 16;
/** A second node is asked when the first has not answered by then. */
const SPECULATE_AFTER_MS = 250;
const RECONNECT = { firstMs: 250, maxMs: 5_000 } as const;
/** A page of a node's answer may be late once; what matters is that the client gives up before the coordinator's caller does. */
const ANY_TIMEOUT_MS = 5_000;

const NODE_EVENTS = ['hostAdd', 'hostRemove', 'hostUp', 'hostDown'] as const;

async function pem(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw fault('CONFIG_INVALID', `${path}: ${messageOf(cause)}`, { cause });
  }
}

async function sslOptions(tls: NonNullable<DriverSettings['tls']>): Promise<ConnectionOptions> {
  return {
    ca: await pem(tls.ca),
    ...(tls.cert === undefined ? {} : { cert: await pem(tls.cert) }),
    ...(tls.key === undefined ? {} : { key: await pem(tls.key) }),
    // A node's certificate has to name the address that it is reached at, as a subject alternative name.
    rejectUnauthorized: true,
  };
}

/** What the driver keeps to itself and needs here: who looks for nodes, and the nodes that it found. */
interface Inner {
  readonly controlConnection: {
    shutdown(): void;
    readonly hosts: { values(): readonly { shutdown(waitForPending: boolean): Promise<void> }[] };
  };
}

/** What a connection attempt of the driver may take, and the answer that it waits for. */
const STRAGGLE_MS = CONNECT_TIMEOUT_MS + ANY_TIMEOUT_MS;

/**
 * Ends a client for good. The driver (4.10) goes on in the background with a look at the cluster that it has begun, also of a client
 * that never connected: nodes that it finds then would be connected to again and again for ever. So what is there is shut down now, and
 * what came meanwhile once more.
 */
async function abandon(client: cassandra.Client): Promise<void> {
  await client.shutdown();
  const { controlConnection } = client as unknown as Inner;
  const end = async (): Promise<void> => {
    controlConnection.shutdown();
    await Promise.allSettled(controlConnection.hosts.values().map(host => host.shutdown(false)));
  };
  await end();
  setTimeout(() => void end(), STRAGGLE_MS).unref();
}

/** Connects, or rejects with what the driver reports; files that cannot be read are CONFIG_INVALID. */
export async function connectDriver(settings: DriverSettings): Promise<Driver> {
  const { contactPoints, datacentre, user, passwordFile, tls } = settings;
  const { loadBalancing, reconnection, speculativeExecution } = cassandra.policies;
  const client = new cassandra.Client({
    contactPoints: [...contactPoints],
    ...(datacentre === undefined ? {} : { localDataCenter: datacentre }),
    ...(user === undefined || passwordFile === undefined
      ? {}
      : { credentials: { username: user, password: (await pem(passwordFile)).toString().trim() } }),
    ...(tls === undefined ? {} : { sslOptions: await sslOptions(tls) }),
    encoding: { useBigIntAsLong: true },
    policies: {
      loadBalancing:
        datacentre === undefined
          ? new loadBalancing.RoundRobinPolicy()
          : // Neither of the two ever names a node of another datacentre.
            new loadBalancing.TokenAwarePolicy(new loadBalancing.DCAwareRoundRobinPolicy(datacentre)),
      reconnection: new reconnection.ExponentialReconnectionPolicy(RECONNECT.firstMs, RECONNECT.maxMs, false),
      speculativeExecution: new speculativeExecution.ConstantSpeculativeExecutionPolicy(SPECULATE_AFTER_MS, 1),
    },
    pooling: { heartBeatInterval: HEARTBEAT_MS },
    socketOptions: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      defunctReadTimeoutThreshold: DEFUNCT_TIMEOUTS,
      readTimeout: ANY_TIMEOUT_MS,
    },
    queryOptions: { captureStackTrace: false },
  });
  try {
    await client.connect();
  } catch (error) {
    await abandon(client);
    throw error;
  }
  return new ConnectedDriver(client);
}

class ConnectedDriver implements Driver {
  readonly #client: cassandra.Client;
  readonly #never = new cassandra.policies.retry.FallthroughRetryPolicy();

  constructor(client: cassandra.Client) {
    this.#client = client;
  }

  async execute(
    cql: string,
    params: readonly unknown[],
    options: ExecuteOptions,
  ): Promise<{ readonly rows: readonly Row[]; readonly pageState?: string | undefined }> {
    const { consistency, serial, timeoutMs, prepare, repeatable, node, pageRows, pageState } = options;
    const result = await this.#client.execute(cql, params as unknown[], {
      consistency: LEVEL[consistency],
      prepare,
      isIdempotent: repeatable,
      readTimeout: timeoutMs,
      ...(repeatable ? {} : { retry: this.#never }),
      ...(serial === undefined ? {} : { serialConsistency: LEVEL[serial] }),
      ...(node === undefined ? {} : { host: this.#host(node) }),
      ...(pageRows === undefined ? {} : { fetchSize: pageRows }),
      ...(pageState === undefined ? {} : { pageState }),
    });
    // Without rows (a write) the driver has no array.
    return { rows: (result.rows as readonly Row[] | undefined) ?? [], pageState: result.pageState };
  }

  async together(cql: string, rows: readonly (readonly unknown[])[], options: ExecuteOptions): Promise<void> {
    const { consistency, timeoutMs, prepare, repeatable } = options;
    await this.#client.batch(
      rows.map(params => ({ query: cql, params: params as unknown[] })),
      // In one partition a batch is one mutation: a log of it would only be written in vain.
      { consistency: LEVEL[consistency], prepare, isIdempotent: repeatable, readTimeout: timeoutMs, logged: false },
    );
  }

  #host(address: string): cassandra.Host {
    const found = this.#client.hosts.values().find(host => host.address === address);
    if (found === undefined) throw fault('STORE_AWAY', `no node at ${address} is known`);
    return found;
  }

  nodes(): readonly DriverNode[] {
    return this.#client.hosts
      .values()
      .map(host => ({ address: host.address, datacentre: host.datacenter, up: host.isUp() }));
  }

  replication(keyspace: string): Readonly<Record<string, number>> | undefined {
    const keyspaces = this.#client.metadata.keyspaces as Readonly<
      Record<string, { readonly strategyOptions?: Readonly<Record<string, unknown>> | undefined } | undefined>
    >;
    const found = keyspaces[keyspace];
    if (found === undefined) return undefined;
    const counts = Object.entries(found.strategyOptions ?? {}).map(([name, count]) => [name, Number(count)] as const);
    return Object.fromEntries(counts.filter(([, count]) => Number.isFinite(count)));
  }

  onNodes(listener: () => void): void {
    for (const event of NODE_EVENTS) this.#client.on(event, listener);
  }

  async close(): Promise<void> {
    await abandon(this.#client);
  }
}
