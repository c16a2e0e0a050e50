import { messageOf } from '../../common/errors.js';
import type { Clock } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import { BUILD_DATE_MS } from '../../protocol/build-date.js';
import { decodeReport } from '../../protocol/report.js';
import { atTheBound, isDeclaration } from './bound.js';
import type { Gaps } from './gaps.js';
import type { GroupCommit } from './group-commit.js';
import type { Entry, Holdings } from './holdings.js';
import { rangesOf } from './key-set.js';
import type { Key } from './key.js';
import type { SegmentLog } from './segment-log.js';

export interface ReliefOptions {
  readonly segments: SegmentLog;
  readonly holdings: Holdings;
  readonly gaps: Gaps;
  readonly group: GroupCommit;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  /** UTC of now where somebody vouches for it. */
  readonly trustedMs: () => number | undefined;
  readonly onDropped: (keys: readonly Key[]) => void;
  readonly clock: Clock;
  readonly log: Log;
}

const LOOK_FOR_OLD_MS = 600_000;

/** Keeps an outbox within its bounds of bytes and age: removes segments, carries reports over, gives them up. */
export class Relief {
  readonly #options: ReliefOptions;
  #relieving = 0;
  #lookedAtMs = -Infinity;

  constructor(options: ReliefOptions) {
    this.#options = options;
  }

  /** After a durable commit; `grew` where it held reports that are no declarations of ours. */
  async after(grew: boolean): Promise<void> {
    try {
      await this.#removeUnneeded();
    } catch (error) {
      this.#options.log.error({ event: 'outbox.failed', error: messageOf(error) });
      return;
    }
    // One segment per commit of new reports: carrying over and declaring write, too, and must not feed themselves.
    if (!grew) return;
    this.#giveUpOld();
    this.#mindTheBound();
    this.#options.group.schedule();
  }

  async #removeUnneeded(): Promise<void> {
    const { segments, holdings } = this.#options;
    while (segments.oldest !== segments.current && !holdings.isNeeded(segments.oldest)) {
      const { oldest } = segments;
      await segments.removeOldest();
      holdings.removed(oldest);
    }
  }

  #mindTheBound(): void {
    const { segments, holdings, group, maxBytes } = this.#options;
    const { oldest } = segments;
    if (segments.totalBytes <= maxBytes || oldest === segments.current || oldest === this.#relieving) return;
    this.#relieving = oldest;
    const { kept, dropped } = atTheBound(holdings.inSegment(oldest), holdings.bytes, maxBytes);
    for (const entry of kept) {
      if (entry.bytes === undefined) continue;
      group.record({ kind: 'report', key: entry.key, bytes: entry.bytes });
      group.step({ entry, frozen: false });
    }
    this.#giveUp(dropped);
  }

  /** Reports are in the order of their time but for those of another boot's wrong clock: those wait for the bound. */
  #giveUpOld(): void {
    const { clock, trustedMs, maxAgeMs, holdings } = this.#options;
    const nowMs = trustedMs();
    if (nowMs === undefined || clock.monotonicMs() - this.#lookedAtMs < LOOK_FOR_OLD_MS) return;
    this.#lookedAtMs = clock.monotonicMs();
    const old: Entry[] = [];
    for (const entry of holdings.ready()) {
      const timeMs = entry.bytes === undefined ? Infinity : decodeReport(entry.bytes).timeMs;
      if (timeMs >= nowMs - maxAgeMs) break;
      if (timeMs >= BUILD_DATE_MS && !isDeclaration(entry.bytes)) old.push(entry);
    }
    this.#giveUp(old);
  }

  #giveUp(entries: readonly Entry[]): void {
    if (entries.length === 0) return;
    const keys = entries.map(entry => entry.key);
    this.#options.onDropped(keys);
    this.#options.gaps.declare(rangesOf(keys), 'bound', entries);
  }
}
