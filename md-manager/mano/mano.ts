import type { HostRef } from '../../protocol/api/common.js';

/** What starts and stops vMD hosts (DESIGN §4): local processes here, Open Source MANO elsewhere. */

export interface Instance {
  /** `<domain>/<index>`. */
  readonly host: string;
  readonly domain: string;
  readonly address: string;
  /** Absent where it has none. */
  readonly address6?: string | undefined;
  readonly port: number;
  readonly control: string;
  /** 0 where it is no process of this machine. */
  readonly pid: number;
  readonly startTicks: number;
  /** What the host shows with its hello where pid and start cannot be known before: it is the one that was ordered. */
  readonly enrolment?: string | undefined;
}

/** `instance-unknown`: it runs, and nobody here knows it; `instance-gone`: the store names it, and it does not run. */
export interface ManoFinding {
  readonly finding: 'instance-unknown' | 'instance-gone';
  readonly host: string;
  readonly did: 'ended' | 'forgotten' | 'failed';
}

/**
 * Instances outlive whoever ordered them: closing a Mano stops none. Each is in the control store before it is used, so
 * that the next manager finds it.
 */
export interface Mano extends AsyncDisposable {
  /** Instances that an earlier manager started and that still live; rows of others are removed. Once, at the start. */
  adopt(): Promise<readonly Instance[]>;
  list(): readonly Instance[];
  /** Where an instance of this name is or was; it may be gone. */
  placeOf(host: string): Omit<Instance, 'pid' | 'startTicks'>;
  /** Resolves once the instance exists; the host itself says when it is ready. MANO_FAILED where it cannot be had. */
  start(domain: string): Promise<Instance>;
  /** Resolves once it is gone for sure; one that is gone already is no fault. `now`: without asking it first. */
  stop(host: string, how: 'gently' | 'now'): Promise<void>;
  /** Compares the store with what runs, on both sides: ends what nobody here knows, forgets what is gone. Resolves with what it found. */
  reconcile(): Promise<readonly ManoFinding[]>;
  /** Calls for each instance that is gone for sure, whoever ended it. The returned function ends it. */
  onGone(listener: (host: string) => void): () => void;
}

export function refOf(instance: Instance): HostRef {
  const { host, domain, address, address6, port, control } = instance;
  return { host, domain, address, ...(address6 === undefined ? {} : { address6 }), port, control };
}
