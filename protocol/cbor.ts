import { Decoder } from 'cbor-x/decode-no-eval';

/**
 * A CBOR writer that always takes the shortest form (RFC 8949 §4.2.1, half and single floats included): cbor-x reads
 * those but does not write them, and on a radio link every byte of a report counts. Reading is cbor-x's.
 */
export class CborWriter {
  #bytes = Buffer.allocUnsafe(256);
  #length = 0;

  #room(count: number): Buffer {
    if (this.#length + count > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#length + count));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    return this.#bytes;
  }

  #head(major: number, value: number): void {
    const bytes = this.#room(9);
    const type = major << 5;
    if (value < 24) {
      bytes[this.#length++] = type | value;
    } else if (value <= 0xff) {
      bytes[this.#length++] = type | 24;
      bytes[this.#length++] = value;
    } else if (value <= 0xffff) {
      bytes[this.#length++] = type | 25;
      this.#length = bytes.writeUInt16BE(value, this.#length);
    } else if (value <= 0xffff_ffff) {
      bytes[this.#length++] = type | 26;
      this.#length = bytes.writeUInt32BE(value, this.#length);
    } else {
      bytes[this.#length++] = type | 27;
      this.#length = bytes.writeBigUInt64BE(BigInt(value), this.#length);
    }
  }

  array(length: number): void {
    this.#head(4, length);
  }

  map(pairs: number): void {
    this.#head(5, pairs);
  }

  text(value: string): void {
    const length = Buffer.byteLength(value);
    this.#head(3, length);
    this.#length += this.#room(length).write(value, this.#length);
  }

  boolean(value: boolean): void {
    this.#room(1)[this.#length++] = value ? 0xf5 : 0xf4;
  }

  /** Shortest exact form: integer, half, single or double. */
  number(value: number): void {
    if (Number.isSafeInteger(value) && !Object.is(value, -0)) {
      this.#head(value < 0 ? 1 : 0, value < 0 ? -1 - value : value);
      return;
    }
    const bytes = this.#room(9);
    const half = toHalf(value);
    if (half !== undefined) {
      bytes[this.#length++] = 0xf9;
      this.#length = bytes.writeUInt16BE(half, this.#length);
    } else if (Object.is(Math.fround(value), value)) {
      bytes[this.#length++] = 0xfa;
      this.#length = bytes.writeFloatBE(value, this.#length);
    } else {
      bytes[this.#length++] = 0xfb;
      this.#length = bytes.writeDoubleBE(value, this.#length);
    }
  }

  /** A copy of what was written. */
  finish(): Uint8Array {
    return Uint8Array.from(this.#bytes.subarray(0, this.#length));
  }
}

/** The IEEE 754 half that equals `value` (normal numbers and -0), or `undefined`. */
export function toHalf(value: number): number | undefined {
  if (Object.is(value, -0)) return 0x8000;
  if (value === 0 || !Number.isFinite(value)) return undefined;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  if (exponent < -14 || exponent > 15) return undefined;
  const mantissa = (Math.abs(value) / 2 ** exponent - 1) * 1024;
  if (!Number.isInteger(mantissa) || mantissa < 0 || mantissa > 1023) return undefined;
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | mantissa;
}

/** The number nearest to `value` with the shortest CBOR form that is at most `tolerance` away. */
export function shortestWithin(value: number, tolerance: number): number {
  const whole = Math.round(value);
  if (Math.abs(whole - value) <= tolerance && Math.abs(whole) <= 0xffff) return whole;
  if (value !== 0 && Number.isFinite(value)) {
    const step = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 10);
    const half = Math.round(value / step) * step;
    if (Math.abs(half - value) <= tolerance && toHalf(half) !== undefined) return half;
  }
  const single = Math.fround(value);
  return Math.abs(single - value) <= tolerance ? single : value;
}

// By its entry for reading: the main one would load a native string reader, which is not installed (see dependencies.md).
const decoder = new Decoder({ mapsAsObjects: false, useRecords: false });

/** One CBOR item; throws where the bytes are not exactly one. Maps come as `Map`. */
export function decodeCbor(bytes: Uint8Array): unknown {
  return decoder.decode(bytes);
}
