import { fault } from '../../protocol/errors.js';
import type { Disk } from './disk.js';
import { encodeFrame, scanFrames } from './frames.js';
import { idOf } from './key-set.js';
import { decodeRecord, encodeRecord, type OutboxRecord } from './records.js';

const NAME = /^outbox-(\d{10})\.log$/;
const nameOf = (segment: number): string => `outbox-${String(segment).padStart(10, '0')}.log`;

export interface SegmentRecords {
  readonly segment: number;
  readonly bytes: number;
  readonly records: readonly OutboxRecord[];
  readonly damagedBytes: number;
}

/** All segments of a folder, oldest first. Throws STORE_SCHEMA. */
export async function readSegments(disk: Pick<Disk, 'list' | 'read'>): Promise<SegmentRecords[]> {
  const segments = (await disk.list()).flatMap(name => {
    const found = NAME.exec(name);
    return found === null ? [] : [Number(found[1])];
  });
  const read: SegmentRecords[] = [];
  for (const segment of segments.sort((x, y) => x - y)) {
    const bytes = (await disk.read(nameOf(segment))) ?? new Uint8Array();
    const { payloads, damagedBytes } = scanFrames(bytes);
    const records = payloads.map(decodeRecord).filter(record => record !== undefined);
    read.push({ segment, bytes: bytes.length, records, damagedBytes });
  }
  return read;
}

/** Which segment holds the newest record of each report, by `idOf` its key. */
export function segmentOfReports(segments: readonly SegmentRecords[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const { segment, records } of segments)
    for (const record of records)
      if (record.kind === 'report' || record.kind === 'held') found.set(idOf(record.key), segment);
  return found;
}

/**
 * The segments of an outbox on disk. Writing goes to the newest one; a segment begins with a checkpoint that is synced
 * before anything else, so that older segments may go. Not for concurrent calls.
 */
export class SegmentLog {
  readonly #disk: Disk;
  /** Segment → bytes, oldest first. */
  readonly #sizes = new Map<number, number>();
  #current: number;
  /** The newest segment took a write that failed: nothing may follow it there. */
  #broken = true;
  /** The newest segment has its checkpoint. */
  #begun = true;
  #writtenBytes = 0;

  constructor(disk: Disk, found: readonly SegmentRecords[]) {
    this.#disk = disk;
    for (const { segment, bytes } of found) this.#sizes.set(segment, bytes);
    this.#current = found.at(-1)?.segment ?? 0;
  }

  /** The segment that is written to. */
  get current(): number {
    return this.#current;
  }

  get oldest(): number {
    for (const segment of this.#sizes.keys()) return segment;
    return this.#current;
  }

  get totalBytes(): number {
    let sum = 0;
    for (const size of this.#sizes.values()) sum += size;
    return sum;
  }

  /** All that was written since the start, for the wear of the disk. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  get currentBytes(): number {
    return this.#sizes.get(this.#current) ?? 0;
  }

  get broken(): boolean {
    return this.#broken;
  }

  /** What survived a kill without a sync is made durable before anyone builds on it. */
  async syncAll(): Promise<void> {
    for (const segment of this.#sizes.keys()) await this.#disk.sync(nameOf(segment));
    await this.#disk.syncFolder();
  }

  /** Starts the next segment; resolves when its checkpoint is durable. */
  async rotate(checkpoint: Extract<OutboxRecord, { kind: 'checkpoint' }>): Promise<void> {
    this.#broken = true;
    // A disk that is full must not be filled with segments that never began.
    if (!this.#begun) await this.#disk.remove(nameOf(this.#current));
    const segment = this.#begun ? this.#current + 1 : this.#current;
    this.#current = segment;
    this.#begun = false;
    this.#sizes.set(segment, 0);
    await this.#append(encodeFrame(encodeRecord(checkpoint)));
    await this.#disk.sync(nameOf(segment));
    await this.#disk.syncFolder();
    this.#begun = true;
    this.#broken = false;
  }

  async append(records: readonly OutboxRecord[]): Promise<void> {
    if (this.#broken) throw fault('OUTBOX_CORRUPT', 'the newest segment took a write that failed');
    const frames = records.map(record => encodeFrame(encodeRecord(record)));
    const bytes = Buffer.concat(frames);
    this.#broken = true;
    await this.#append(bytes);
    this.#broken = false;
  }

  async #append(bytes: Uint8Array): Promise<void> {
    // Counted before: of a write that fails, part may be there.
    this.#sizes.set(this.#current, this.currentBytes + bytes.length);
    this.#writtenBytes += bytes.length;
    await this.#disk.append(nameOf(this.#current), bytes);
  }

  /** After a failed sync the state of the file is unknown (the kernel drops what it could not write). */
  async sync(): Promise<void> {
    this.#broken = true;
    await this.#disk.sync(nameOf(this.#current));
    this.#broken = false;
  }

  async removeOldest(): Promise<void> {
    const segment = this.oldest;
    if (segment === this.#current) return;
    await this.#disk.remove(nameOf(segment));
    this.#sizes.delete(segment);
  }
}
