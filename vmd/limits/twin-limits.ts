import type { Clock } from '../../common/clock.js';
import type { Metrics } from '../../common/metrics.js';
import { UNCONFIRMED_BIT } from '../../protocol/addresses.js';
import type { Peer } from '../../protocol/coap/types.js';
import type { MetricName } from '../../protocol/metrics.js';
import { Shares } from './share.js';

/** Of each vehicle; 0: as much as it likes. */
export interface TwinLimitOptions {
  readonly reportsPerS: number;
  readonly bytesPerS: number;
}

/** What a car has not sent for a while it may send at once: after a tunnel its reports come in a heap. */
const BURST_MS = 10_000;
/** Datagrams for each report that is allowed: repetitions, acknowledgements, answers to reads. Beyond, they are not even looked at. */
const DATAGRAMS_PER_REPORT = 8;
const DATAGRAM_BURST_MS = 2_000;

/** The share of a host that one vehicle may have, so that one that has gone mad takes nothing from the others. */
export class TwinLimits {
  readonly #clock: Clock;
  readonly #metrics: Metrics<MetricName>;
  readonly #reports: Shares | undefined;
  readonly #bytes: Shares | undefined;
  readonly #datagrams: Shares | undefined;

  constructor({ reportsPerS, bytesPerS }: TwinLimitOptions, clock: Clock, metrics: Metrics<MetricName>) {
    this.#clock = clock;
    this.#metrics = metrics;
    const shares = (perS: number, burstMs: number): Shares | undefined =>
      perS === 0 ? undefined : new Shares({ perS, burstMs });
    this.#reports = shares(reportsPerS, BURST_MS);
    this.#bytes = shares(bytesPerS, BURST_MS);
    this.#datagrams = shares(reportsPerS * DATAGRAMS_PER_REPORT, DATAGRAM_BURST_MS);
  }

  /**
   * Whose share it is: what comes from somewhere unconfirmed may be anybody's (docs/decisions/trust.md), and takes nothing from the
   * vehicle that it names.
   */
  static shareOf(name: string, { port }: Peer): string {
    return port < UNCONFIRMED_BIT ? name : `${name} unconfirmed`;
  }

  /** Takes them for sent, or says after how many seconds they may come again. */
  admit(share: string, reports: number, bytes: number): { readonly retryS: number } | undefined {
    const nowMs = this.#clock.monotonicMs();
    const reportsMs = this.#reports?.waitMs(share, nowMs) ?? 0;
    const bytesMs = this.#bytes?.waitMs(share, nowMs) ?? 0;
    if (reportsMs > 0 || bytesMs > 0) {
      this.#metrics.count('vmd_limited_total', { what: reportsMs > 0 ? 'reports' : 'bytes' });
      return { retryS: Math.max(1, Math.ceil(Math.max(reportsMs, bytesMs) / 1_000)) };
    }
    this.#reports?.spend(share, reports, nowMs);
    this.#bytes?.spend(share, bytes, nowMs);
    return undefined;
  }

  /** Whether a datagram is looked at. */
  hears(share: string): boolean {
    if (this.#datagrams === undefined) return true;
    const nowMs = this.#clock.monotonicMs();
    if (this.#datagrams.waitMs(share, nowMs) > 0) {
      this.#metrics.count('vmd_limited_total', { what: 'datagrams' });
      return false;
    }
    this.#datagrams.spend(share, 1, nowMs);
    return true;
  }
}
