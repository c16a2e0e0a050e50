import { idOf, inOrder } from './key-set.js';
import type { Key } from './key.js';
import type { HeldReport } from './replay.js';

/** A report in the outbox. */
export interface Entry {
  readonly key: Key;
  /** Frozen; undefined while it waits for a clock. */
  bytes: Uint8Array | undefined;
  held: HeldReport | undefined;
  /** The segment that holds it; 0 before it is accepted. */
  segment: number;
  /** Runs once the report is accepted. */
  readonly then: (() => void) | undefined;
}

/** What an outbox holds: the reports that are accepted and not settled, and which segment keeps each of them. */
export class Holdings {
  readonly #pending = new Map<string, Entry>();
  /** What keeps a segment from being removed. */
  readonly #bySegment = new Map<number, Set<Entry>>();
  #bytes = 0;

  get size(): number {
    return this.#pending.size;
  }

  /** Of the frozen reports. */
  get bytes(): number {
    return this.#bytes;
  }

  get waitingForClock(): number {
    let count = 0;
    for (const entry of this.#pending.values()) if (entry.bytes === undefined) count++;
    return count;
  }

  find(key: Key): Entry | undefined {
    return this.#pending.get(idOf(key));
  }

  has(key: Key): boolean {
    return this.#pending.has(idOf(key));
  }

  entries(): Entry[] {
    return [...this.#pending.values()];
  }

  /** Those with frozen bytes, in order. */
  ready(): Entry[] {
    return this.entries()
      .filter(entry => entry.bytes !== undefined)
      .sort((x, y) => inOrder(x.key, y.key));
  }

  /** Takes it up, or moves it to `segment`. */
  keep(entry: Entry, segment: number): void {
    this.#bySegment.get(entry.segment)?.delete(entry);
    entry.segment = segment;
    if (!this.has(entry.key)) this.#bytes += entry.bytes?.length ?? 0;
    this.#pending.set(idOf(entry.key), entry);
    const mates = this.#bySegment.get(segment) ?? new Set();
    this.#bySegment.set(segment, mates.add(entry));
  }

  /** Its bytes are known now. */
  frozen(entry: Entry, bytes: Uint8Array): void {
    entry.bytes = bytes;
    entry.held = undefined;
    if (this.has(entry.key)) this.#bytes += bytes.length;
  }

  /** Settled; its segment is kept until `release`. */
  forget(entry: Entry): void {
    if (this.#pending.delete(idOf(entry.key))) this.#bytes -= entry.bytes?.length ?? 0;
  }

  /** The record that settled it is durable: it keeps its segment no longer. */
  release(entry: Entry): void {
    this.#bySegment.get(entry.segment)?.delete(entry);
  }

  isNeeded(segment: number): boolean {
    return (this.#bySegment.get(segment)?.size ?? 0) > 0;
  }

  /** Reports of a segment that are not settled. */
  inSegment(segment: number): Entry[] {
    return [...(this.#bySegment.get(segment) ?? [])].filter(entry => this.has(entry.key));
  }

  removed(segment: number): void {
    this.#bySegment.delete(segment);
  }
}
