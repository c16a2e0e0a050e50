import { every, type Clock, type Timers } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { HostRef } from '../../protocol/api/common.js';
import type { HostHello } from '../../protocol/api/md-manager.js';
import type { HostHealth } from '../../protocol/api/vmd.js';
import { fault } from '../../protocol/errors.js';
import type { MetricName } from '../../protocol/metrics.js';
import { refOf, type Instance, type Mano } from '../mano/mano.js';
import { Balance } from './balance.js';
import { Enrolments } from './enrolments.js';
import { Flapping } from './flapping.js';
import type { HostLink, LinkDeps } from './host-link.js';
import { HostLinks } from './host-links.js';
import { PoolBooks, type PoolOptions } from './pool-books.js';
import { dismiss, free, isReached, putHost, readySlots, removeHost, reserve, turn, type Wish } from './pool-state.js';
import { HeldSlots } from './held-slots.js';

export interface PoolDeps {
  readonly mano: Mano;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly link: Omit<LinkDeps, 'onLost' | 'onMissed'>;
  readonly onReady: (domain: string) => void;
  /** `dead`: gone for sure; else it may act until its lease runs out. Told again when it is. */
  readonly onLost: (host: string, dead: boolean) => void;
  readonly onOrderFailed: (domain: string) => void;
  /** It comes and goes: what is kept there for later is to be kept elsewhere; `for-good`: its twins are to go, too. */
  readonly onFlapping: (host: string, how: 'for-now' | 'for-good') => void;
}

const REFILL_MS = 500;
/** How long a new leader waits for the word of a host: as long as for the probes that may be missed, and no longer than this. */
const HEALTH_MS = 2_000;
const HEALTH_PROBES = 3;
/** A host is asked once more by a manager that was itself late by more than this. */
const OWN_LATE_MS = 100;

/** The vMD hosts of all domains: kept ready, watched, replaced, and ended when they are no longer needed. */
export class Pool extends PoolBooks implements AsyncDisposable {
  readonly #deps: PoolDeps;
  readonly #links: HostLinks;
  protected override readonly balance: Balance;
  readonly #enrolments = new Enrolments();
  readonly #flapping = new Flapping();
  readonly #closers: (() => void)[] = [];
  #closed = false;

