import { messageOf } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';
import { encodeBoot, MAX_SEQ } from '../../protocol/report.js';
import type { Stamp } from '../clock/time-base.js';
import { Gaps } from './gaps.js';
import { GroupCommit, type Batch, type Written } from './group-commit.js';
import { Holdings, type Entry } from './holdings.js';
import { Intake } from './intake.js';
import { Journal } from './journal.js';
import { idOf, inRangeOrder, rangesOf } from './key-set.js';
import type { OutboxListener, OutboxOptions, OutboxStatus } from './outbox-options.js';
import type { HeldSample } from './records.js';
import type { Key } from './key.js';
import { Relief } from './relief.js';
import { replay, type Replayed } from './replay.js';
import { readSegments, SegmentLog, segmentOfReports } from './segment-log.js';

const MAX_WAITING_REPORTS = 1_024;
/**
 * The durable queue of reports (DESIGN §7). `add` hands out the next seq; the report is accepted, and may be sent, once
 * its frozen bytes are synced; it stays until it is acknowledged, rejected or dropped, the latter two declared by a gap
 * report. Bounded by bytes on disk. When the disk fails, writing begins anew in another segment; `add` rejects with
 * OUTBOX_FULL where too many reports wait for it.
 */
export class Outbox implements AsyncDisposable {
  readonly boot: number;
  readonly #options: OutboxOptions;
  readonly #log: SegmentLog;
  readonly #journal: Journal;
  readonly #holdings = new Holdings();
  readonly #group: GroupCommit;
  readonly #intake: Intake;
  readonly #gaps: Gaps;
  readonly #relief: Relief;
  #listener: OutboxListener | undefined;
  #accepted = 0;
  #damagedBytes = 0;

  /** Reads what earlier boots left, and begins a segment of its own. Rejects with the disk's errors or STORE_SCHEMA. */
  static async open(options: OutboxOptions): Promise<Outbox> {
    const segments = await readSegments(options.disk);
    const found = replay(segments.flatMap(({ records }) => records));
    const log = new SegmentLog(options.disk, segments);
    await log.syncAll();
    const boot = await options.nextBoot(Math.max(0, ...found.boots.keys()));
    const outbox = new Outbox(options, boot, log, found);
    await outbox.#recover(found, segmentOfReports(segments));
    outbox.#damagedBytes = segments.reduce((sum, segment) => sum + segment.damagedBytes, 0);
    const { pending, damagedBytes } = outbox.status;
    options.log.info({ event: 'outbox.opened', boot, pending, missing: found.missing.length, damagedBytes });
    return outbox;
  }

