import type { Sample } from './sample.js';
import { SIGNALS } from './signals.js';

/** What a report of the plain form says, not yet judged: `base` is the base name, `baseTimeS` the base time. */
export interface PlainPack {
  readonly base: string;
  readonly baseTimeS: number;
  readonly boot: number;
  readonly seq: number;
  readonly samples: Sample[];
}

/** Up to four ASCII characters as one number, most significant first. */
const packed = (text: string): number => {
  let sum = 0;
  for (let i = 0; i < text.length; i++) sum = (sum << 8) | text.charCodeAt(i);
  return sum;
};
const MAX_PACKED = 4;
/** Names that nearly every record has: no text is made for them. */
const NAMES: ReadonlyMap<number, string> = new Map(
  ['boot', 'seq', ...SIGNALS.map(({ wire }) => wire)]
    .filter(name => name.length <= MAX_PACKED)
    .map(name => [packed(name), name]),
);

/** Labels (RFC 8428 table 4) as the one byte that they take in CBOR. */
const LABEL = { bt: 0x22, bn: 0x21, n: 0x00, v: 0x02, vs: 0x03, vb: 0x04, t: 0x06 } as const;
const SEEN = { bt: 1, bn: 2, n: 4, value: 8, t: 16 } as const;

const eight = new Uint8Array(8);
const asDouble = new Float64Array(eight.buffer);
const asSingle = new Float32Array(eight.buffer);
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Reads one report at a time, without a value for each thing on the way. Whatever is unusual sets `plain` to false. */
class Reader {
  plain = true;
  #bytes: Uint8Array = eight;
  #at = 0;
  /** Of the record read last. */
  base = '';
  baseTimeS = 0;
  seen = 0;
  name = '';
  value: number | string | boolean = 0;
  timeS = 0;

  open(bytes: Uint8Array): void {
    this.#bytes = bytes;
    this.#at = 0;
    this.plain = true;
  }

  get ended(): boolean {
    return this.#at === this.#bytes.length;
  }

