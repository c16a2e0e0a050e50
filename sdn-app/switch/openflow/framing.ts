import { viewOf } from './bytes.js';
import { HEADER_BYTES } from './messages.js';

/**
 * Cuts a stream of bytes into whole messages, which are given on as they are complete. A message is a view of what came, so
 * whoever keeps it copies it. Pure but for what it keeps of the last message.
 */
export class Framing {
  readonly #onMessage: (message: Uint8Array) => void;
  #rest: Uint8Array = new Uint8Array();

  constructor(onMessage: (message: Uint8Array) => void) {
    this.#onMessage = onMessage;
  }

  /** Whether this is OpenFlow so far: a length below that of a header can never be. */
  push(chunk: Uint8Array): boolean {
    let bytes = chunk;
    if (this.#rest.length > 0) {
      bytes = new Uint8Array(this.#rest.length + chunk.length);
      bytes.set(this.#rest);
      bytes.set(chunk, this.#rest.length);
    }
    const view = viewOf(bytes);
    let at = 0;
    while (at + HEADER_BYTES <= bytes.length) {
      const length = view.getUint16(at + 2);
      if (length < HEADER_BYTES) return false;
      if (at + length > bytes.length) break;
      this.#onMessage(bytes.subarray(at, at + length));
      at += length;
    }
    this.#rest = bytes.slice(at);
    return true;
  }
}