  private constructor(options: OutboxOptions, boot: number, log: SegmentLog, found: Replayed) {
    this.#options = options;
    this.boot = boot;
    this.#log = log;
    const previousBoot = Math.max(0, ...found.boots.keys());
    const lastAcceptedSeq = found.boots.get(previousBoot)?.accepted ?? 0;
    const first = encodeBoot({ previousBoot, lastAcceptedSeq, clock: 'estimated' });
    this.#group = new GroupCommit({
      ...options,
      write: batch => this.#write(batch),
      onWritten: (batch, written) => this.#written(batch, written),
    });
    const parts = { holdings: this.#holdings, group: this.#group };
    this.#intake = new Intake({ ...options, ...parts, boot, first });
    this.#gaps = new Gaps({ ...options, ...parts, intake: this.#intake });
    this.#journal = new Journal({
      ...found,
      segments: log,
      maxBytes: options.maxBytes,
      marks: () => ({ boot, sampled: this.#intake.sampled, accepted: this.#accepted }),
      unsettled: () =>
        [...rangesOf(this.#holdings.entries().map(entry => entry.key)), ...this.#gaps.ranges].sort(inRangeOrder),
    });
    this.#relief = new Relief({
      ...options,
      ...parts,
      segments: log,
      gaps: this.#gaps,
      onDropped: keys => this.#listener?.onDropped(keys),
    });
  }

  async #recover(found: Replayed, segmentOf: ReadonlyMap<string, number>): Promise<void> {
    this.#gaps.missing(found.missing);
    const where = (key: Key): number => segmentOf.get(idOf(key)) ?? this.#log.oldest;
    for (const { key, bytes } of found.pending)
      this.#holdings.keep({ key, bytes, held: undefined, segment: 0, then: undefined }, where(key));
    for (const held of found.held)
      this.#holdings.keep({ key: held.key, bytes: undefined, held, segment: 0, then: undefined }, where(held.key));
    await this.#journal.begin();
    // Held reports of a boot that ended: their monotonic time means nothing any more, but the guess of then does.
    for (const boot of new Set(found.held.map(({ key }) => key.boot))) {
      const entries = this.#holdings.entries().filter(entry => entry.held !== undefined && entry.key.boot === boot);
      const { guessMs = 0, guessClock = 'estimated' } = entries[0]?.held ?? {};
      this.#intake.freeze(boot, entries, found.stamps.get(boot) ?? { offsetMs: guessMs, clock: guessClock });
    }
    await this.#group.commit();
    if (found.missing.length > 0) this.#gaps.declare(found.missing, 'corrupt', []);
  }

  /** Sets who sends; tells at once what there is to send. */
  listen(listener: OutboxListener): void {
    this.#listener = listener;
    this.#tellSendable(this.#holdings.ready());
  }

  get status(): OutboxStatus {
    return {
      sampled: this.#intake.sampled,
      accepted: this.#accepted,
      pending: this.#holdings.size + this.#group.steps.length,
      diskBytes: this.#log.totalBytes,
      writtenBytes: this.#log.writtenBytes,
      damagedBytes: this.#damagedBytes,
      failing: this.#group.failed,
      waitingForClock: this.#holdings.waitingForClock,
    };
  }

  /** Takes a report; gives its key. Throws OUTBOX_FULL or REPORT_TOO_LARGE, and then no seq is used. */
  add(samples: readonly HeldSample[]): Key {
    if (this.#group.steps.length >= MAX_WAITING_REPORTS || this.#intake.sampled >= MAX_SEQ)
      throw fault('OUTBOX_FULL', `${this.#group.steps.length} reports wait for the disk`);
    return this.#intake.add(samples, undefined);
  }

  /** The clock is known: reports that waited are stamped, and sent once that is durable. */
  release(stamp: Stamp): void {
    const waiting = [...this.#holdings.entries(), ...this.#group.steps.map(step => step.entry)];
    this.#intake.freeze(
      this.boot,
      waiting.filter(entry => entry.bytes === undefined && entry.key.boot === this.boot),
      stamp,
    );
    this.#group.schedule();
  }

  /** The twin has it durably; gives false where it was settled before. */
  acknowledge(key: Key): boolean {
    const entry = this.#holdings.find(key);
    if (entry === undefined) return false;
    this.#holdings.forget(entry);
    this.#group.record({
      kind: 'done',
      range: { boot: key.boot, from: key.seq, to: key.seq },
      why: 'acknowledged',
    });
    this.#group.settled([entry]);
    this.#group.schedule();
    return true;
  }

  /** The twin can never take it: declares the gap. The bytes are given back, for the rejected file. */
  reject(key: Key): Uint8Array | undefined {
    const entry = this.#holdings.find(key);
    if (entry === undefined) return undefined;
    this.#gaps.declare([{ boot: key.boot, from: key.seq, to: key.seq }], 'rejected', [entry]);
    return entry.bytes;
  }

  /** One more transmission beyond the first. */
  countResent(): void {
    this.#journal.countResent();
  }

  get resent(): number {
    return this.#journal.resent;
  }

  /** Writes a batch, and syncs it where it holds reports. */
  async #write({ records, steps, last }: Batch): Promise<Written> {
    const toSync = last || steps.length > 0;
    try {
      await this.#journal.write(records, toSync);
    } catch (error) {
      this.#options.log.error({ event: 'outbox.failed', error: messageOf(error) });
      return 'failed';
    }
    return toSync ? 'durable' : 'unsynced';
  }

  async #written({ steps, settled, last }: Batch, written: Exclude<Written, 'failed'>): Promise<void> {
    const grew = steps.some(({ entry }) => entry.segment === 0 && entry.then === undefined);
    for (const { entry } of steps) this.#accept(entry, this.#log.current);
    // What was settled may be removed only once the record of it is as durable as the removal.
    if (written === 'durable') for (const entry of settled) this.#holdings.release(entry);
    this.#tellSendable(steps.filter(step => step.frozen).map(step => step.entry));
    // The clock became known while these were on their way to the disk.
    const stamp = this.#options.stamp();
    const late = steps.map(step => step.entry).filter(entry => entry.bytes === undefined);
    if (stamp !== undefined) this.#intake.freeze(this.boot, late, stamp);
    if (written === 'durable' && !last) await this.#relief.after(grew);
  }

  #accept(entry: Entry, segment: number): void {
    const isNew = entry.segment === 0;
    if (isNew || this.#holdings.has(entry.key)) this.#holdings.keep(entry, segment);
    else this.#holdings.release(entry);
    if (isNew) {
      this.#accepted = Math.max(this.#accepted, entry.key.seq);
      entry.then?.();
    }
  }

  #tellSendable(entries: readonly Entry[]): void {
    const reports = entries.flatMap(({ key, bytes }) =>
      bytes !== undefined && this.#holdings.has(key) ? [{ key, bytes }] : [],
    );
    if (reports.length > 0) this.#listener?.onSendable(reports);
  }

  /** Resolves when everything that was added is accepted, or the disk has failed. */
  flush(): Promise<void> {
    return this.#group.flush();
  }

  /** Leaves everything on disk, the marks and the settled included. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#group.close();
  }
}
