import { quantilesOf } from '../../common/quantiles.js';
import type { Metrics } from '../../common/metrics.js';
import type { PoolEconomy } from '../../protocol/api/pools.js';
import type { MetricName } from '../../protocol/metrics.js';
import { isReached, type PooledHost, type PoolState } from './pool-state.js';

/** How a wish for a slot was met: by a lease of its own, by a ticket, from the pool at once, or not at first. */
export type Found = keyof PoolEconomy['requests'];

interface Account {
  requests: Record<Found, number>;
  idleMs: number;
  existedMs: number;
  readonly readyMs: number[];
}

/** Starts that the times to get ready are taken from. */
const RECENT = 256;
/** Wishes that were not met yet, and are one request when they come again. */
const MOST_UNMET = 10_000;
const MINUTE_MS = 60_000;

/** Share of a host that carries nobody; slots that are only reserved are warm and idle. */
const idleShare = ({ state, slots, held }: PooledHost): number =>
  isReached(state) ? Math.max(0, slots - held.busy) / slots : 0;

/** What the pools cost and what they were good for. Times are monotonic milliseconds, but `sinceMs`. */
export class Economy {
  readonly #metrics: Metrics<MetricName>;
  readonly #hostHourCost: number;
  readonly #sinceMs: number;
  readonly #accounts = new Map<string, Account>();
  readonly #unmet = new Set<string>();
  /** Domain → hosts that are paid for, and what of them is idle, since `#atMs`. */
  #rates = new Map<string, { readonly hosts: number; readonly idle: number }>();
  #atMs: number | undefined;

  /** `sinceMs`: now, in Unix milliseconds. */
  constructor(options: {
    readonly metrics: Metrics<MetricName>;
    readonly hostHourCost: number;
    readonly sinceMs: number;
  }) {
    this.#metrics = options.metrics;
    this.#hostHourCost = options.hostHourCost;
    this.#sinceMs = options.sinceMs;
  }

  /** To be told of every change of the pool. */
  observe(pool: PoolState, nowMs: number): void {
    this.#settle(nowMs);
    const rates = new Map<string, { hosts: number; idle: number }>();
    for (const host of pool.values()) {
      const { domain } = host.ref;
      const before = rates.get(domain) ?? { hosts: 0, idle: 0 };
      rates.set(domain, { hosts: before.hosts + 1, idle: before.idle + idleShare(host) });
    }
    this.#rates = rates;
  }

  /** `wish` names the one that asks, for as long as it asks. */
  found(domain: string, wish: string, how: Found): void {
    if (how === 'none') {
      if (this.#unmet.has(wish)) return;
      this.#unmet.add(wish);
      for (const oldest of this.#unmet) if (this.#unmet.size > MOST_UNMET) this.#unmet.delete(oldest);
    } else if (this.#unmet.delete(wish)) return;
    this.#of(domain).requests[how]++;
    this.#metrics.count('pool_requests_total', { domain, found: how });
  }

  started(domain: string, tookMs: number): void {
    const { readyMs } = this.#of(domain);
    readyMs.push(tookMs);
    if (readyMs.length > RECENT) readyMs.shift();
    this.#metrics.observe('pool_ready_seconds', tookMs / 1_000, { domain });
  }

  of(domain: string, nowMs: number): PoolEconomy {
    this.#settle(nowMs);
    const { requests, idleMs, existedMs, readyMs } = this.#of(domain);
    const all = requests.armed + requests.ticket + requests.ready + requests.none;
    const share = (part: number): number | null => (all === 0 ? null : part / all);
    const { n, median, p95, max } = quantilesOf(readyMs);
    return {
      sinceMs: this.#sinceMs,
      requests: { ...requests },
      hitRate: share(all - requests.none),
      armedRate: share(requests.armed),
      idleHostMinutes: idleMs / MINUTE_MS,
      hostMinutes: existedMs / MINUTE_MS,
      readyMs: readyMs.length === 0 ? null : { n, median, p95, max },
      costPerHandover: share((this.#hostHourCost * idleMs) / (60 * MINUTE_MS)),
    };
  }

  #of(domain: string): Account {
    const known = this.#accounts.get(domain);
    if (known !== undefined) return known;
    const account: Account = {
      ...{ requests: { armed: 0, ticket: 0, ready: 0, none: 0 }, idleMs: 0, existedMs: 0, readyMs: [] },
    };
    this.#accounts.set(domain, account);
    return account;
  }

  #settle(nowMs: number): void {
    const passedMs = nowMs - (this.#atMs ?? nowMs);
    this.#atMs = nowMs;
    if (passedMs <= 0) return;
    for (const [domain, { hosts, idle }] of this.#rates) {
      const account = this.#of(domain);
      account.existedMs += hosts * passedMs;
      account.idleMs += idle * passedMs;
      this.#metrics.count('pool_host_seconds_total', { domain }, (hosts * passedMs) / 1_000);
      this.#metrics.count('pool_idle_host_seconds_total', { domain }, (idle * passedMs) / 1_000);
    }
  }
}
