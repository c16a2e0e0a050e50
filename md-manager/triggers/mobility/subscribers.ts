import type { Clock, Timers } from '../../../common/clock.js';
import type { Metrics } from '../../../common/metrics.js';
import { z } from 'zod';
import { messageOf } from '../../../common/errors.js';
import type { Log } from '../../../common/log.js';
import { fault } from '../../../protocol/errors.js';
import type { MetricName } from '../../../protocol/metrics.js';
import { timeStampOf, unixMs } from '../../../protocol/triggers/mec-location.js';
import { mobilitySubscription, told, type MobilitySubscription } from '../../../protocol/triggers/mec-mobility.js';
import type { ControlStore, NoteRow } from '../../../store/types.js';
import { InTurn } from '../../in-turn.js';
import type { Mail } from './mail.js';

export interface SubscriberDeps {
  /** Base URL of the subscriptions, as others reach it. */
  readonly url: string;
  readonly mail: Mail;
  readonly store: Pick<ControlStore, 'putNote' | 'deleteNote'>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly timers: Timers;
  readonly metrics: Metrics<MetricName>;
  readonly log: Log;
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

const kept = z.object({ wish: mobilitySubscription, expiresAtMs: z.number() });

/**
 * Who is told of our hand-overs (ETSI GS MEC 021 §7.4). Each subscription ends at its deadline, at the latest after an hour, and its
 * owner is told a minute before; it is in the control store before it is answered, so that the next leader goes on with it.
 */
export class Subscribers implements Disposable {
  readonly #deps: SubscriberDeps;
  readonly #all = new Map<string, Subscriber & { readonly cancel: () => void }>();

  readonly #writes = new InTurn();

  constructor(deps: SubscriberDeps) {
    this.#deps = deps;
  }

  /** Those of an earlier leader. */
  load(notes: readonly NoteRow[]): void {
    const nowMs = this.#deps.clock.nowMs();
    for (const { id, note } of notes) {
      const read = kept.safeParse(note);
      if (read.success && read.data.expiresAtMs > nowMs) this.#put(id, this.#made(id, read.data.wish));
      else this.#forget(id);
    }
  }

  /** READERS_FULL where there are too many; a fault of the store where it cannot be kept: then there is none. */
  add(wish: MobilitySubscription): Promise<Subscriber> {
    return this.#writes.run(async () => {
      if (this.#all.size >= MOST) throw fault('READERS_FULL', `${MOST}`);
      const id = this.#deps.newId();
      const subscriber = await this.#keep(id, wish);
      if (wish.requestTestNotification === true) this.tell(subscriber, told.test(subscriber.href));
      return subscriber;
    });
  }

  /** NOT_FOUND where it has ended; a fault of the store where it cannot be kept: then it is as it was. */
  replace(id: string, wish: MobilitySubscription): Promise<Subscriber> {
    return this.#writes.run(() => {
      this.#of(id);
      return this.#keep(id, wish);
    });
  }

  /** Likewise. */
  remove(id: string): Promise<void> {
    return this.#writes.run(async () => {
      this.#of(id);
      await this.#deps.store.deleteNote('mobility', id);
      this.#drop(id);
    });
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

  #made(id: string, wish: MobilitySubscription): Subscriber {
    const latestMs = this.#deps.clock.nowMs() + MOST_LIFE_MS;
    const expiresAtMs = Math.min(wish.expiryDeadline === undefined ? latestMs : unixMs(wish.expiryDeadline), latestMs);
    const timed = { ...wish, expiryDeadline: timeStampOf(expiresAtMs) };
    return { id, href: `${this.#deps.url}/${id}`, expiresAtMs, wish: timed };
  }

  async #keep(id: string, asked: MobilitySubscription): Promise<Subscriber> {
    const subscriber = this.#made(id, asked);
    const { wish, expiresAtMs } = subscriber;
    await this.#deps.store.putNote({ kind: 'mobility', id, note: { wish, expiresAtMs } });
    return this.#put(id, subscriber);
  }

  #put(id: string, subscriber: Subscriber): Subscriber {
    const { clock, timers } = this.#deps;
    const { expiresAtMs, href } = subscriber;
    const nowMs = clock.nowMs();
    this.#all.get(id)?.cancel();
    const cancels = [timers.after(Math.max(0, expiresAtMs - nowMs), () => this.#expire(id))];
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

  #expire(id: string): void {
    this.#drop(id);
    this.#forget(id);
  }

  /** Where the store is away the note stays: the next leader sees that its time is over. */
  #forget(id: string): void {
    const { store, log } = this.#deps;
    const forgotten = this.#writes.run(() => store.deleteNote('mobility', id));
    forgotten.catch((error: unknown) =>
      log.warn({ event: 'manager.effect.failed', effect: 'subscription', error: messageOf(error) }),
    );
  }

  #drop(id: string): void {
    this.#all.get(id)?.cancel();
    this.#all.delete(id);
    this.#deps.mail.forget(id);
    this.#gauge();
  }

  #gauge(): void {
    this.#deps.metrics.set('manager_mobility_subscriptions', this.#all.size);
  }
}
