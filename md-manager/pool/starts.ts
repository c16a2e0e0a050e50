import type { Clock, Timers } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { Instance, Mano } from '../mano/mano.js';
import { Brake } from './brake.js';

export interface StartsDeps {
  readonly mano: Mano;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
  readonly clock: Clock;
  readonly timers: Timers;
  /** How long a host may take from its start to its hello. */
  readonly startMs: number;
  /** It exists; its hello may have been quicker. */
  readonly onStarted: (instance: Instance) => void;
  /** It took so long from its order to its hello. */
  readonly onReadyAfter: (domain: string, tookMs: number) => void;
  readonly onOrderFailed: (domain: string) => void;
  /** No hello in time. */
  readonly onLate: (host: string) => void;
}

/** A host that is lost sooner than this after its hello never worked. */
const YOUNG_MS = 10_000;

/** Hosts from their order at MANO until they have proved to work. Domains whose hosts fail are served ever more slowly. */
export class Starts {
  readonly #deps: StartsDeps;
  readonly #brake = new Brake();
  /** Domain → host orders under way at MANO. */
  readonly #ordering = new Map<string, number>();
  readonly #deadlines = new Map<string, () => void>();
  /** Host → its order (monotonic), until it is ready. */
  readonly #orderedAt = new Map<string, number>();
  /** Host → its hello (monotonic). */
  readonly #readyAt = new Map<string, number>();

  constructor(deps: StartsDeps) {
    this.#deps = deps;
  }

  underWay(domain: string): number {
    return this.#ordering.get(domain) ?? 0;
  }

  /** Whether another host of this domain may be ordered now. */
  may(domain: string): boolean {
    return !this.#brake.holds(domain, this.#deps.clock.monotonicMs());
  }

  async order(domain: string): Promise<void> {
    const { mano, log, metrics, clock, onStarted, onReadyAfter, onOrderFailed } = this.#deps;
    this.#ordering.set(domain, this.underWay(domain) + 1);
    const startedMs = clock.monotonicMs();
    try {
      const instance = await mano.start(domain);
      log.info({ event: 'manager.host.started', host: instance.host, pid: instance.pid });
      metrics.observe('pool_order_seconds', (clock.monotonicMs() - startedMs) / 1_000);
      // Its hello may have been quicker than the answer of MANO.
      if (this.#readyAt.has(instance.host)) onReadyAfter(domain, clock.monotonicMs() - startedMs);
      else this.#orderedAt.set(instance.host, startedMs);
      onStarted(instance);
    } catch (error) {
      log.error({ event: 'manager.host.failed', domain, error: messageOf(error) });
      this.#failed(domain, 'mano');
      onOrderFailed(domain);
    } finally {
      this.#ordering.set(domain, this.underWay(domain) - 1);
    }
  }

  /** It was started: from now on its hello is awaited. */
  expect(host: string): void {
    const { timers, startMs, onLate } = this.#deps;
    const cancel = timers.after(startMs, () => {
      this.#deadlines.delete(host);
      onLate(host);
    });
    this.#deadlines.set(host, cancel);
  }

  ready(host: string, domain: string): void {
    this.#deadlines.get(host)?.();
    this.#deadlines.delete(host);
    const nowMs = this.#deps.clock.monotonicMs();
    const orderedAtMs = this.#orderedAt.get(host);
    this.#orderedAt.delete(host);
    if (orderedAtMs !== undefined) this.#deps.onReadyAfter(domain, nowMs - orderedAtMs);
    this.#readyAt.set(host, nowMs);
  }

  /** It is lost or gone. One that never said hello, or has only just, has failed. */
  ended(host: string, domain: string): void {
    const readyAtMs = this.#readyAt.get(host);
    this.#deadlines.get(host)?.();
    this.#deadlines.delete(host);
    this.#readyAt.delete(host);
    this.#orderedAt.delete(host);
    if (readyAtMs === undefined) this.#failed(domain, 'start');
    else if (this.#deps.clock.monotonicMs() - readyAtMs < YOUNG_MS) this.#failed(domain, 'lost');
  }

  /** It is no longer needed: no failure, however young it is. */
  dismissed(host: string): void {
    this.#readyAt.delete(host);
  }

  close(): void {
    for (const cancel of this.#deadlines.values()) cancel();
    this.#deadlines.clear();
  }

  #failed(domain: string, at: 'mano' | 'start' | 'lost'): void {
    const { clock, log, metrics } = this.#deps;
    const { waitMs, failures } = this.#brake.failed(domain, clock.monotonicMs());
    metrics.count('pool_hosts_failed_total', { domain, at });
    log.error({ event: 'manager.pool.failing', domain, at, failures, waitMs: Math.round(waitMs) });
  }
}
