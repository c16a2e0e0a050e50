import { delay, type Timers } from '../../../common/clock.js';
import { messageOf } from '../../../common/errors.js';
import type { Log } from '../../../common/log.js';
import type { Metrics } from '../../../common/metrics.js';
import type { MetricName } from '../../../protocol/metrics.js';

export interface MailDeps {
  /** Rejects where it was not taken. */
  readonly post: (url: string, body: unknown, signal: AbortSignal) => Promise<void>;
  readonly timers: Timers;
  readonly metrics: Metrics<MetricName>;
  readonly log: Log;
}

const MOST_WAITING = 256;
const TRIES = 3;
const TRY_AGAIN_MS = 500;

/**
 * Notifications to others: to each in their order, one at a time, tried three times. One who is slow or away keeps nobody else waiting,
 * and has the newest ones lost to it when too many wait.
 */
export class Mail implements Disposable {
  readonly #deps: MailDeps;
  readonly #boxes = new Map<string, { readonly url: string; readonly waiting: unknown[] }>();
  readonly #closing = new AbortController();

  constructor(deps: MailDeps) {
    this.#deps = deps;
  }

  send(to: string, url: string, body: unknown): void {
    const box = this.#boxes.get(to);
    if (box === undefined) {
      const fresh = { url, waiting: [body] };
      this.#boxes.set(to, fresh);
      void this.#deliver(to, fresh);
    } else if (box.waiting.length >= MOST_WAITING) this.#count('dropped');
    else box.waiting.push(body);
  }

  /** What waits for it is thrown away. */
  forget(to: string): void {
    this.#boxes.get(to)?.waiting.splice(0);
  }

  [Symbol.dispose](): void {
    this.#closing.abort(new Error('md-manager stops'));
    for (const to of [...this.#boxes.keys()]) this.forget(to);
  }

  async #deliver(to: string, box: { readonly url: string; readonly waiting: unknown[] }): Promise<void> {
    for (let body = box.waiting.shift(); body !== undefined; body = box.waiting.shift()) await this.#one(box.url, body);
    this.#boxes.delete(to);
  }

  async #one(url: string, body: unknown): Promise<void> {
    const { post, timers, log } = this.#deps;
    const { signal } = this.#closing;
    for (let tries = 1; !signal.aborted; tries++) {
      try {
        await post(url, body, signal);
        return this.#count('sent');
      } catch (error) {
        if (tries === TRIES) {
          log.warn({ event: 'manager.mobility.not-told', url, error: messageOf(error) });
          return this.#count('failed');
        }
      }
      await delay(TRY_AGAIN_MS * tries, signal, timers).catch(() => undefined);
    }
  }

  #count(result: 'sent' | 'failed' | 'dropped'): void {
    this.#deps.metrics.count('manager_mobility_notifications_total', { result });
  }
}
