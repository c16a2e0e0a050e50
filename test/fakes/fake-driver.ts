import type { Driver, DriverNode, ExecuteOptions, Row } from '../../store/cassandra/driver.js';

export interface Executed {
  readonly cql: string;
  readonly params: readonly unknown[];
  readonly options: ExecuteOptions;
}

export interface FakeDriver extends Driver {
  /** What was asked, beside questions for `commitlog_sync`. */
  readonly executed: Executed[];
  /** The rows of each batch; they are in `executed`, too. */
  readonly batches: (readonly (readonly unknown[])[])[];
  closed: boolean;
  /** Sets a node, and tells who listens. */
  setNode(node: DriverNode, commitlogSync?: string): void;
  /** Says how what is not a question for `commitlog_sync` is answered. */
  answer(how: (executed: Executed) => Promise<{ readonly rows: readonly Row[]; readonly pageState?: string }>): void;
  replicas: Record<string, Record<string, number>>;
}

/** A driver without a cluster: nodes of datacentre `edge-1`, one at first, with batch commit logs. */
export function fakeDriver(): FakeDriver {
  const nodes = new Map<string, DriverNode>();
  const syncs = new Map<string, string>();
  const listeners: (() => void)[] = [];
  let how: Parameters<FakeDriver['answer']>[0] = () => Promise.resolve({ rows: [] });
  const driver: FakeDriver = {
    executed: [],
    batches: [],
    closed: false,
    replicas: {},
    setNode(node, commitlogSync = 'batch') {
      nodes.set(node.address, node);
      syncs.set(node.address, commitlogSync);
      for (const listener of listeners) listener();
    },
    answer: given => void (how = given),
    execute(cql, params, options) {
      if (cql.includes('commitlog_sync')) return Promise.resolve({ rows: [{ value: syncs.get(options.node ?? '') }] });
      const executed = { cql, params, options };
      driver.executed.push(executed);
      return how(executed);
    },
    async together(cql, rows, options) {
      driver.batches.push(rows);
      for (const params of rows) await driver.execute(cql, params, options);
    },
    nodes: () => [...nodes.values()],
    replication: keyspace => driver.replicas[keyspace],
    onNodes: listener => void listeners.push(listener),
    close: () => {
      driver.closed = true;
      return Promise.resolve();
    },
  };
  driver.setNode({ address: '127.0.0.1:9042', datacentre: 'edge-1', up: true });
  return driver;
}

/** An error as the driver gives it, by name and code of the native protocol. */
export const driverError = (name: string, code?: number): Error =>
  Object.assign(new Error(`${name} of the driver`), { name, ...(code === undefined ? {} : { code }) });
