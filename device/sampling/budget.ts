import type { Reading } from './reading.js';

export interface BudgetRules {
  /** 0: there is no budget. */
  readonly bytesPerKm: number;
  /** How much sooner than others a signal is said again: twice as much is twice as often. */
  readonly weightOf: (name: string) => number;
  /** What a report of these takes on its way, headers included. */
  readonly bytesOf: (readings: readonly Reading[]) => number;
}

/** A record: map and labels, the name, a number of eight bytes or the text, a time of four. */
export const bytesAtMost = ({ name, value }: Reading): number =>
  11 + name.length + (typeof value === 'string' ? value.length + 2 : 9);

/** Below this a report is mostly its head: it waits until this much is saved up, or all that there is to say fits. */
const WORTH_BYTES = 220;
/** A car that is sampled and may not say anything else says this often that it is there. */
const SIGN_OF_LIFE_MS = 60_000;
/** What may be saved up: a kilometre's worth, and one report in any case. */
const SAVED_LEAST_BYTES = 400;
/** A budget that is overdrawn by signs of life is paid back, up to this. */
const OWED_MOST_BYTES = 400;

export interface Choice {
  readonly taken: readonly Reading[];
  /** They had news, and there was no room for it. */
  readonly leftOut: readonly Reading[];
}

const NOTHING: Choice = { taken: [], leftOut: [] };

/**
 * Bytes for each kilometre: what may be said, and of that what first. Signals are said in turn by their weight and by how long ago
 * they were said last, so that what matters comes often and nothing is left out for ever. Pure.
 */
export class Budget {
  #savedBytes = SAVED_LEAST_BYTES;
  #metres = 0;
  #saidAtMs = -Infinity;

  /** What was driven since the start, in metres. */
  driven(metres: number, { bytesPerKm }: BudgetRules): void {
    const most = Math.max(bytesPerKm, SAVED_LEAST_BYTES);
    this.#savedBytes = Math.min(most, this.#savedBytes + ((metres - this.#metres) * bytesPerKm) / 1_000);
    this.#metres = metres;
  }

  /** Of `news`, what goes now; `saidAtMs` tells when a signal was said last. */
  choose(news: readonly Reading[], saidAtMs: (name: string) => number, nowMs: number, rules: BudgetRules): Choice {
    if (news.length === 0) return NOTHING;
    const isLongAgo = nowMs - this.#saidAtMs >= SIGN_OF_LIFE_MS;
    const headBytes = rules.bytesOf([]);
    const allBytes = news.reduce((sum, reading) => sum + bytesAtMost(reading), headBytes);
    if (!isLongAgo && this.#savedBytes < Math.min(allBytes, WORTH_BYTES)) return NOTHING;
    const mayBytes = Math.max(this.#savedBytes, WORTH_BYTES);
    const urgency = ({ name }: Reading): number => rules.weightOf(name) * (nowMs - saidAtMs(name));
    const queue = [...news].sort((x, y) => urgency(y) - urgency(x) || rules.weightOf(y.name) - rules.weightOf(x.name));
    let bytes = headBytes;
    const full = queue.findIndex(reading => (bytes += bytesAtMost(reading)) > mayBytes);
    const count = full < 0 ? queue.length : Math.max(1, full);
    return { taken: queue.slice(0, count), leftOut: queue.slice(count) };
  }

  /** A report of these goes. */
  spend(readings: readonly Reading[], nowMs: number, { bytesOf }: BudgetRules): void {
    this.#savedBytes = Math.max(-OWED_MOST_BYTES, this.#savedBytes - bytesOf(readings));
    this.#saidAtMs = nowMs;
  }
}
