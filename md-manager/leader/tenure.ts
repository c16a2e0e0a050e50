import { delay } from '../../common/clock.js';
import { fault } from '../../protocol/errors.js';
import type { ServiceLeaseRow } from '../../store/types.js';
import { actsForMs, renewEveryMs } from './lease.js';
import type { LeadershipDeps } from './deps.js';

/**
 * The time of one leader, under one term. It acts while its lease holds; a lease that ran out without another leader (it was
 * stopped, its store was away) is taken up again with the next renewal. `signal` is aborted once another one leads.
 */
export class Tenure {
  readonly term: number;
  readonly #deps: LeadershipDeps;
  readonly #alone: boolean;
  readonly #over = new AbortController();
  #row: ServiceLeaseRow;
  #untilMs: number;
  /** The store did not answer the last renewal. */
  #unanswered = false;
  #renewing: Promise<void> = Promise.resolve();
  #waiting: (() => void)[] = [];
  #cancel = (): void => undefined;

  /** `sentMs`: when the write was sent that has made `row` the lease. */
  constructor(row: ServiceLeaseRow, sentMs: number, deps: LeadershipDeps, alone: boolean) {
    this.term = row.term;
    this.#row = row;
    this.#deps = deps;
    this.#alone = alone;
    this.#untilMs = sentMs + actsForMs(row.ttlMs);
    this.#next(renewEveryMs(row.ttlMs));
  }

  /** Aborted once this is not the leader any more, for good. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /**
   * Whether it may act now. Nobody can take the lease of one that is alone while the store is away, for the term comes from
   * there: it goes on.
   */
  holds(): boolean {
    if (this.signal.aborted) return false;
    return this.#deps.clock.monotonicMs() < this.#untilMs || (this.#alone && this.#unanswered);
  }

  /** MANAGER_NOT_LEADER where it may not act now. An arrow, because it is handed on. */
  readonly check = (): void => {
    if (!this.holds()) throw fault('MANAGER_NOT_LEADER', `the lease of term ${this.term} has run out`);
  };

  /** Resolves once it may act; rejects once it never may again. */
  readonly held = async (): Promise<void> => {
    while (!this.holds()) {
      this.signal.throwIfAborted();
      await new Promise<void>(resolve => this.#waiting.push(resolve));
    }
  };

  /** Somebody has seen a higher term. */
  readonly depose = (): void => {
    this.#cancel();
    if (this.signal.aborted) return;
    this.#over.abort(fault('MANAGER_NOT_LEADER', `term ${this.term} is over`));
    this.#wake();
  };

  /** Acts no more from here on. */
  end(): void {
    this.depose();
  }

  /** Gives the lease back, so that the next leader need not wait; afterwards, when nothing is under way any more. */
  async giveBack(): Promise<void> {
    this.end();
    await this.#renewing;
    const { store, timers } = this.#deps;
    const given = { ...this.#row, beat: (this.#row.beat ?? 0) + 1, ttlMs: 0 };
    const heard = new AbortController();
    // Who does not hear of it waits its time out.
    const inVain = delay(this.#row.ttlMs, heard.signal, timers).catch(() => undefined);
    await Promise.race([store.putServiceLease(given).catch(() => undefined), inVain]);
    heard.abort();
  }

  #next(inMs: number): void {
    if (this.signal.aborted) return;
    this.#cancel = this.#deps.timers.after(inMs, () => {
      this.#renewing = this.#renew();
    });
  }

  async #renew(): Promise<void> {
    const { store, clock, timers, log } = this.#deps;
    const next = { ...this.#row, beat: (this.#row.beat ?? 0) + 1 };
    const sentMs = clock.monotonicMs();
    const lapsed = !this.holds();
    const { ttlMs } = this.#row;
    const late = timers.after(renewEveryMs(ttlMs), () => void (this.#unanswered = true));
    const found = await renewed(store, next).catch(() => 'unanswered' as const);
    late();
    if (this.signal.aborted) return;
    if (found === 'lost') {
      this.depose();
      return;
    }
    this.#unanswered = found === 'unanswered';
    if (found === 'held') {
      this.#row = next;
      this.#untilMs = sentMs + actsForMs(next.ttlMs);
      if (lapsed && this.holds()) log.warn({ event: 'manager.leader.resumed', term: this.term });
      this.#wake();
    }
    this.#next(found === 'held' ? renewEveryMs(ttlMs) : renewEveryMs(ttlMs) / 4);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

async function renewed(store: LeadershipDeps['store'], next: ServiceLeaseRow): Promise<'held' | 'lost' | 'unanswered'> {
  if ((await store.putServiceLease(next)) === 'applied') return 'held';
  const now = await store.serviceLease(next.service);
  if (now !== undefined && (now.term > next.term || now.holder !== next.holder)) return 'lost';
  return now?.beat === next.beat ? 'held' : 'unanswered';
}
