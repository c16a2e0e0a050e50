import { delay } from '../../common/clock.js';
import type { Resources } from '../../common/lifecycle.js';
import { fault } from '../../protocol/errors.js';
import type { Login } from './administrator.js';
import type { ClientKeys } from './cql-probe.js';
import type { CassandraNode, LabNode } from './node.js';

const SETTLED_MS = 120_000;
const POLL_MS = 200;

/** A real Cassandra cluster on this machine, of one node in each datacentre; several may run at once. */
export interface Cluster extends AsyncDisposable {
  readonly folder: string;
  readonly datacentres: readonly string[];
  readonly nodes: readonly CassandraNode[];
  /** With `tls`: PEM files for clients. */
  readonly tls: ClientKeys | undefined;
  /** With `password`: a superuser. */
  readonly admin: Login | undefined;
  node(domain: string): CassandraNode;
  /** With `namespaces`: no packet passes between two nodes, either way, until healed. */
  cut(a: string, b: string): Promise<void>;
  heal(a: string, b: string): Promise<void>;
  /** The same between one node and every other; `rejoin` leaves what is cut off itself. */
  cutOff(domain: string): Promise<void>;
  rejoin(domain: string): Promise<void>;
  /** Resolves once all nodes that run, and are not cut from one another, know that, and have one schema. */
  settled(timeoutMs?: number): Promise<void>;
}

/** What a cluster is built of. */
export interface ClusterParts {
  readonly folder: string;
  readonly datacentres: readonly string[];
  readonly nodes: readonly LabNode[];
  readonly tls: ClientKeys | undefined;
  cut(a: string, b: string): Promise<void>;
  heal(a: string, b: string): Promise<void>;
}

export class LabCluster implements Cluster {
  readonly #parts: ClusterParts;
  readonly #resources: Resources;
  readonly #cuts = new Set<string>();
  /** Domains that are cut off from all others: two of them may be at once, and one of them comes back first. */
  readonly #off = new Set<string>();
  #admin: Login | undefined;

  constructor(parts: ClusterParts, resources: Resources) {
    this.#parts = parts;
    this.#resources = resources;
  }

  get folder(): string {
    return this.#parts.folder;
  }

  get datacentres(): readonly string[] {
    return this.#parts.datacentres;
  }

  get nodes(): readonly CassandraNode[] {
    return this.#parts.nodes;
  }

  get tls(): ClientKeys | undefined {
    return this.#parts.tls;
  }

  get admin(): Login | undefined {
    return this.#admin;
  }

  node(domain: string): LabNode {
    const found = this.#parts.nodes.find(node => node.domain === domain);
    if (found === undefined) throw fault('LAB_FAILED', `there is no node of '${domain}'`);
    return found;
  }

  async cut(a: string, b: string): Promise<void> {
    await this.#parts.cut(this.node(a).domain, this.node(b).domain);
    this.#cuts.add(pair(a, b));
  }

  async heal(a: string, b: string): Promise<void> {
    await this.#parts.heal(this.node(a).domain, this.node(b).domain);
    this.#cuts.delete(pair(a, b));
  }

  async cutOff(domain: string): Promise<void> {
    this.#off.add(domain);
    await Promise.all(this.#others(domain).map(other => this.cut(domain, other)));
  }

  async rejoin(domain: string): Promise<void> {
    this.#off.delete(domain);
    const others = this.#others(domain).filter(other => !this.#off.has(other));
    await Promise.all(others.map(other => this.heal(domain, other)));
  }

  async settled(timeoutMs = SETTLED_MS): Promise<void> {
    const endMs = performance.now() + timeoutMs;
    await Promise.all(
      this.#parts.nodes.map(async node => {
        while (!(await this.#isSettled(node))) {
          if (performance.now() > endMs)
            throw fault('LAB_FAILED', `the node of ${node.domain} does not see all others`);
          await delay(POLL_MS);
        }
      }),
    );
  }

  /** Who runs and who is cut off may change meanwhile, as where several things happen to a cluster at once. */
  async #isSettled(node: LabNode): Promise<boolean> {
    if (node.state !== 'running') return true;
    return node.agreesWith(
      this.#parts.nodes.filter(other => other.state === 'running' && !this.#cuts.has(pair(node.domain, other.domain))),
    );
  }

  async start(password: boolean): Promise<void> {
    await Promise.all(this.#parts.nodes.map(node => node.start()));
    await this.settled();
    const [first] = this.#parts.nodes;
    if (!password) return;
    if (first === undefined) throw fault('LAB_FAILED', 'a cluster has at least one node');
    // Only this needs the driver.
    const { openAdministrator } = await import('./administrator.js');
    this.#admin = await openAdministrator(this.folder, first, this.datacentres, this.tls);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources[Symbol.asyncDispose]();
  }

  #others(domain: string): readonly string[] {
    return this.datacentres.filter(one => one !== domain);
  }
}

const pair = (a: string, b: string): string => [a, b].sort().join(' ');
