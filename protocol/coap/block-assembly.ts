import { blockBytes, offsetOf, type Block } from './block.js';

/** What a block was to an assembly. */
export type Placed = 'more' | 'whole' | 'gap' | 'misfit' | 'too large';

/**
 * A body that grows block by block, in order (RFC 7959 §2.5). A block that is held already, byte by byte, changes nothing;
 * one that leaves a gap or differs is refused. Block 0 begins the body anew.
 */
export class BlockAssembly {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #length = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Bytes so far. */
  get length(): number {
    return this.#length;
  }

  /** `payload` is copied. A block that more follow must be full, and none may be more than full. */
  place(block: Block, payload: Uint8Array): Placed {
    const size = blockBytes(block.szx);
    if (block.more ? payload.length !== size : payload.length > size) return 'misfit';
    if (block.num === 0) {
      this.#parts = [];
      this.#length = 0;
    }
    const offset = offsetOf(block);
    if (offset !== this.#length) return block.more && this.#holds(offset, payload) ? 'more' : 'gap';
    if (offset + payload.length > this.#maxBytes) return 'too large';
    this.#parts.push(Uint8Array.from(payload));
    this.#length += payload.length;
    return block.more ? 'more' : 'whole';
  }

  body(): Uint8Array {
    if (this.#parts.length > 1) this.#parts = [Buffer.concat(this.#parts)];
    return this.#parts[0] ?? new Uint8Array(0);
  }

  #holds(offset: number, payload: Uint8Array): boolean {
    if (offset + payload.length > this.#length) return false;
    const held = this.body().subarray(offset, offset + payload.length);
    return Buffer.compare(held, payload) === 0;
  }
}
