import type { Consistency, Operation } from './operation.js';
import { CONTROL_OPERATIONS } from './control/operations.js';

/**
 * Which consistency each operation on Cassandra has, and why: one table, from which statements are made and the page in
 * `docs/` is generated. LOCAL_SERIAL does not exclude across datacentres, so that it is not among the levels.
 */
export const OPERATIONS = {
  // twin: hot path, in the local datacentre alone
  'history.append': {
    keyspace: 'twin',
    kind: 'write',
    consistency: 'LOCAL_QUORUM',
    timeoutMs: 1_900,
    why: 'the acknowledgement of a report: on disk at a majority of the domain’s replicas, no other domain is waited for',
  },
  'history.append-replicated': {
    keyspace: 'twin',
    kind: 'write',
    consistency: 'QUORUM',
    timeoutMs: 3_000,
    why: 'the same under `ack: replicated`: no datacentre holds a majority of all replicas, so that one of another domain has it',
  },
  'history.day': {
    keyspace: 'twin',
    kind: 'write',
    consistency: 'LOCAL_QUORUM',
    timeoutMs: 1_900,
    why: 'that a vehicle has reports of a day: as durable as they are, and before them',
  },
  'history.day-replicated': {
    keyspace: 'twin',
    kind: 'write',
    consistency: 'QUORUM',
    timeoutMs: 3_000,
    why: 'the same under `ack: replicated`',
  },
  'history.days': {
    keyspace: 'twin',
    kind: 'read',
    consistency: 'LOCAL_QUORUM',
    timeoutMs: 5_000,
    why: 'meets every acknowledged row of this domain',
  },
  'history.read': {
    keyspace: 'twin',
    kind: 'read',
    consistency: 'LOCAL_QUORUM',
    timeoutMs: 5_000,
    why: 'meets every acknowledged row of this domain',
  },
  'history.scan': {
    keyspace: 'twin',
    kind: 'read',
    consistency: 'LOCAL_QUORUM',
    timeoutMs: 30_000,
    why: 'audit and export count what is acknowledged in this domain',
  },
  'live.put': {
    keyspace: 'twin',
    kind: 'write',
    consistency: 'LOCAL_ONE',
    timeoutMs: 1_900,
    why: 'a cache of history, off the path of the acknowledgement; its own time stamps order it',
  },
  'live.read': {
    keyspace: 'twin',
    kind: 'read',
    consistency: 'LOCAL_QUORUM',
    timeoutMs: 2_000,
    why: 'a single replica may have missed the newest cell for as long as a hint takes',
  },
  'live.vehicles': {
    keyspace: 'twin',
    kind: 'read',
    consistency: 'LOCAL_ONE',
    timeoutMs: 30_000,
    why: 'a list of names; the next time has who was missed',
  },
  'marker.write': {
    keyspace: 'twin',
    kind: 'write',
    consistency: 'LOCAL_QUORUM',
    timeoutMs: 1_900,
    why: 'goes the way of a report, so that how late it is elsewhere is how late reports are',
  },
  'marker.read': {
    keyspace: 'twin',
    kind: 'read',
    consistency: 'LOCAL_QUORUM',
    timeoutMs: 1_900,
    why: 'sees what a reader of reports here would see',
  },
  // control, as twins see it
  'device.copy': {
    keyspace: 'control',
    kind: 'read',
    consistency: 'LOCAL_ONE',
    timeoutMs: 2_000,
    why: 'never changes after registration; a host may meet it late, and asks again',
  },
  'device.copy-elsewhere': {
    keyspace: 'control',
    kind: 'read',
    consistency: 'ONE',
    timeoutMs: 2_000,
    why: 'the same in a domain that is no control domain: the local node asks a replica elsewhere',
  },
  // control, as md-manager has it
  ...CONTROL_OPERATIONS,
} as const satisfies Readonly<Record<string, Operation>>;

export type OperationName = keyof typeof OPERATIONS;

/** A statement that is prepared once per node. In `cql`, `{twin}` and `{control}` stand for the keyspaces. */
export interface Statement {
  readonly name: OperationName;
  readonly cql: string;
  readonly consistency: Consistency;
  readonly serial?: 'SERIAL';
  readonly timeoutMs: number;
  readonly kind: Operation['kind'];
}

/** The statement of an operation: what the table says about it, with its CQL. */
export function statement(name: OperationName, cql: string): Statement {
  const { kind, consistency, timeoutMs, serial }: Operation = OPERATIONS[name];
  return { name, cql, kind, consistency, timeoutMs, ...(serial === undefined ? {} : { serial }) };
}

/** `{twin}` and `{control}` replaced by the keyspaces of `prefix`. */
export const inKeyspaces = (cql: string, prefix: string): string =>
  cql.replaceAll('{twin}', `${prefix}_twin`).replaceAll('{control}', `${prefix}_control`);