  #byte(): number {
    const byte = this.#bytes[this.#at++];
    if (byte !== undefined) return byte;
    this.plain = false;
    return 0;
  }

  /** The count of an array (0x80) or map (0xa0), up to 255. */
  count(kind: number): number {
    const head = this.#byte();
    if (head >= kind && head < kind + 24) return head - kind;
    if (head === kind + 24) return this.#byte();
    this.plain = false;
    return 0;
  }

  record(): void {
    this.seen = 0;
    for (let left = this.count(0xa0); left > 0 && this.plain; left--) {
      const label = this.#byte();
      if (label === LABEL.n) {
        this.#mark(SEEN.n);
        this.name = this.#text();
      } else if (label === LABEL.v) {
        this.#mark(SEEN.value);
        this.value = this.#number();
      } else if (label === LABEL.t) {
        this.#mark(SEEN.t);
        this.timeS = this.#number();
      } else if (label === LABEL.vs) {
        this.#mark(SEEN.value);
        this.value = this.#text();
      } else if (label === LABEL.vb) {
        this.#mark(SEEN.value);
        const flag = this.#byte();
        this.value = flag === 0xf5;
        if (flag !== 0xf4 && flag !== 0xf5) this.plain = false;
      } else if (label === LABEL.bn) {
        this.#mark(SEEN.bn);
        this.base = this.#text();
      } else if (label === LABEL.bt) {
        this.#mark(SEEN.bt);
        this.baseTimeS = this.#number();
      } else this.plain = false;
    }
  }

  #mark(field: number): void {
    if (this.seen & field) this.plain = false;
    this.seen |= field;
  }

  #text(): string {
    const head = this.#byte();
    const length = head >= 0x60 && head < 0x78 ? head - 0x60 : head === 0x78 ? this.#byte() : -1;
    const from = this.#at;
    const to = from + length;
    if (length < 0 || to > this.#bytes.length) {
      this.plain = false;
      return '';
    }
    this.#at = to;
    let short = 0;
    for (let i = from; i < to; i++) {
      const byte = this.#bytes[i] ?? 0;
      if (byte > 0x7f || byte === 0) this.plain = false;
      short = (short << 8) | byte;
    }
    const known = length <= MAX_PACKED ? NAMES.get(short) : undefined;
    if (known !== undefined) return known;
    const { buffer, byteOffset } = this.#bytes;
    return Buffer.from(buffer, byteOffset + from, length).toString('latin1');
  }

  #number(): number {
    const head = this.#byte();
    if (head < 0x1c) return this.#unsigned(head);
    if (head >= 0x20 && head < 0x3c) return -1 - this.#unsigned(head - 0x20);
    const value = head === 0xf9 ? this.#half() : head === 0xfa ? this.#float(4) : head === 0xfb ? this.#float(8) : NaN;
    if (!Number.isFinite(value)) this.plain = false;
    return value;
  }

  #unsigned(info: number): number {
    if (info < 24) return info;
    let value = 0;
    for (let left = 1 << (info - 24); left > 0; left--) value = value * 256 + this.#byte();
    if (value > Number.MAX_SAFE_INTEGER) this.plain = false;
    return value;
  }

  /** IEEE 754 half precision (RFC 8949 appendix D). */
  #half(): number {
    const bits = (this.#byte() << 8) | this.#byte();
    const exponent = (bits >> 10) & 31;
    const mantissa = bits & 1023;
    if (exponent === 31) return NaN;
    const size = exponent === 0 ? mantissa * 2 ** -24 : (1 + mantissa / 1024) * 2 ** (exponent - 15);
    return bits & 0x8000 ? -size : size;
  }

  #float(bytes: 4 | 8): number {
    if (LITTLE_ENDIAN) for (let i = bytes - 1; i >= 0; i--) eight[i] = this.#byte();
    else for (let i = 0; i < bytes; i++) eight[i] = this.#byte();
    return (bytes === 4 ? asSingle[0] : asDouble[0]) ?? NaN;
  }
}

const reader = new Reader();

/**
 * Reads a report of the form that nearly all have, in one pass: definite lengths, base name and time in the first record
 * alone, `boot` and `seq` first, ASCII texts, no units, no field twice. `undefined` for any other: `decodeSenml` reads it,
 * or says what is wrong. What both can read they read alike. `wanted`: samples of other names are read over.
 */
export function readPlainPack(bytes: Uint8Array, wanted?: ReadonlySet<string>): PlainPack | undefined {
  reader.open(bytes);
  const records = reader.count(0x80);
  if (records < 2) return undefined;
  reader.record();
  const { base, baseTimeS, value: boot } = reader;
  if (!isCounter('boot', SEEN.bn | SEEN.bt | SEEN.n | SEEN.value) || typeof boot !== 'number') return undefined;
  reader.record();
  const { value: seq } = reader;
  if (!isCounter('seq', SEEN.n | SEEN.value) || typeof seq !== 'number') return undefined;
  const samples: Sample[] = [];
  for (let i = 2; i < records; i++) {
    reader.record();
    const { plain, seen, name, value } = reader;
    if (!plain || (seen & ~SEEN.t) !== (SEEN.n | SEEN.value)) return undefined;
    if (wanted !== undefined && !wanted.has(name)) continue;
    const timeS = seen & SEEN.t ? baseTimeS + reader.timeS : baseTimeS;
    // -0 is 0 once a base value is added to it, as RFC 8428 §4.6 has it of every number.
    samples.push({ name, value: typeof value === 'number' ? value + 0 : value, timeMs: Math.round(timeS * 1000) });
  }
  return reader.ended ? { base, baseTimeS, boot, seq, samples } : undefined;
}

const isCounter = (name: string, fields: number): boolean =>
  reader.plain && reader.seen === fields && reader.name === name;
