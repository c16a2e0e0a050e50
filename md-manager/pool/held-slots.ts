import type { SlotState } from '../../protocol/api/pools.js';

export interface HeldSlot {
  readonly slot: number;
  readonly state: Exclude<SlotState, 'ready' | 'going' | 'quarantined'>;
  readonly handover: string;
}

/** Numbers of slots that were given back, the last one first. */
interface Freed {
  readonly slot: number;
  readonly rest: Freed | undefined;
}

type Bucket = ReadonlyMap<string, HeldSlot>;

/** A host may carry thousands of twins: a change copies this table and one bucket, not all that are held. */
const BUCKETS = 128;
const NO_BUCKETS: readonly Bucket[] = Array.from({ length: BUCKETS }, () => new Map());

/** Holder → its slot on one host. Pure: it is replaced, never changed. */
export class HeldSlots implements Iterable<readonly [string, HeldSlot]> {
  static get none(): HeldSlots {
    return new HeldSlots(NO_BUCKETS, 0, 0, 0, undefined);
  }

  readonly size: number;
  /** Of these, carrying a twin or draining: more than reserved. */
  readonly busy: number;
  readonly #buckets: readonly Bucket[];
  /** Numbers from here on were never given. */
  readonly #next: number;
  readonly #freed: Freed | undefined;

  private constructor(buckets: readonly Bucket[], size: number, busy: number, next: number, freed: Freed | undefined) {
    this.#buckets = buckets;
    this.size = size;
    this.busy = busy;
    this.#next = next;
    this.#freed = freed;
  }

  get(holder: string): HeldSlot | undefined {
    return this.#buckets[bucketOf(holder)]?.get(holder);
  }

  has(holder: string): boolean {
    return this.get(holder) !== undefined;
  }

  /** The holder keeps the slot that it has, else it gets one that nobody holds. */
  with(holder: string, state: HeldSlot['state'], handover: string): HeldSlots {
    const held = this.get(holder);
    if (held !== undefined) return this.#put(holder, { ...held, state, handover }, this.size, this.#next, this.#freed);
    const slot = this.#freed?.slot ?? this.#next;
    const next = this.#freed === undefined ? this.#next + 1 : this.#next;
    return this.#put(holder, { slot, state, handover }, this.size + 1, next, this.#freed?.rest);
  }

  without(holder: string): HeldSlots {
    const held = this.get(holder);
    if (held === undefined) return this;
    return this.#put(holder, undefined, this.size - 1, this.#next, { slot: held.slot, rest: this.#freed });
  }

  /** The slot of `from` becomes that of `to`, which gives back one that it holds. */
  passed(from: string, to: string, handover: string): HeldSlots {
    const held = this.get(from);
    if (held === undefined || from === to) return this;
    if (this.has(to)) return this.without(to).passed(from, to, handover);
    return this.#put(from, undefined, this.size - 1, this.#next, this.#freed).#put(
      to,
      { ...held, handover },
      this.size,
      this.#next,
      this.#freed,
    );
  }

  *[Symbol.iterator](): Iterator<readonly [string, HeldSlot]> {
    for (const bucket of this.#buckets) yield* bucket;
  }

  *values(): IterableIterator<HeldSlot> {
    for (const bucket of this.#buckets) yield* bucket.values();
  }

  #put(holder: string, slot: HeldSlot | undefined, size: number, next: number, freed: Freed | undefined): HeldSlots {
    const at = bucketOf(holder);
    const bucket = new Map(this.#buckets[at]);
    const busy = this.busy - isBusy(bucket.get(holder)) + isBusy(slot);
    if (slot === undefined) bucket.delete(holder);
    else bucket.set(holder, slot);
    return new HeldSlots(this.#buckets.with(at, bucket), size, busy, next, freed);
  }
}

const isBusy = (slot: HeldSlot | undefined): number => (slot === undefined || slot.state === 'reserved' ? 0 : 1);

/** FNV-1a, 32 bits (draft-eastlake-fnv §2): names that differ in their last characters go apart. */
function bucketOf(holder: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < holder.length; at++) hash = Math.imul(hash ^ holder.charCodeAt(at), 0x01000193);
  return (hash >>> 0) % BUCKETS;
}
