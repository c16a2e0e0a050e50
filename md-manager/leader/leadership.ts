import { delay, every } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { CasOutcome, ServiceLeaseRow } from '../../store/types.js';
import type { LeadershipDeps } from './deps.js';
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

/** Looks at a lease in a lease's time; the last one comes when the lease has stood still for the whole of it. */
const LOOKS = 20;
/** A write that takes longer than this part of a lease's time waits for somebody. */
const HUNG = 4;

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
    const outcome = await this.#put(mine, row);
    // What nobody told of is seen with the next look: a lease of this holder is its own.
    const now = outcome === 'applied' ? mine : await store.serviceLease(SERVICE);
    if (now?.holder !== holder || now.term !== mine.term) return undefined;
    log.info({ event: 'manager.leader.leads', term: mine.term, url, before: row?.url, gone });
    metrics.set('manager_leading', 1);
    metrics.set('service_lease_term', mine.term, { service: SERVICE });
    if (row !== undefined) metrics.count('service_lease_changes_total', { service: SERVICE });
    return new Tenure(mine, sentMs, this.#deps, alone);
  }

  /**
   * Where the store is embedded, a holder that is stopped while it writes (a commit waits for the disk) keeps everybody else from writing.
   * It leads no more, and cannot let go: so it is ended.
   */
  async #put(mine: ServiceLeaseRow, before: ServiceLeaseRow | undefined): Promise<CasOutcome> {
    const { store, timers, log, endIfStopped } = this.#deps;
    const stop = every(timers, this.#options.ttlMs / HUNG, async () => {
      if (before === undefined || !(await endIfStopped(before.holder))) return;
      log.warn({ event: 'manager.leader.ended', term: before.term, url: before.url });
    });
    try {
      return await store.putServiceLease(mine);
    } finally {
      stop();
    }
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
