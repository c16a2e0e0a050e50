import { joinRanges } from './key-set.js';
import { OUTBOX_SCHEMA, withDoneJoined, type BootMarks, type OutboxRecord } from './records.js';
import type { Range } from './key.js';
import type { SegmentLog } from './segment-log.js';

export interface JournalOptions {
  readonly segments: SegmentLog;
  /** Those of all boots before. */
  readonly boots: ReadonlyMap<number, BootMarks>;
  /** Transmissions beyond the first, of all boots before. */
  readonly resent: number;
  readonly maxBytes: number;
  /** The marks of this boot as they are now. */
  readonly marks: () => BootMarks;
  /** What is not settled, in order. */
  readonly unsettled: () => readonly Range[];
}

/** With 300 boots at 70 bytes, the ranges fit into one frame. */
const MAX_RANGES = 256;
const MAX_BOOTS = 300;

/** Writes records to the segments of an outbox, and begins another segment where one is full or broken. */
export class Journal {
  readonly #options: JournalOptions;
  readonly #boots: Map<number, BootMarks>;
  #resent: number;
  #saidResent: number;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#boots = new Map(options.boots);
    this.#resent = options.resent;
    this.#saidResent = options.resent;
  }

  get resent(): number {
    return this.#resent;
  }

  /** One more transmission beyond the first. */
  countResent(): void {
    this.#resent++;
  }

  /** Begins a segment; durable when it resolves. */
  begin(): Promise<void> {
    return this.#options.segments.rotate(this.#checkpoint());
  }

  /** Writes `records`, and with `sync` makes them durable. */
  async write(records: readonly OutboxRecord[], sync: boolean): Promise<void> {
    const { segments, maxBytes, marks } = this.#options;
    if (segments.broken || segments.currentBytes >= maxBytes / 8) await this.begin();
    const all = withDoneJoined(records);
    // Reports say by their own seqs how far the other marks are.
    if (this.#resent !== this.#saidResent) {
      this.#saidResent = this.#resent;
      all.push({ kind: 'marks', marks: marks(), resent: this.#resent });
    }
    await segments.append(all);
    if (sync) await segments.sync();
  }

  #checkpoint(): Extract<OutboxRecord, { kind: 'checkpoint' }> {
    const { marks, unsettled } = this.#options;
    const mine = marks();
    this.#boots.set(mine.boot, mine);
    const boots = [...this.#boots.values()].sort((x, y) => x.boot - y.boot).slice(-MAX_BOOTS);
    for (const boot of this.#boots.keys()) if (!boots.some(kept => kept.boot === boot)) this.#boots.delete(boot);
    const pending = joinRanges(unsettled(), MAX_RANGES);
    return { kind: 'checkpoint', schema: OUTBOX_SCHEMA, boots, pending, resent: this.#resent };
  }
}
