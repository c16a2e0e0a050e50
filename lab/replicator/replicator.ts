import { setMaxListeners } from 'node:events';
import { delay, systemTimers, type Clock, type Timers } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import { backoff } from '../../common/retry.js';
import { fault } from '../../protocol/errors.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { LmdbControlStore } from '../../store/lmdb/control-store.js';
import type { LmdbTwinStore } from '../../store/lmdb/twin-store.js';
import { DeviceLink } from './device-link.js';
import { StoreLink, type Link } from './link.js';

export interface ReplicatorParts {
  readonly stores: readonly LmdbTwinStore[];
  readonly control?: LmdbControlStore;
  readonly lagMs: number;
  readonly clock: Clock;
  readonly timers?: Timers;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

export interface LinkChange {
  readonly cut?: boolean | undefined;
  readonly lagMs?: number | undefined;
}

/** Where nothing waits, a journal is looked at twice within the lag, but not more often than this. */
const SHORTEST_POLL_MS = 5;
const LONGEST_POLL_MS = 30;
const TRIM_MS = 500;

/** All links between the domains of a lab, and from the control store to each. */
export class Replicator {
  readonly links: readonly Link[];
  readonly #storeLinks: readonly StoreLink[];
  readonly #parts: ReplicatorParts;
  readonly #timers: Timers;

  constructor(parts: ReplicatorParts) {
    const { stores, control } = parts;
    this.#parts = parts;
    this.#timers = parts.timers ?? systemTimers;
    this.#storeLinks = stores.flatMap(from =>
      stores.filter(to => to !== from).map(to => new StoreLink(from, to, parts)),
    );
    this.links = [
      ...this.#storeLinks,
      ...(control === undefined ? [] : stores.map(store => new DeviceLink(control, store, parts))),
    ];
  }

  /** Sets one link, or all between domains; links from the control store are only set by name. NOT_FOUND. */
  change(which: { readonly from: string; readonly to: string } | 'all', change: LinkChange): void {
    const links =
      which === 'all' ? this.#storeLinks : this.links.filter(link => link.from === which.from && link.to === which.to);
    if (links.length === 0 && which !== 'all') throw fault('NOT_FOUND', `no link from ${which.from} to ${which.to}`);
    for (const link of links) {
      if (change.cut !== undefined) link.cut = change.cut;
      if (change.lagMs !== undefined) link.lagMs = change.lagMs;
      const { from, to, cut, lagMs } = link;
      this.#parts.log.info({ event: 'replicator.link-changed', from, to, cut, lagMs });
    }
  }

  /** Copies until the signal is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    // Each loop listens once while it pauses: no leak, however many links there are.
    setMaxListeners(this.links.length + this.#parts.stores.length + 10, signal);
    await Promise.all([
      ...this.links.map(link => this.#runLink(link, signal)),
      ...this.#parts.stores.map(store => this.#runTrim(store, signal)),
    ]);
  }

  async #runLink(link: Link, signal: AbortSignal): Promise<void> {
    const { from, to } = link;
    const { metrics } = this.#parts;
    let shownMs: number | undefined;
    await this.#repeat(signal, link, async () => {
      const copied = await link.step();
      const { behindMs } = link;
      if (behindMs !== shownMs) metrics.set('twin_replication_lag_seconds', behindMs / 1000, { from, to });
      shownMs = behindMs;
      if (copied === undefined) return pauseMs(link);
      metrics.count('replicator_rows_total', { from, to }, copied);
      return 0;
    });
  }

  async #runTrim(store: LmdbTwinStore, signal: AbortSignal): Promise<void> {
    await this.#repeat(signal, { from: store.domain, to: store.domain }, async () => {
      await this.trim(store);
      this.#parts.metrics.set('replicator_journal_rows', store.journal.size(), { domain: store.domain });
      return TRIM_MS;
    });
  }

  /** Drops what every target of a domain has. */
  async trim(store: LmdbTwinStore): Promise<void> {
    const links = this.#storeLinks.filter(link => link.from === store.domain);
    for (const writer of store.journal.writers()) {
      const reached = Math.min(...links.map(link => link.position(writer)), Number.MAX_SAFE_INTEGER);
      await store.journal.drop(writer, Math.min(reached, 2 ** 48 - 2));
    }
  }

  /** Calls `once` again after as many milliseconds as it says; a failure is counted, logged, and tried again. */
  async #repeat(
    signal: AbortSignal,
    where: { readonly from: string; readonly to: string },
    once: () => Promise<number>,
  ): Promise<void> {
    const plan = { firstMs: 50, maxMs: 2_000 };
    let delays = backoff(plan, () => 0.5);
    while (!signal.aborted) {
      let pause: number;
      try {
        pause = await once();
        delays = backoff(plan, () => 0.5);
      } catch (error) {
        const { from, to } = where;
        this.#parts.metrics.count('replicator_steps_failed_total', { from, to });
        this.#parts.log.warn({
          event: 'replicator.step-failed',
          from,
          to,
          code: codeOf(error),
          error: messageOf(error),
        });
        pause = delays.next().value;
      }
      await this.#pause(pause, signal);
    }
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    try {
      await delay(ms, signal, this.#timers);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }
}

/** Until the oldest row that waits is due, else until the next look. */
function pauseMs({ cut, lagMs, behindMs }: Link): number {
  const look = Math.min(LONGEST_POLL_MS, Math.max(SHORTEST_POLL_MS, lagMs / 2));
  return cut || behindMs <= 0 ? look : Math.min(look, Math.max(1, lagMs - behindMs));
}
