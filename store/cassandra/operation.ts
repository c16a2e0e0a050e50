export type Consistency = 'ONE' | 'LOCAL_ONE' | 'LOCAL_QUORUM' | 'QUORUM' | 'SERIAL';

export interface Operation {
  readonly keyspace: 'twin' | 'control';
  /** `cas`: a lightweight transaction. It is never repeated by the driver: its outcome would be that of the repetition. */
  readonly kind: 'read' | 'write' | 'cas';
  readonly consistency: Consistency;
  /** Of the Paxos round of a `cas`. */
  readonly serial?: 'SERIAL';
  /** How long one coordinator is waited for, milliseconds. */
  readonly timeoutMs: number;
  readonly why: string;
}