  constructor(options: PoolOptions, deps: PoolDeps) {
    super(options, deps);
    this.#deps = deps;
    this.#links = new HostLinks({
      ...deps.link,
      onLost: (host, reason) => this.#lost(host, reason),
      onMissed: host => this.#missed(host),
    });
    this.balance = new Balance(options, {
      ...deps,
      onReadyAfter: (domain, tookMs) => this.economy.started(domain, tookMs),
      pool: () => this.state,
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
          healths.set(instance.host, await this.#healthOf(link));
        } catch (error) {
          this.#lost(instance.host, `silent when the manager came back: ${messageOf(error)}`);
        }
      }),
    );
    for (const [host, health] of healths) this.#ready(host, health.slots.length);
    return healths;
  }

  async #healthOf(link: HostLink): Promise<HostHealth> {
    const { clock, link: deps } = this.#deps;
    const patienceMs = Math.min(HEALTH_MS, HEALTH_PROBES * deps.timing.probeMs);
    const askedMs = clock.monotonicMs();
    try {
      return await link.health(patienceMs);
    } catch (error) {
      if (deps.loop.lateSince(askedMs) <= OWN_LATE_MS) throw error;
      return link.health(HEALTH_MS);
    }
  }

  /** Begins to follow the hosts and to keep the pools filled. */
  start(): void {
    this.#links.followAll();
    this.#closers.push(every(this.#deps.timers, REFILL_MS, () => this.#adjust()));
    this.refill();
  }

  reserve(wish: Wish): HostRef | undefined {
    const found = reserve(this.state, wish, this.balance.sizes);
    const domain = found?.host.domain ?? wish.domains[0];
    if (wish.standby !== true && domain !== undefined)
      this.economy.found(domain, `${wish.vehicle} ${wish.handover}`, found === undefined ? 'none' : 'ready');
    if (found === undefined) return undefined;
    this.balance.taken(found.host.domain);
    this.change(found.pool);
    this.refill();
    return found.host;
  }

  /** Domain → vehicles that are foreseen to enter it, and hold no slot there. */
  expect(expected: ReadonlyMap<string, number>): void {
    this.balance.expect(expected);
  }

  free(host: string, vehicle: string): void {
    const domain = this.state.get(host)?.ref.domain;
    this.change(free(this.state, host, vehicle));
    if (domain !== undefined && readySlots(this.state, domain) > 0) this.#offer(domain);
  }

  /** The line to a host that can be reached. */
  link(host: string): HostLink | undefined {
    return this.#links.get(host);
  }

  /** Hosts beyond the pool's size, as many as it takes for all who wait. */
  order(domain: string): void {
    this.balance.order(domain);
  }

  /** A host says that it is ready. */
  hello(hello: HostHello): void {
    const { host, pid, slots } = hello;
    const known = this.#deps.mano.list().find(instance => instance.host === host.host);
    if (known === undefined || !this.#enrolments.admits(known, hello))
      throw fault('NOT_FOUND', `no instance ${host.host} with pid ${pid} was ordered`);
    const state = this.state.get(host.host)?.state;
    if (state === 'lost' || state === 'going') throw fault('NOT_FOUND', `${host.host} was given up`);
    if (isReached(state)) return;
    this.#put(known);
    this.#links.open(refOf(known));
    this.#ready(host.host, slots);
  }

  /** Orders what is missing. */
  refill(): void {
    if (!this.#closed) this.balance.refill();
  }

  /** Nothing more is given to this host; it is ended once nobody holds a slot there. NOT_FOUND where it does not run. */
  drain(host: string): void {
    const { state, held } = this.running(host);
    if (state === 'draining') return;
    this.#deps.log.info({ event: 'manager.host.draining', host, held: held.size });
    this.change(turn(this.state, host, 'draining'));
    this.refill();
  }

  /** It is to be kept after all. NOT_FOUND where it does not run any more. */
  keep(host: string): void {
    const { state, ref } = this.running(host);
    if (state !== 'draining') return;
    this.#deps.log.info({ event: 'manager.host.kept', host });
    this.change(turn(this.state, host, 'ready'));
    this.#offer(ref.domain);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.balance.starts.close();
    for (const close of this.#closers) close();
    await this.#links[Symbol.asyncDispose]();
  }

  #put(instance: Instance): void {
    const { host, pid } = instance;
    if (this.state.has(host)) return;
    const slots = this.options.slotsPerHost;
    this.change(putHost(this.state, { ref: refOf(instance), pid, slots, state: 'starting', held: HeldSlots.none }));
    this.balance.starts.expect(host);
  }

  #ready(host: string, slots: number): void {
    const pooled = this.state.get(host);
    if (pooled === undefined) return;
    this.balance.starts.ready(host, pooled.ref.domain);
    this.change(putHost(this.state, { ...pooled, state: 'ready', slots }));
    this.#links.follow(host);
    this.#deps.log.info({ event: 'manager.host.ready', host, slots });
    this.#offer(pooled.ref.domain);
  }

  /** To all who wait: who finds no slot again orders again. */
  #offer(domain: string): void {
    this.balance.offered(domain);
    this.#deps.onReady(domain);
  }

  /** Out of reach: nobody new gets a slot there, and MANO ends it for sure. */
  #lost(host: string, reason: string): void {
    const pooled = this.state.get(host);
    if (this.#closed || pooled === undefined || pooled.state === 'lost' || pooled.state === 'going') return;
    this.#deps.log.warn({ event: 'manager.host.lost', host, reason });
    this.change(putHost(this.state, { ...pooled, state: 'lost' }));
    this.balance.starts.ended(host, pooled.ref.domain);
    this.#deps.onLost(host, false);
    void this.#end(host, 'now');
    this.refill();
  }

  /** A probe of it was missed: one that does so again and again gets nothing more until it is well. */
  #missed(host: string): void {
    const pooled = this.state.get(host);
    if (pooled === undefined) return;
    const { domain } = pooled.ref;
    const others = [...this.state.values()].some(
      ({ ref, state }) => state === 'ready' && ref.domain === domain && ref.host !== host,
    );
    const judged = this.#flapping.missed(host, this.#deps.clock.monotonicMs(), others);
    if (judged === 'keep' || (pooled.state !== 'ready' && pooled.state !== 'quarantined')) return;
    const how = judged === 'give-up' ? 'for-good' : 'for-now';
    this.#deps.log.warn({ event: 'manager.host.quarantined', host, held: pooled.held.size, how });
    if (pooled.state === 'ready') this.#deps.metrics.count('pool_hosts_quarantined_total', { domain });
    this.change(turn(this.state, host, 'quarantined'));
    this.#deps.onFlapping(host, how);
    this.refill();
  }

  #calmDown(): void {
    for (const host of this.#flapping.calm(this.#deps.clock.monotonicMs())) {
      const pooled = this.state.get(host);
      if (pooled?.state !== 'quarantined') continue;
      this.#deps.log.info({ event: 'manager.host.well', host });
      this.change(turn(this.state, host, 'ready'));
      this.#offer(pooled.ref.domain);
    }
  }

  #adjust(): void {
    this.#calmDown();
    this.refill();
    const { log } = this.#deps;
    for (const host of this.balance.surplus()) {
      const domain = this.#dismiss(host);
      if (domain !== undefined) log.info({ event: 'manager.pool.shrunk', domain, host });
    }
    for (const [host, held] of this.draining())
      if (held === 0 && this.#dismiss(host) !== undefined) log.info({ event: 'manager.host.drained', host });
  }

  /** A host that nobody needs: `going` from here on, whoever wants a slot now gets one of another host. Its domain; `undefined` where somebody holds one. */
  #dismiss(host: string): string | undefined {
    const state = dismiss(this.state, host);
    const domain = this.state.get(host)?.ref.domain;
    if (state === undefined || domain === undefined) return undefined;
    this.change(state);
    this.balance.starts.dismissed(host);
    this.#deps.metrics.count('pool_hosts_ended_total', { domain });
    void this.#end(host, 'gently');
    return domain;
  }

  async #end(host: string, how: 'gently' | 'now'): Promise<void> {
    await this.#links.close(host);
    await this.#deps.mano.stop(host, how).catch((error: unknown) => {
      this.#deps.log.error({ event: 'manager.host.failed', host, error: messageOf(error) });
    });
  }

  #gone(host: string): void {
    this.#enrolments.forget(host);
    this.#flapping.forget(host);
    const pooled = this.state.get(host);
    if (this.#closed || pooled === undefined) return;
    const expected = pooled.state === 'going';
    if (pooled.state !== 'lost' && !expected) this.balance.starts.ended(host, pooled.ref.domain);
    this.change(removeHost(this.state, host));
    this.#deps.log[expected ? 'info' : 'warn']({ event: 'manager.host.gone', host });
    void this.#links.close(host);
    this.#deps.onLost(host, true);
    this.refill();
  }
}
