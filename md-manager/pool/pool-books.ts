import type { Clock } from '../../common/clock.js';
import type { Metrics } from '../../common/metrics.js';
import type { HostRef } from '../../protocol/api/common.js';
import type { Pool as PoolView } from '../../protocol/api/pools.js';
import { fault } from '../../protocol/errors.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { Balance, BalanceOptions } from './balance.js';
import { Economy } from './economy.js';
import type { HeldSlot } from './held-slots.js';
import { setGauges, type ToldGauges } from './pool-gauges.js';
import { isReached, mark, passOn, poolView, readySlots, type PooledHost, type PoolState } from './pool-state.js';

export interface PoolOptions extends BalanceOptions {
  /** What an hour of a host costs, in whatever unit. */
  readonly hostHourCost: number;
}

/** Who holds which slot, what the pools cost, and what of that others may see: the part of a pool that starts and ends nothing. */
export abstract class PoolBooks {
  protected readonly options: PoolOptions;
  protected readonly economy: Economy;
  protected state: PoolState = new Map();
  protected abstract readonly balance: Balance;
  readonly #clock: Clock;
  readonly #metrics: Metrics<MetricName>;
  readonly #told: ToldGauges = new Map();

  protected constructor(
    options: PoolOptions,
    { clock, metrics }: { readonly clock: Clock; readonly metrics: Metrics<MetricName> },
  ) {
    this.options = options;
    this.#clock = clock;
    this.#metrics = metrics;
    this.economy = new Economy({ metrics, hostHourCost: options.hostHourCost, sinceMs: clock.nowMs() });
  }

  /** A slot that was kept for it was what a hand-over needed. */
  used(host: string, way: 'armed' | 'ticket'): void {
    const domain = this.state.get(host)?.ref.domain;
    if (domain !== undefined) this.economy.found(domain, host, way);
  }

  mark(host: string, vehicle: string, state: HeldSlot['state'], handover: string): void {
    this.state = mark(this.state, host, vehicle, state, handover);
  }

  /** The slot that `from` holds becomes that of `to`. */
  passOn(host: string, from: string, to: string, handover: string): void {
    this.state = passOn(this.state, host, from, to, handover);
  }

  ref(host: string): HostRef | undefined {
    return this.state.get(host)?.ref;
  }

  view(): PoolView[] {
    const nowMs = this.#clock.monotonicMs();
    return poolView(this.state, this.balance.sizes, domain => this.balance.starts.underWay(domain)).map(view => ({
      ...view,
      quota: this.options.maxHosts(view.domain),
      economy: this.economy.of(view.domain, nowMs),
    }));
  }

  /** Hosts that are to be empty, and how many slots of each are held. */
  draining(): Map<string, number> {
    const found = [...this.state.values()].filter(({ state }) => state === 'draining');
    return new Map(found.map(({ ref, held }) => [ref.host, held.size]));
  }

  /** Host → who holds its slots, of those that can be reached. */
  holders(): Map<string, string[]> {
    const reached = [...this.state.values()].filter(({ state }) => isReached(state));
    return new Map(reached.map(({ ref, held }) => [ref.host, [...held].map(([holder]) => holder)]));
  }

  /** How a host is that runs. NOT_FOUND where none of this name does. */
  running(host: string): PooledHost {
    const pooled = this.state.get(host);
    if (pooled === undefined || !isReached(pooled.state)) throw fault('NOT_FOUND', `no host ${host} runs`);
    return pooled;
  }

  /** Whether a slot of this host is held by nobody. */
  hasRoom(host: string): boolean {
    const pooled = this.state.get(host);
    return pooled !== undefined && pooled.held.size < pooled.slots;
  }

  /** Domain → slots that are ready, and how many of them are for hand-overs that come without notice. */
  rooms(): Map<string, { readonly ready: number; readonly reserve: number }> {
    const ready = (domain: string): number => readySlots(this.state, domain);
    return new Map([...this.balance.sizes].map(([domain, { reserve }]) => [domain, { ready: ready(domain), reserve }]));
  }

  /** Whether every pool has as many ready slots as it should. */
  filled(): boolean {
    return [...this.balance.sizes].every(([domain, { reserve }]) => readySlots(this.state, domain) >= reserve);
  }

  protected change(state: PoolState): void {
    this.state = state;
    this.balance.observe(state);
    this.economy.observe(state, this.#clock.monotonicMs());
    setGauges(this.#metrics, this.#told, this.balance.sizes, state);
  }
}
