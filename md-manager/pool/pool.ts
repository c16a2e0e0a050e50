import { every, type Clock, type Timers } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { HostRef } from '../../protocol/api/common.js';
import type { HostHello, Pool as PoolView } from '../../protocol/api/md-manager.js';
import type { HostHealth } from '../../protocol/api/vmd.js';
import { fault } from '../../protocol/errors.js';
import type { MetricName } from '../../protocol/metrics.js';
import { refOf, type Instance, type Mano } from '../mano/mano.js';
import { HostLink, type LinkDeps } from './host-link.js';
import { setGauges } from './pool-gauges.js';
import { Starts } from './starts.js';
import { free, mark, putHost, readySlots, removeHost, reserve, shortOf, poolView } from './pool-state.js';
import type { HeldSlot, PoolSizes, PoolState, Wish } from './pool-state.js';

export interface PoolOptions {
  readonly sizes: PoolSizes;
  readonly slotsPerHost: number;
  /** Hosts of one domain at most. */
  readonly maxHosts: number;
  /** How long a host may take from its start to its hello. */
  readonly startMs: number;
}

export interface PoolDeps {
  readonly mano: Mano;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly link: Omit<LinkDeps, 'onLost'>;
  readonly onReady: (domain: string) => void;
  /** `dead`: gone for sure; else it may act until its lease runs out. Told again when it is. */
  readonly onLost: (host: string, dead: boolean) => void;
  readonly onOrderFailed: (domain: string) => void;
}

const REFILL_MS = 500;
const HEALTH_MS = 2_000;

/** The vMD hosts of all domains: kept ready, watched, replaced. */
export class Pool implements AsyncDisposable {
  readonly #options: PoolOptions;
  readonly #deps: PoolDeps;
  readonly #links = new Map<string, HostLink>();
  readonly #starts: Starts;
  /** Domains where somebody waits for a host beyond the pool's size. */
  readonly #wanted = new Set<string>();
  readonly #closers: (() => void)[] = [];
  #state: PoolState = new Map();
  #started = false;
  #closed = false;

  constructor(options: PoolOptions, deps: PoolDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#starts = new Starts({
      ...deps,
      startMs: options.startMs,
      onStarted: instance => {
        if (this.#state.get(instance.host) === undefined) this.#put(instance);
      },
      onLate: host => {
        if (this.#state.get(host)?.state === 'starting') this.#lost(host, 'it did not get ready in time');
      },
    });
  }

