/** Bytes in network order, written one after the other. Numbers are taken as they are: who writes has checked them. */
export class Writer {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(roomBytes = 1_024) {
    this.#bytes = new Uint8Array(roomBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written. It is not a copy: writing on may change it. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  u8(value: number): void {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
  }

  u16(value: number): void {
    const at = this.#grow(2);
    this.#view.setUint16(at, value);
  }

  u32(value: number): void {
    const at = this.#grow(4);
    this.#view.setUint32(at, value);
  }

  /** The low `size` bytes (1 to 8) of a whole number below 2^53. */
  uint(value: number, size: number): void {
    const at = this.#grow(size);
    for (let rest = value, i = size - 1; i >= 0; i--) {
      this.#bytes[at + i] = rest % 256;
      rest = Math.floor(rest / 256);
    }
  }

  /** Hex digits, two a byte. */
  hex(digits: string): void {
    const at = this.#grow(digits.length / 2);
    for (let i = 0; i < digits.length; i += 2) this.#bytes[at + i / 2] = Number.parseInt(digits.slice(i, i + 2), 16);
  }

  raw(bytes: Uint8Array): void {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
  }

  zeros(count: number): void {
    const at = this.#grow(count);
    this.#bytes.fill(0, at, at + count);
  }

  /** Puts the length from `from` to the end where it stands in the bytes already. */
  lengthAt(at: number, from: number): void {
    this.#view.setUint16(at, this.#length - from);
  }

  /** Zeros until the length from `from` on is a multiple of 8, as OpenFlow pads. */
  pad(from: number): void {
    const over = (this.#length - from) % 8;
    if (over > 0) this.zeros(8 - over);
  }

  #grow(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const more = new Uint8Array(Math.max(this.#length, this.#bytes.length * 2));
      more.set(this.#bytes.subarray(0, at));
      this.#bytes = more;
      this.#view = new DataView(more.buffer);
    }
    return at;
  }
}

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** `size` bytes (1 to 8) as a number; above 2^53 it is not exact. */
export function uintAt(view: DataView, at: number, size: number): number {
  let value = 0;
  for (let i = 0; i < size; i++) value = value * 256 + view.getUint8(at + i);
  return value;
}

export function hexAt(view: DataView, at: number, size: number): string {
  let digits = '';
  for (let i = 0; i < size; i++)
    digits += view
      .getUint8(at + i)
      .toString(16)
      .padStart(2, '0');
  return digits;
}
