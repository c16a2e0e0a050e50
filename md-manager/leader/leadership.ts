import { delay, type Clock, type Timers } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { ControlStore, ServiceLeaseRow } from '../../store/types.js';
import { SERVICE, freeInMs, isFree, look, type Seen } from './lease.js';
import { Tenure } from './tenure.js';

export interface LeadershipOptions {
  /** Unique to this life of this process. */
  readonly holder: string;
  /** Where others reach this manager. */
  readonly url: string;
  readonly ttlMs: number;
  /** There is no other manager. */
  readonly alone: boolean;
}

export interface LeadershipDeps {
  readonly store: Pick<ControlStore, 'putServiceLease' | 'serviceLease'>;
  /** Whether the process of a holder has ended, for sure. */
  readonly isGone: (holder: string) => Promise<boolean>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

/** Looks at a lease in a lease's time; the last one comes when the lease has stood still for the whole of it. */
const LOOKS = 20;

/** Waits for the lease in the control store, and takes it when it is free. */
export class Leadership {
  readonly #options: LeadershipOptions;
  readonly #deps: LeadershipDeps;
  #seen: Seen | undefined;
  #told: string | undefined;

  constructor(options: LeadershipOptions, deps: LeadershipDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /**
   * Resolves once this manager leads; `undefined` once the signal is aborted. Until then `follow` hears who does, at each change. A
   * store that is away is asked again.
   */
  async next(follow: (leader: ServiceLeaseRow) => void, signal: AbortSignal): Promise<Tenure | undefined> {
    const { store, timers, clock, log, metrics } = this.#deps;
    metrics.set('manager_leading', 0);
    this.#seen = undefined;
    this.#told = undefined;
    while (!signal.aborted) {
      try {
        this.#seen = look(this.#seen, await store.serviceLease(SERVICE), clock.monotonicMs());
        const tenure = await this.#take(this.#seen);
        if (tenure !== undefined) return tenure;
        const { row } = this.#seen;
        if (row !== undefined && row.ttlMs > 0) this.#tell(row, follow);
      } catch (error) {
        log.warn({ event: 'manager.store.awaited', error: messageOf(error) });
      }
      await delay(this.#nextLookMs(), signal, timers).catch(() => undefined);
    }
    return undefined;
  }

  #nextLookMs(): number {
    const periodMs = this.#options.ttlMs / LOOKS;
    const leftMs = this.#seen === undefined ? periodMs : freeInMs(this.#seen, this.#deps.clock.monotonicMs());
    return Math.max(1, Math.min(periodMs, leftMs > 0 ? leftMs : periodMs));
  }

  async #take(seen: Seen): Promise<Tenure | undefined> {
    const { store, clock, log, metrics, isGone } = this.#deps;
    const { holder, url, ttlMs, alone } = this.#options;
    const { row } = seen;
    const gone = row !== undefined && (await isGone(row.holder));
    if (!isFree(seen, clock.monotonicMs(), gone)) return undefined;
    const mine = { service: SERVICE, holder, url, ttlMs, term: (row?.term ?? 0) + 1, beat: 1 };
    const sentMs = clock.monotonicMs();
    const outcome = await store.putServiceLease(mine);
    // What nobody told of is seen with the next look: a lease of this holder is its own.
    const now = outcome === 'applied' ? mine : await store.serviceLease(SERVICE);
    if (now?.holder !== holder || now.term !== mine.term) return undefined;
    log.info({ event: 'manager.leader.leads', term: mine.term, url, before: row?.url, gone });
    metrics.set('manager_leading', 1);
    metrics.set('service_lease_term', mine.term, { service: SERVICE });
    if (row !== undefined) metrics.count('service_lease_changes_total', { service: SERVICE });
    return new Tenure(mine, sentMs, this.#deps, alone);
  }

  #tell(row: ServiceLeaseRow, follow: (leader: ServiceLeaseRow) => void): void {
    const whose = `${row.term} ${row.url}`;
    if (whose === this.#told) return;
    this.#told = whose;
    this.#deps.metrics.set('service_lease_term', row.term, { service: SERVICE });
    this.#deps.log.info({ event: 'manager.leader.follows', term: row.term, url: row.url });
    follow(row);
  }
}