  /** Takes over what an earlier manager left. The health of each host that answers is what its slots are rebuilt from. */
  async adopt(): Promise<Map<string, HostHealth>> {
    this.#closers.push(this.#deps.mano.onGone(host => this.#gone(host)));
    const healths = new Map<string, HostHealth>();
    await Promise.all(
      (await this.#deps.mano.adopt()).map(async instance => {
        this.#put(instance);
        const link = this.#open(refOf(instance));
        try {
          healths.set(instance.host, await link.health(HEALTH_MS));
        } catch (error) {
          this.#lost(instance.host, `silent when the manager came back: ${messageOf(error)}`);
        }
      }),
    );
    for (const [host, health] of healths) this.#ready(host, health.slots.length);
    return healths;
  }

  /** Begins to follow the hosts and to keep the pools filled. */
  start(): void {
    this.#started = true;
    for (const link of this.#links.values()) this.#follow(link);
    this.#closers.push(every(this.#deps.timers, REFILL_MS, () => this.refill()));
    this.refill();
  }

  reserve(wish: Wish): HostRef | undefined {
    const found = reserve(this.#state, wish);
    if (found === undefined) return undefined;
    this.#change(found.pool);
    this.refill();
    return found.host;
  }

  mark(host: string, vehicle: string, state: HeldSlot['state'], handover: string): void {
    this.#state = mark(this.#state, host, vehicle, state, handover);
  }

  free(host: string, vehicle: string): void {
    const domain = this.#state.get(host)?.ref.domain;
    this.#change(free(this.#state, host, vehicle));
    if (domain !== undefined && readySlots(this.#state, domain) > 0) this.#deps.onReady(domain);
  }

  /** The line to a host that can be reached. */
  link(host: string): HostLink | undefined {
    const link = this.#links.get(host);
    return link?.signal.aborted ? undefined : link;
  }

  ref(host: string): HostRef | undefined {
    return this.#state.get(host)?.ref;
  }

  /** A host beyond the pool's size, for somebody who waits. One that starts anyway will do. */
  order(domain: string): void {
    const hosts = [...this.#state.values()].filter(({ ref }) => ref.domain === domain);
    this.#wanted.delete(domain);
    if (hosts.some(({ state }) => state === 'starting') || this.#starts.underWay(domain) > 0) return;
    if (hosts.length >= this.#options.maxHosts) {
      this.#deps.log.error({ event: 'manager.pool.full', domain, hosts: hosts.length });
      this.#deps.timers.after(0, () => this.#deps.onOrderFailed(domain));
    } else if (this.#starts.may(domain)) void this.#starts.order(domain);
    else this.#wanted.add(domain);
  }

  /** A host says that it is ready. */
  hello({ host, pid, startTicks, slots }: HostHello): void {
    const known = this.#deps.mano.list().find(instance => instance.host === host.host);
    if (known === undefined || known.pid !== pid || known.startTicks !== startTicks)
      throw fault('NOT_FOUND', `no instance ${host.host} with pid ${pid} was ordered`);
    const state = this.#state.get(host.host)?.state;
    if (state === 'lost' || state === 'going') throw fault('NOT_FOUND', `${host.host} was given up`);
    if (state === 'ready') return;
    this.#put(known);
    this.#open(refOf(known));
    this.#ready(host.host, slots);
  }

  /** Orders what is missing. */
  refill(): void {
    if (this.#closed) return;
    const { sizes, slotsPerHost, maxHosts } = this.#options;
    for (const [domain, size] of sizes) {
      if (!this.#starts.may(domain)) continue;
      const missing = shortOf(this.#state, domain, { size, slotsPerHost, maxHosts });
      for (let n = this.#starts.underWay(domain); n < missing; n++) void this.#starts.order(domain);
      if (this.#wanted.has(domain)) this.order(domain);
    }
  }

  view(): PoolView[] {
    return poolView(this.#state, this.#options.sizes, domain => this.#starts.underWay(domain));
  }

  /** Whether every pool has as many ready slots as it should. */
  filled(): boolean {
    return [...this.#options.sizes].every(([domain, size]) => readySlots(this.#state, domain) >= size);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#starts.close();
    for (const close of this.#closers) close();
    await Promise.all([...this.#links.keys()].map(host => this.#close(host)));
  }

  #put(instance: Instance): void {
    const { host, pid } = instance;
    const known = this.#state.get(host);
    if (known !== undefined) return;
    const slots = this.#options.slotsPerHost;
    this.#change(putHost(this.#state, { ref: refOf(instance), pid, slots, state: 'starting', held: new Map() }));
    this.#starts.expect(host);
  }

  #open(ref: HostRef): HostLink {
    const link = new HostLink(ref, { ...this.#deps.link, onLost: (host, reason) => this.#lost(host, reason) });
    this.#links.set(ref.host, link);
    return link;
  }

  #ready(host: string, slots: number): void {
    const pooled = this.#state.get(host);
    if (pooled === undefined) return;
    this.#starts.ready(host);
    this.#change(putHost(this.#state, { ...pooled, state: 'ready', slots }));
    const link = this.#links.get(host);
    if (this.#started && link !== undefined) this.#follow(link);
    this.#deps.log.info({ event: 'manager.host.ready', host, slots });
    this.#deps.onReady(pooled.ref.domain);
  }

  #follow(link: HostLink): void {
    link.start();
    // Leases may be about to run out after a change of managers.
    void link.renew();
  }

  /** Out of reach: nobody new gets a slot there, and MANO ends it for sure. */
  #lost(host: string, reason: string): void {
    const pooled = this.#state.get(host);
    if (this.#closed || pooled === undefined || pooled.state === 'lost' || pooled.state === 'going') return;
    this.#deps.log.warn({ event: 'manager.host.lost', host, reason });
    this.#change(putHost(this.#state, { ...pooled, state: 'lost' }));
    this.#starts.ended(host, pooled.ref.domain);
    this.#deps.onLost(host, false);
    void this.#end(host);
    this.refill();
  }

  async #end(host: string): Promise<void> {
    await this.#close(host);
    await this.#deps.mano.stop(host, 'now').catch((error: unknown) => {
      this.#deps.log.error({ event: 'manager.host.failed', host, error: messageOf(error) });
    });
  }

  #gone(host: string): void {
    const pooled = this.#state.get(host);
    if (this.#closed || pooled === undefined) return;
    if (pooled.state !== 'lost' && pooled.state !== 'going') this.#starts.ended(host, pooled.ref.domain);
    this.#change(removeHost(this.#state, host));
    this.#deps.log.warn({ event: 'manager.host.gone', host });
    void this.#close(host);
    this.#deps.onLost(host, true);
    this.refill();
  }

  async #close(host: string): Promise<void> {
    const link = this.#links.get(host);
    this.#links.delete(host);
    await link?.[Symbol.asyncDispose]();
  }

  #change(state: PoolState): void {
    this.#state = state;
    setGauges(this.#deps.metrics, this.#options.sizes, state);
  }
}
