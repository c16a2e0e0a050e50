import type { Timers } from '../common/clock.js';
import { EdgetwinError, codeOf, messageOf } from '../common/errors.js';
import type { Log } from '../common/log.js';
import type { Metrics } from '../common/metrics.js';
import { backoff } from '../common/retry.js';
import type { AttachmentChanged } from '../protocol/api/md-manager.js';
import type { MetricName } from '../protocol/metrics.js';
import type { ManagerLink } from './manager-link.js';

/** A change of attachment that the manager has not answered. */
export interface Letter {
  readonly handover: string;
  /** Of the vehicle's first frame. */
  readonly first: boolean;
  /** It names a lease that was used: a newer letter waits behind it, and does not take its place. */
  readonly mustArrive: boolean;
  /** `undefined` while the vehicle's id is not known. */
  readonly message: () => AttachmentChanged | undefined;
}

export interface ReporterDeps {
  readonly manager: Pick<ManagerLink, 'report'>;
  readonly timers: Timers;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

interface Pending extends Letter {
  readonly delays: Generator<number, never>;
  cancel: () => void;
}

/** Letters of one vehicle that must arrive are never more: a slot is used once per arming, which the manager sends after it has answered. */
const QUEUE_MAX = 4;

/**
 * Tells the manager of changed attachments until it answers. Per vehicle one letter is under way; of those behind it the
 * newest takes the place of the one before, unless that one must arrive.
 */
export class Reporter {
  /** By vehicle number; the first is under way. */
  readonly #pending = new Map<number, Pending[]>();
  readonly #deps: ReporterDeps;

  constructor(deps: ReporterDeps) {
    this.#deps = deps;
  }

  /** Vehicles with a letter that waits for its answer. */
  get waiting(): number {
    return this.#pending.size;
  }

  put(number: number, letter: Letter): void {
    const pending: Pending = {
      ...letter,
      delays: backoff({ firstMs: 50, maxMs: 2_000, jitter: 0.2 }, this.#deps.random),
      cancel: () => undefined,
    };
    const queue = this.#pending.get(number) ?? [];
    const last = queue.at(-1);
    const kept = last === undefined || last.mustArrive ? queue.slice(-QUEUE_MAX + 1) : queue.slice(0, -1);
    for (const old of queue) if (!kept.includes(old)) old.cancel();
    const [head = pending, ...rest] = [...kept, pending];
    this.#pending.set(number, [head, ...rest]);
    if (head !== queue[0]) void this.#send(number, head);
  }

  /** Tries all that wait at once: the manager was heard of. */
  flush(): void {
    for (const [number, [head]] of [...this.#pending]) {
      head?.cancel();
      if (head !== undefined) void this.#send(number, head);
    }
  }

  /** Whether the letter about a vehicle's first frame still waits for its answer. */
  isFirst(number: number): boolean {
    return this.#pending.get(number)?.some(({ first }) => first) ?? false;
  }

  /** Whether a letter about this vehicle waits for its answer. */
  has(number: number): boolean {
    return this.#pending.has(number);
  }

  stop(): void {
    for (const queue of this.#pending.values()) for (const pending of queue) pending.cancel();
    this.#pending.clear();
  }

  async #send(number: number, pending: Pending): Promise<void> {
    const { manager, log, metrics } = this.#deps;
    const body = pending.message();
    const about = { vehicle: body?.vehicle, handover: pending.handover };
    try {
      if (body !== undefined) {
        const { result } = await manager.report(body);
        metrics.count('sdn_reports_total', { result });
        this.#done(number, pending);
        return;
      }
    } catch (error) {
      metrics.count('sdn_reports_total', { result: codeOf(error) });
      if (error instanceof EdgetwinError && !error.retry && error.code !== 'UPSTREAM_REFUSED') {
        log.error({ event: 'sdn.report-refused', ...about, error: messageOf(error) });
        this.#done(number, pending);
        return;
      }
      log.warn({ event: 'sdn.report-delayed', ...about, error: messageOf(error) });
    }
    if (!this.#isUnderWay(number, pending)) return;
    pending.cancel();
    pending.cancel = this.#deps.timers.after(pending.delays.next().value, () => void this.#send(number, pending));
  }

  #isUnderWay = (number: number, pending: Pending): boolean => this.#pending.get(number)?.[0] === pending;

  #done(number: number, pending: Pending): void {
    if (!this.#isUnderWay(number, pending)) return;
    const [, next, ...rest] = this.#pending.get(number) ?? [];
    if (next === undefined) this.#pending.delete(number);
    else {
      this.#pending.set(number, [next, ...rest]);
      void this.#send(number, next);
    }
  }
}
