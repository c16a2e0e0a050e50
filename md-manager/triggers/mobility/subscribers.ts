import type { Clock, Timers } from '../../../common/clock.js';
import type { Metrics } from '../../../common/metrics.js';
import { fault } from '../../../protocol/errors.js';
import type { MetricName } from '../../../protocol/metrics.js';
import { timeStampOf, unixMs } from '../../../protocol/triggers/mec-location.js';
import { told, type MobilitySubscription } from '../../../protocol/triggers/mec-mobility.js';
import type { Mail } from './mail.js';

export interface SubscriberDeps {
  /** Base URL of the subscriptions, as others reach it. */
  readonly url: string;
  readonly mail: Mail;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly timers: Timers;
  readonly metrics: Metrics<MetricName>;
  readonly newId: () => string;
}

export interface Subscriber {
  readonly id: string;
  readonly href: string;
  readonly wish: MobilitySubscription;
  readonly expiresAtMs: number;
}

const MOST = 1_000;
const MOST_LIFE_MS = 3_600_000;
/** It is told of its end so long before. */
const NOTICE_MS = 60_000;

/**
 * Who is told of our hand-overs (ETSI GS MEC 021 §7.4). Each subscription ends at its deadline, at the latest after an hour, and its
 * owner is told a minute before; it is not kept beyond the manager, so that whoever renews may have to subscribe anew.
 */
export class Subscribers implements Disposable {
  readonly #deps: SubscriberDeps;
  readonly #all = new Map<string, Subscriber & { readonly cancel: () => void }>();

  constructor(deps: SubscriberDeps) {
    this.#deps = deps;
  }

  /** READERS_FULL where there are too many. */
  add(wish: MobilitySubscription): Subscriber {
    if (this.#all.size >= MOST) throw fault('READERS_FULL', `${MOST}`);
    const id = this.#deps.newId();
    const subscriber = this.#put(id, wish);
    const { href } = subscriber;
    if (wish.requestTestNotification === true) this.tell(subscriber, told.test(href));
    return subscriber;
  }

  /** NOT_FOUND where it has ended. */
  replace(id: string, wish: MobilitySubscription): Subscriber {
    this.#of(id).cancel();
    return this.#put(id, wish);
  }

  remove(id: string): void {
    this.#of(id).cancel();
    this.#delete(id);
  }

  get(id: string): Subscriber {
    return this.#of(id);
  }

  all(): readonly Subscriber[] {
    return [...this.#all.values()];
  }

  tell({ id, wish }: Subscriber, body: unknown): void {
    this.#deps.mail.send(id, wish.callbackReference, body);
  }

  [Symbol.dispose](): void {
    for (const { cancel } of this.#all.values()) cancel();
    this.#all.clear();
  }

  #put(id: string, wish: MobilitySubscription): Subscriber {
    const { clock, timers, url } = this.#deps;
    const nowMs = clock.nowMs();
    const latestMs = nowMs + MOST_LIFE_MS;
    const expiresAtMs = Math.min(wish.expiryDeadline === undefined ? latestMs : unixMs(wish.expiryDeadline), latestMs);
    const href = `${url}/${id}`;
    const subscriber = { id, href, expiresAtMs, wish: { ...wish, expiryDeadline: timeStampOf(expiresAtMs) } };
    const cancels = [timers.after(Math.max(0, expiresAtMs - nowMs), () => this.#delete(id))];
    const noticeMs = expiresAtMs - NOTICE_MS - nowMs;
    if (noticeMs > 0)
      cancels.push(timers.after(noticeMs, () => this.tell(subscriber, told.expiry(expiresAtMs, clock.nowMs(), href))));
    this.#all.set(id, { ...subscriber, cancel: () => cancels.forEach(cancel => cancel()) });
    this.#gauge();
    return subscriber;
  }

  #of(id: string): Subscriber & { readonly cancel: () => void } {
    const found = this.#all.get(id);
    if (found === undefined) throw fault('NOT_FOUND', `subscription ${id}`);
    return found;
  }

  #delete(id: string): void {
    this.#all.delete(id);
    this.#deps.mail.forget(id);
    this.#gauge();
  }

  #gauge(): void {
    this.#deps.metrics.set('manager_mobility_subscriptions', this.#all.size);
  }
}
