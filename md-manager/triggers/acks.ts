import { every, type Clock, type Timers } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { Acknowledgement, AfStatus } from '../../protocol/triggers/sighting.js';
import type { FarEndClient } from './far-end-client.js';
import type { Outcome, Result } from './triggers.js';

export interface AckDeps {
  /** By whom the answers go out. */
  readonly client: (origin: 'smf' | 'nef') => Pick<FarEndClient, 'send'> | undefined;
  /** Answers go there alone: whoever can post to us could else have us post anywhere. */
  readonly mayAnswer: (uri: URL, origin: 'smf' | 'nef') => boolean;
  /** `vehicle domain` of every slot that is kept now; `undefined` where none ever is. */
  readonly armed: () => ReadonlySet<string> | undefined;
  /** Where the vehicle's twin acts. */
  readonly actsIn: (vehicle: string) => string | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly timers: Timers;
  readonly metrics: Metrics<MetricName>;
  readonly log: Log;
  /** How long an answer may be put off until there is something good to say. */
  readonly patienceMs?: number;
}

/** What is asked for with a notification: an answer to this address, of this form. */
export interface AckWish {
  readonly origin: 'smf' | 'nef';
  readonly uri: string;
  readonly body: (acknowledgement: Acknowledgement) => unknown;
}

interface Pending {
  readonly wish: AckWish;
  readonly outcome: Outcome;
  readonly untilMs: number;
}

const PATIENCE_MS = 2_000;
const LOOK_MS = 20;
const MOST_PENDING = 1_000;
const TRIES = 3;
const TRY_AGAIN_MS = 300;

/** What is said at once; the others depend on what becomes of it. */
const AT_ONCE: Partial<Record<Result, AfStatus>> = {
  left: 'SUCCESS',
  stale: 'OTHER',
  'unknown-device': 'OTHER',
  'unknown-vehicle': 'OTHER',
  'unknown-place': 'RELOC_NO_ALLOWED',
};

/**
 * Acknowledgements to whoever asks for them: a path may wait for one before it changes. Of a move to come it says SUCCESS
 * when the slot is kept, of one that happened when the twin acts there; TEMPORARY_CONGESTION where that takes too long: all
 * is full, or the vehicle has only just moved.
 */
export class Acks implements Disposable {
  readonly #deps: AckDeps;
  readonly #pending = new Set<Pending>();
  #stop: (() => void) | undefined;
  #closed = false;

  constructor(deps: AckDeps) {
    this.#deps = deps;
  }

  /** One answer for each sighting of the notification. */
  answer(wish: AckWish, outcomes: readonly Outcome[]): void {
    const { mayAnswer, clock, patienceMs = PATIENCE_MS, log } = this.#deps;
    if (!URL.canParse(wish.uri) || !mayAnswer(new URL(wish.uri), wish.origin)) {
      this.#count(wish.origin, 'OTHER', 'not-sent');
      log.warn({ event: 'manager.trigger.no-ack', origin: wish.origin, uri: wish.uri });
      return;
    }
    for (const outcome of outcomes) {
      const atOnce = this.#pending.size >= MOST_PENDING ? 'TEMPORARY_CONGESTION' : AT_ONCE[outcome.result];
      if (atOnce !== undefined) void this.#send(wish, outcome, atOnce);
      else this.#pending.add({ wish, outcome, untilMs: clock.monotonicMs() + patienceMs });
    }
    this.#look();
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#stop?.();
    this.#pending.clear();
  }

  #look(): void {
    const { armed, actsIn, clock, timers } = this.#deps;
    const kept = this.#pending.size === 0 ? undefined : armed();
    for (const one of [...this.#pending]) {
      const { vehicle = '', domain = '', sighting } = one.outcome;
      const acts = actsIn(vehicle) === domain;
      const done = sighting.phase === 'early' ? acts || kept?.has(`${vehicle} ${domain}`) !== false : acts;
      if (!done && clock.monotonicMs() < one.untilMs) continue;
      this.#pending.delete(one);
      void this.#send(one.wish, one.outcome, done ? 'SUCCESS' : 'TEMPORARY_CONGESTION');
    }
    if (this.#pending.size > 0 && !this.#closed) this.#stop ??= every(timers, LOOK_MS, () => this.#look());
    else {
      this.#stop?.();
      this.#stop = undefined;
    }
  }

  /** Tried a few times; who waits for it in vain goes on by its own rules. */
  async #send({ origin, uri, body }: AckWish, { sighting }: Outcome, status: AfStatus): Promise<void> {
    const { client, timers, log } = this.#deps;
    for (let tries = 1; !this.#closed; tries++) {
      try {
        await client(origin)?.send({ method: 'POST', url: uri, json: body({ status, device: sighting.device }) });
        return this.#count(origin, status, 'sent');
      } catch (error) {
        if (tries < TRIES) {
          await new Promise<void>(resolve => void timers.after(TRY_AGAIN_MS * tries, resolve));
          continue;
        }
        log.warn({ event: 'manager.trigger.no-ack', origin, uri, error: messageOf(error) });
        return this.#count(origin, status, 'failed');
      }
    }
  }

  #count(origin: string, status: AfStatus, result: 'sent' | 'failed' | 'not-sent'): void {
    this.#deps.metrics.count('manager_trigger_acks_total', { origin, status, result });
  }
}
