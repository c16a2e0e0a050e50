import { z } from 'zod';
import type { Metrics } from '../../../common/metrics.js';
import type { MetricName } from '../../../protocol/metrics.js';
import { timeStampOf, unixMs } from '../../../protocol/triggers/mec-location.js';
import { mobilitySubscription, told, type MobilitySubscription } from '../../../protocol/triggers/mec-mobility.js';
import type { NoteRow } from '../../../store/types.js';
import type { Mail } from './mail.js';
import { NotedBook, type Noted, type NotedBookDeps } from './noted-book.js';

export interface SubscriberDeps extends NotedBookDeps {
  /** Base URL of the subscriptions, as others reach it. */
  readonly url: string;
  readonly mail: Mail;
  readonly metrics: Metrics<MetricName>;
}

export interface Subscriber extends Noted {
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
  readonly #book: NotedBook<Subscriber>;

  constructor(deps: SubscriberDeps) {
    this.#deps = deps;
    this.#book = new NotedBook(
      {
        ...{ kind: 'mobility', most: MOST },
        noteOf: ({ wish, expiresAtMs }: Subscriber) => ({ wish, expiresAtMs }),
        onKept: subscriber => this.#noticed(subscriber),
        onGone: id => deps.mail.forget(id),
        onSize: size => deps.metrics.set('manager_mobility_subscriptions', size),
      },
      deps,
    );
  }

  /** Those of an earlier leader. */
  load(notes: readonly NoteRow[]): void {
    this.#book.load(notes, (id, note) => {
      const read = kept.safeParse(note);
      return read.success ? this.#made(id, read.data.wish) : undefined;
    });
  }

  /** READERS_FULL where there are too many; a fault of the store where it cannot be kept: then there is none. */
  async add(wish: MobilitySubscription): Promise<Subscriber> {
    const subscriber = await this.#book.add(id => this.#made(id, wish));
    if (wish.requestTestNotification === true) this.tell(subscriber, told.test(subscriber.href));
    return subscriber;
  }

  /** NOT_FOUND where it has ended; a fault of the store where it cannot be kept: then it is as it was. */
  replace(id: string, wish: MobilitySubscription): Promise<Subscriber> {
    return this.#book.replace(id, () => this.#made(id, wish));
  }

  /** Likewise. */
  remove(id: string): Promise<void> {
    return this.#book.remove(id);
  }

  get(id: string): Subscriber {
    return this.#book.get(id);
  }

  all(): readonly Subscriber[] {
    return this.#book.all();
  }

  tell({ id, wish }: Subscriber, body: unknown): void {
    this.#deps.mail.send(id, wish.callbackReference, body);
  }

  [Symbol.dispose](): void {
    this.#book[Symbol.dispose]();
  }

  #made(id: string, wish: MobilitySubscription): Subscriber {
    const latestMs = this.#deps.clock.nowMs() + MOST_LIFE_MS;
    const expiresAtMs = Math.min(wish.expiryDeadline === undefined ? latestMs : unixMs(wish.expiryDeadline), latestMs);
    const timed = { ...wish, expiryDeadline: timeStampOf(expiresAtMs) };
    return { id, href: `${this.#deps.url}/${id}`, expiresAtMs, wish: timed };
  }

  /** It is told before it ends. */
  #noticed(subscriber: Subscriber): () => void {
    const { clock, timers } = this.#deps;
    const { expiresAtMs, href } = subscriber;
    const noticeMs = expiresAtMs - NOTICE_MS - clock.nowMs();
    if (noticeMs <= 0) return () => undefined;
    return timers.after(noticeMs, () => this.tell(subscriber, told.expiry(expiresAtMs, clock.nowMs(), href)));
  }
}
