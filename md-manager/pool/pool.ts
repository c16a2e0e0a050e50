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
import type { HostLink, LinkDeps } from './host-link.js';
import { HostLinks } from './host-links.js';
import { setGauges } from './pool-gauges.js';
import { Starts } from './starts.js';
import { Surplus } from './surplus.js';
import { dismiss, free, mark, putHost, readySlots, removeHost, reserve, shortOf, poolView } from './pool-state.js';
import type { HeldSlot, PoolSizes, PoolState, Wish } from './pool-state.js';

export interface PoolOptions {
  readonly sizes: PoolSizes;
  readonly slotsPerHost: number;
  /** Hosts of one domain at most. */
  readonly maxHosts: number;
  /** How long a host may take from its start to its hello. */
  readonly startMs: number;
  /** How long a host must have been surplus before it is ended. */
  readonly surplusMs: number;
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

/** The vMD hosts of all domains: kept ready, watched, replaced, and ended when they are no longer needed. */
export class Pool implements AsyncDisposable {
  readonly #options: PoolOptions;
  readonly #deps: PoolDeps;
  readonly #links: HostLinks;
  readonly #starts: Starts;
  readonly #surplus: Surplus;
  /** Domains where somebody waits for a host beyond the pool's size. */
  readonly #wanted = new Set<string>();
  readonly #closers: (() => void)[] = [];
  #state: PoolState = new Map();
  #closed = false;

  constructor(options: PoolOptions, deps: PoolDeps) {
    this.#options = options;
    this.#deps = deps;
    this.#links = new HostLinks({ ...deps.link, onLost: (host, reason) => this.#lost(host, reason) });
    this.#surplus = new Surplus(options.surplusMs);
    this.#starts = new Starts({
      ...deps,
      startMs: options.startMs,
      onStarted: instance => this.#put(instance),
      onLate: host => this.#lost(host, 'it did not get ready in time'),
    });
  }

  /** Takes over what an earlier manager left. The health of each host that answers is what its slots are rebuilt from. */
  async adopt(): Promise<Map<string, HostHealth>> {
    this.#closers.push(this.#deps.mano.onGone(host => this.#gone(host)));
    const healths = new Map<string, HostHealth>();
    await Promise.all(
      (await this.#deps.mano.adopt()).map(async instance => {
        this.#put(instance);
        const link = this.#links.open(refOf(instance));
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
    this.#links.followAll();
    this.#closers.push(every(this.#deps.timers, REFILL_MS, () => this.#balance()));
    this.refill();
  }

  reserve(wish: Wish): HostRef | undefined {
    const found = reserve(this.#state, wish, this.#options.sizes);
    if (found === undefined) return undefined;
    this.#surplus.taken(found.host.domain);
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
    return this.#links.get(host);
  }

  ref(host: string): HostRef | undefined {
    return this.#state.get(host)?.ref;
  }

  /** A host beyond the pool's size, for somebody who waits. One that starts anyway will do. */
  order(domain: string): void {
    const hosts = [...this.#state.values()].filter(({ ref, state }) => ref.domain === domain && state !== 'going');
    this.#wanted.delete(domain);
    this.#surplus.promise(domain, this.#deps.clock.monotonicMs());
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
    this.#links.open(refOf(known));
    this.#ready(host.host, slots);
  }

  /** Orders what is missing. */
  refill(): void {
    if (this.#closed) return;
    for (const [domain, size] of this.#options.sizes) {
      if (!this.#starts.may(domain)) continue;
      const missing = shortOf(this.#state, domain, { ...this.#options, size });
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
    await this.#links[Symbol.asyncDispose]();
  }

  #put(instance: Instance): void {
    const { host, pid } = instance;
    if (this.#state.has(host)) return;
    const slots = this.#options.slotsPerHost;
    this.#change(putHost(this.#state, { ref: refOf(instance), pid, slots, state: 'starting', held: new Map() }));
    this.#starts.expect(host);
  }

  #ready(host: string, slots: number): void {
    const pooled = this.#state.get(host);
    if (pooled === undefined) return;
    this.#starts.ready(host);
    this.#change(putHost(this.#state, { ...pooled, state: 'ready', slots }));
    this.#links.follow(host);
    this.#deps.log.info({ event: 'manager.host.ready', host, slots });
    this.#deps.onReady(pooled.ref.domain);
  }

  /** Out of reach: nobody new gets a slot there, and MANO ends it for sure. */
  #lost(host: string, reason: string): void {
    const pooled = this.#state.get(host);
    if (this.#closed || pooled === undefined || pooled.state === 'lost' || pooled.state === 'going') return;
    this.#deps.log.warn({ event: 'manager.host.lost', host, reason });
    this.#change(putHost(this.#state, { ...pooled, state: 'lost' }));
    this.#starts.ended(host, pooled.ref.domain);
    this.#deps.onLost(host, false);
    void this.#end(host, 'now');
    this.refill();
  }

  #balance(): void {
    this.refill();
    const due = this.#surplus.due(this.#state, this.#options.sizes, this.#deps.clock.monotonicMs());
    for (const host of due) this.#dismiss(host);
  }

  /** A host that nobody needs. `going` from here on: whoever wants a slot now gets one of another host. */
  #dismiss(host: string): void {
    const state = dismiss(this.#state, host);
    const domain = this.#state.get(host)?.ref.domain;
    if (state === undefined || domain === undefined) return;
    this.#change(state);
    this.#starts.dismissed(host);
    this.#deps.log.info({ event: 'manager.pool.shrunk', domain, host });
    this.#deps.metrics.count('pool_hosts_ended_total', { domain });
    void this.#end(host, 'gently');
  }

  async #end(host: string, how: 'gently' | 'now'): Promise<void> {
    await this.#links.close(host);
    await this.#deps.mano.stop(host, how).catch((error: unknown) => {
      this.#deps.log.error({ event: 'manager.host.failed', host, error: messageOf(error) });
    });
  }

  #gone(host: string): void {
    const pooled = this.#state.get(host);
    if (this.#closed || pooled === undefined) return;
    const expected = pooled.state === 'going';
    if (pooled.state !== 'lost' && !expected) this.#starts.ended(host, pooled.ref.domain);
    this.#change(removeHost(this.#state, host));
    this.#deps.log[expected ? 'info' : 'warn']({ event: 'manager.host.gone', host });
    void this.#links.close(host);
    this.#deps.onLost(host, true);
    this.refill();
  }

  #change(state: PoolState): void {
    this.#state = state;
    this.#surplus.observe(state, this.#options.sizes, this.#deps.clock.monotonicMs());
    setGauges(this.#deps.metrics, this.#options.sizes, state);
  }
}
