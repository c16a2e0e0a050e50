/**
 * Memory of exchanges for RFC 7252 §4.5, in two generations: a generation is closed once it is as old as
 * EXCHANGE_LIFETIME or full, and forgotten when the next one closes. So an entry lives for one to two lifetimes unless
 * the load is higher than the bound allows, in which case the oldest go first. No timer and no sweep.
 */
export class DedupMemory<V> {
  readonly #lifetimeMs: number;
  readonly #perGeneration: number;
  #young = new Map<string, V>();
  #old = new Map<string, V>();
  #openedMs = 0;

  constructor(options: { readonly lifetimeMs: number; readonly perGeneration: number }) {
    this.#lifetimeMs = options.lifetimeMs;
    this.#perGeneration = options.perGeneration;
  }

  get(key: string): V | undefined {
    return this.#young.get(key) ?? this.#old.get(key);
  }

  put(key: string, value: V, nowMs: number): void {
    if (this.#young.size >= this.#perGeneration || nowMs - this.#openedMs >= this.#lifetimeMs) {
      this.#old = this.#young;
      this.#young = new Map();
      this.#openedMs = nowMs;
    }
    this.#young.set(key, value);
  }

  /** Puts another value in the place of a key's own; nothing where the key is forgotten already. */
  replace(key: string, value: V): void {
    if (this.#young.has(key)) this.#young.set(key, value);
    else if (this.#old.has(key)) this.#old.set(key, value);
  }

  forget(key: string): void {
    this.#young.delete(key);
    this.#old.delete(key);
  }

  get size(): number {
    return this.#young.size + this.#old.size;
  }
}
