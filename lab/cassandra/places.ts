import type { ChildProcess, SpawnOptions } from 'node:child_process';

/** Where the nodes of a cluster run, and what is between them. */
export interface Places extends AsyncDisposable {
  /** Where a domain's node speaks to the others. */
  addressOf(domain: string): string;
  /** Where it waits for clients. */
  rpcAddressOf(domain: string): string;
  /** Where clients find it: an address of the machine's loopback. */
  contactAddressOf(domain: string): string;
  /** A free port for the node's JMX. */
  jmxPort(): Promise<number>;
  /** Starts a program beside the domain's node. */
  exec(domain: string, argv: readonly string[], options: SpawnOptions): ChildProcess;
  /** No packet passes between two nodes, either way, until healed. LAB_FAILED where links cannot be cut. */
  cut(a: string, b: string): Promise<void>;
  heal(a: string, b: string): Promise<void>;
}
