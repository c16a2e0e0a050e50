interface Held<T> {
  readonly peer: string;
  readonly value: T;
  readonly bytes: number;
  readonly touchedMs: number;
}

export interface TransferBounds {
  /** How long one that nobody touches is kept. */
  readonly lifetimeMs: number;
  readonly maxPerPeer: number;
  readonly maxBytes: number;
}

/** What each transfer costs beside its bytes: its key and its place. */
const OVERHEAD_BYTES = 512;

/**
 * Transfers of many peers, bounded per peer and in bytes. Where a bound is met the one that was touched longest ago goes:
 * the oldest of the same peer first, so that a peer which opens many displaces its own.
 */
export class TransferTable<T> {
  readonly #bounds: TransferBounds;
  /** In the order of their last touch. */
  readonly #held = new Map<string, Held<T>>();
  readonly #ofPeer = new Map<string, Set<string>>();
  #bytes = 0;

  constructor(bounds: TransferBounds) {
    this.#bounds = bounds;
  }

  get(peer: string, key: string, nowMs: number): T | undefined {
    this.#expire(nowMs);
    const id = idOf(peer, key);
    const found = this.#held.get(id);
    if (found === undefined) return undefined;
    this.#insert(id, { ...found, touchedMs: nowMs });
    return found.value;
  }

  /** Keeps `value` of `bytes` bytes in the place of what the key had; not at all where it alone is above the bound. */
  put(peer: string, key: string, value: T, bytes: number, nowMs: number): void {
    this.#expire(nowMs);
    const id = idOf(peer, key);
    this.#remove(id);
    const cost = bytes + OVERHEAD_BYTES;
    if (cost > this.#bounds.maxBytes) return;
    const others = this.#ofPeer.get(peer);
    if (others !== undefined && others.size >= this.#bounds.maxPerPeer) this.#removeFirst(others);
    while (this.#bytes + cost > this.#bounds.maxBytes) this.#removeFirst(this.#held.keys());
    this.#insert(id, { peer, value, bytes: cost, touchedMs: nowMs });
  }

  remove(peer: string, key: string): void {
    this.#remove(idOf(peer, key));
  }

  get size(): number {
    return this.#held.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  #expire(nowMs: number): void {
    for (const [id, { touchedMs }] of this.#held) {
      if (nowMs - touchedMs < this.#bounds.lifetimeMs) return;
      this.#remove(id);
    }
  }

  #insert(id: string, held: Held<T>): void {
    this.#remove(id);
    this.#held.set(id, held);
    this.#bytes += held.bytes;
    const own = this.#ofPeer.get(held.peer);
    if (own === undefined) this.#ofPeer.set(held.peer, new Set([id]));
    else own.add(id);
  }

  #removeFirst(ids: Iterable<string>): void {
    for (const id of ids) return this.#remove(id);
  }

  #remove(id: string): void {
    const held = this.#held.get(id);
    if (held === undefined) return;
    this.#held.delete(id);
    this.#bytes -= held.bytes;
    const own = this.#ofPeer.get(held.peer);
    own?.delete(id);
    if (own?.size === 0) this.#ofPeer.delete(held.peer);
  }
}

const idOf = (peer: string, key: string): string => `${peer} ${key}`;
