import { every, type Clock, type Timers } from '../../../common/clock.js';
import type { HostRef } from '../../../protocol/api/common.js';
import type { Topology } from '../../../protocol/topology.js';
import { told, type AppInstance } from '../../../protocol/triggers/mec-mobility.js';
import { nextDomains } from '../../arming/neighbours.js';
import { instanceOf } from './announcements.js';
import type { Subscriber, Subscribers } from './subscribers.js';

/** Domains that border on each: from one of their access ports a device may come to the other. */
export function borders(topology: Topology): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { datapath, ports } of topology.switches)
    for (const port of ports) {
      if (port.role !== 'access') continue;
      const { domain, accessPoint } = port;
      const at = { datapath, port: port.port, domain, accessPoint, source: NOBODY };
      const next = found.get(domain) ?? new Set<string>();
      for (const other of nextDomains(topology, at)) next.add(other.domain);
      found.set(domain, next);
    }
  return found;
}

const NOBODY = { address: '0.0.0.0', port: 1 };

export interface AdjacencyDeps {
  readonly subscribers: Subscribers;
  readonly topology: Topology | undefined;
  readonly hosts: () => readonly HostRef[];
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly timers: Timers;
}

const LOOK_MS = 2_000;

/** Which instances a device may be handed over to from another one (MEC 021 §7.6), and who is told when that changes. */
export class Adjacency implements Disposable {
  readonly #deps: AdjacencyDeps;
  readonly #borders: ReadonlyMap<string, ReadonlySet<string>>;
  /** Subscription → what it was told last, as text. */
  readonly #toldLast = new Map<string, string>();
  readonly #stop: () => void;

  constructor(deps: AdjacencyDeps) {
    this.#deps = deps;
    this.#borders = deps.topology === undefined ? new Map() : borders(deps.topology);
    this.#stop = every(deps.timers, LOOK_MS, () => this.look());
  }

  /** Of one instance, or of any: hosts of the domains around it. */
  of(appInstanceId?: string): AppInstance[] {
    const hosts = this.#deps.hosts();
    const from = appInstanceId === undefined ? undefined : hosts.find(({ host }) => host === appInstanceId)?.domain;
    if (appInstanceId !== undefined && from === undefined) return [];
    return hosts
      .filter(({ domain }) => from === undefined || this.#borders.get(from)?.has(domain) === true)
      .map(instanceOf);
  }

  /** What a subscription is told next is what differs from now. */
  look(): void {
    const alive = new Set<string>();
    for (const subscriber of this.#deps.subscribers.all()) {
      if (subscriber.wish.subscriptionType !== 'AdjacentAppInfoSubscription') continue;
      alive.add(subscriber.id);
      this.#tell(subscriber);
    }
    for (const id of this.#toldLast.keys()) if (!alive.has(id)) this.#toldLast.delete(id);
  }

  [Symbol.dispose](): void {
    this.#stop();
  }

  #tell(subscriber: Subscriber): void {
    const { subscribers, clock } = this.#deps;
    const adjacent = this.of(subscriber.wish.filterCriteria.appInstanceId);
    const text = JSON.stringify(adjacent.map(({ appInstanceId }) => appInstanceId).sort());
    if (this.#toldLast.get(subscriber.id) === text) return;
    this.#toldLast.set(subscriber.id, text);
    subscribers.tell(subscriber, told.adjacent(adjacent, clock.nowMs(), subscriber.href));
  }
}
