import type { Timers } from '../common/clock.js';
import { EdgetwinError, codeOf, messageOf } from '../common/errors.js';
import type { Log } from '../common/log.js';
import type { Metrics } from '../common/metrics.js';
import { backoff } from '../common/retry.js';
import type { AttachmentChanged } from '../protocol/api/md-manager.js';
import type { MetricName } from '../protocol/metrics.js';
import type { ManagerLink } from './manager-link.js';

/** A change of attachment that the manager has not answered; `undefined` while the vehicle's id is not known. */
export type Message = () => AttachmentChanged | undefined;

export interface ReporterDeps {
  readonly manager: ManagerLink;
  readonly timers: Timers;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

interface Pending {
  readonly handover: string;
  readonly first: boolean;
  readonly message: Message;
  readonly delays: Generator<number, never>;
  cancel: () => void;
}

/**
 * Tells the manager of changed attachments until it answers. At most one message per vehicle waits: a newer one takes the
 * place of the one before.
 */
export class Reporter {
  readonly #pending = new Map<number, Pending>();
  readonly #deps: ReporterDeps;

  constructor(deps: ReporterDeps) {
    this.#deps = deps;
  }

  get waiting(): number {
    return this.#pending.size;
  }

  put(number: number, handover: string, first: boolean, message: Message): void {
    this.#pending.get(number)?.cancel();
    const pending: Pending = {
      handover,
      first,
      message,
      delays: backoff({ firstMs: 50, maxMs: 2_000, jitter: 0.2 }, this.#deps.random),
      cancel: () => undefined,
    };
    this.#pending.set(number, pending);
    void this.#send(number, pending);
  }

  /** Tries all that wait at once: the manager was heard of. */
  flush(): void {
    for (const [number, pending] of this.#pending) {
      pending.cancel();
      void this.#send(number, pending);
    }
  }

  /** Whether the message about a vehicle's first frame still waits for its answer. */
  isFirst(number: number): boolean {
    return this.#pending.get(number)?.first ?? false;
  }

  /** Whether a message about this vehicle waits for its answer. */
  has(number: number): boolean {
    return this.#pending.has(number);
  }

  stop(): void {
    for (const pending of this.#pending.values()) pending.cancel();
    this.#pending.clear();
  }

  async #send(number: number, pending: Pending): Promise<void> {
    const { manager, log, metrics } = this.#deps;
    const body = pending.message();
    try {
      if (body !== undefined) {
        const { result } = await manager.report(body);
        metrics.count('sdn_reports_total', { result });
        if (this.#pending.get(number) === pending) this.#pending.delete(number);
        return;
      }
    } catch (error) {
      metrics.count('sdn_reports_total', { result: codeOf(error) });
      if (error instanceof EdgetwinError && !error.retry && error.code !== 'UPSTREAM_REFUSED') {
        log.error({
          event: 'sdn.report-refused',
          vehicle: body?.vehicle,
          handover: pending.handover,
          error: messageOf(error),
        });
        if (this.#pending.get(number) === pending) this.#pending.delete(number);
        return;
      }
      log.warn({
        event: 'sdn.report-delayed',
        vehicle: body?.vehicle,
        handover: pending.handover,
        error: messageOf(error),
      });
    }
    if (this.#pending.get(number) !== pending) return;
    pending.cancel();
    pending.cancel = this.#deps.timers.after(pending.delays.next().value, () => void this.#send(number, pending));
  }
}
