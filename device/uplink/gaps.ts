import type { Clock } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import { encodeGap, META, type GapReason } from '../../protocol/report.js';
import type { GroupCommit } from './group-commit.js';
import type { Entry, Holdings } from './holdings.js';
import { joinRanges, rangesOf } from './key-set.js';
import { RangeSet } from './range-set.js';
import type { Intake } from './intake.js';
import type { Key, Range } from './key.js';

export interface GapsOptions {
  readonly intake: Intake;
  readonly holdings: Holdings;
  readonly group: GroupCommit;
  readonly clock: Clock;
  readonly log: Log;
}

const MAX_GAPS_AT_ONCE = 16;

/** Declares reports that will not come, by reports of its own; until one is accepted, what it declares is not let go. */
export class Gaps {
  readonly #options: GapsOptions;
  readonly #declaring = new RangeSet();

  constructor(options: GapsOptions) {
    this.#options = options;
  }

  /** Reports that are not settled, though they are not to be sent any more. */
  get ranges(): Range[] {
    return this.#declaring.ranges();
  }

  /** Accepted reports whose bytes are gone: to be declared. */
  missing(ranges: readonly Range[]): void {
    for (const range of ranges) this.#declaring.add(range);
  }

  /** Gives up `entries`, which lie in `ranges`. */
  declare(ranges: readonly Range[], reason: GapReason, entries: readonly Entry[]): void {
    const { intake, holdings, clock, log } = this.#options;
    for (const entry of entries) holdings.forget(entry);
    this.missing(rangesOf(entries.map(entry => entry.key)));
    for (const range of joinRanges(ranges, MAX_GAPS_AT_ONCE)) {
      const { boot, from, to } = range;
      log.warn({ event: 'outbox.gap', boot, from, to, reason });
      const inRange = entries.filter(({ key }) => isIn(range, key));
      const value = encodeGap({ boot, from, to, reason });
      intake.add([{ name: META.gap, value, monoMs: clock.monotonicMs() }], () => this.#settle(range, reason, inRange));
    }
  }

  /** Only an accepted declaration lets go of what it declares: a crash before leaves it as it was. */
  #settle(range: Range, why: GapReason, entries: readonly Entry[]): void {
    const { group } = this.#options;
    for (const part of this.#declaring.within(range)) group.record({ kind: 'done', range: part, why });
    this.#declaring.delete(range);
    group.settled(entries);
    group.schedule();
  }
}

const isIn = (range: Range, key: Key): boolean =>
  key.boot === range.boot && key.seq >= range.from && key.seq <= range.to;
