import type { Clock } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { ServiceLease, ServiceLeaseRequest } from '../../protocol/api/md-manager.js';
import { fault } from '../../protocol/errors.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { ControlStore } from '../../store/types.js';
import { ask, isSameRecord, type HeldLease } from './service-lease.js';

export interface ServiceLeaseDeps {
  readonly store: Pick<ControlStore, 'putServiceLease' | 'serviceLease'>;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
  /** Another one is active, or its address has changed. */
  readonly onHolder: (lease: { readonly url: string; readonly term: number }) => void;
}

/** The lease of one service. After a restart of the manager its holder has its whole time to renew it before it is given away. */
export class ServiceLeases {
  readonly service: string;
  readonly #deps: ServiceLeaseDeps;
  #held: HeldLease | undefined;
  /** Requests are answered one after the other. */
  #before: Promise<unknown> = Promise.resolve();

  constructor(service: string, deps: ServiceLeaseDeps) {
    this.service = service;
    this.#deps = deps;
  }

  /** What an earlier manager has granted counts from now on. */
  async load(): Promise<void> {
    const row = await this.#deps.store.serviceLease(this.service);
    if (row !== undefined) this.#hold({ ...row, untilMs: this.#deps.clock.monotonicMs() + row.ttlMs });
  }

  request(request: ServiceLeaseRequest): Promise<ServiceLease> {
    const mine = this.#before.then(() => this.#request(request));
    this.#before = mine.catch(() => undefined);
    return mine;
  }

  /** TERM_STALE for the word of one that is not the active one any more. Nobody's word is taken where nobody asked yet. */
  check(term: number): void {
    if (term < (this.#held?.term ?? 0)) throw fault('TERM_STALE', `${this.service} of term ${term}`);
  }

  async #request(request: ServiceLeaseRequest): Promise<ServiceLease> {
    const { store, clock } = this.#deps;
    const before = this.#held;
    const after = ask(before, request, clock.monotonicMs());
    if (!isSameRecord(before, after)) {
      const { holder, url, term, ttlMs } = after;
      const outcome = await store.putServiceLease({ service: this.service, holder, url, term, ttlMs });
      if (outcome === 'unknown') throw fault('STORE_AWAY', `whether ${holder} has the lease of ${this.service}`);
      if (outcome === 'refused') {
        // Another manager has granted it: what that one wrote counts, as after a restart.
        await this.load();
        return this.#request(request);
      }
      // The time runs from the answer, not from before the disk.
      this.#hold({ ...after, untilMs: clock.monotonicMs() + ttlMs });
    } else this.#held = after;
    const { holder, url, term, untilMs } = this.#held ?? after;
    return { holder, url, term, ttlMs: Math.max(0, untilMs - clock.monotonicMs()) };
  }

  #hold(lease: HeldLease): void {
    const { log, metrics, onHolder } = this.#deps;
    const { holder, url, term } = lease;
    const before = this.#held;
    this.#held = lease;
    metrics.set('service_lease_term', term, { service: this.service });
    if (before?.holder === holder && before.url === url) return;
    if (before !== undefined && before.holder !== holder)
      metrics.count('service_lease_changes_total', { service: this.service });
    log.info({ event: 'manager.lease.held', service: this.service, holder, url, term });
    onHolder({ url, term });
  }
}
