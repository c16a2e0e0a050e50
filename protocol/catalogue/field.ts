import type { ObdRow, SignalRow } from './row.js';

/** A number in the data bytes of a PID: `raw × mul / div + add`, as the tables of SAE J1979 have it. */
export interface Field {
  /** Index of the first byte; A is 0. Big-endian. */
  readonly at: number;
  readonly size: 1 | 2 | 4;
  readonly signed: boolean;
  readonly mul: number;
  readonly div: number;
  readonly add: number;
  /** Of one byte: only these bits, shifted down to the right end. */
  readonly mask?: number;
  /** Bit of byte A that says that there is such a sensor. */
  readonly present?: number;
  /** Bit of byte A that says that the step is four times as large (PID 6B). */
  readonly wide?: number;
  /** The raw value that means "no value". */
  readonly none?: number;
}

type More = Pick<Field, 'present' | 'wide' | 'none'>;

const field =
  (size: 1 | 2 | 4, signed = false) =>
  (at: number, mul = 1, div = 1, add = 0, more: More = {}): Field => ({ at, size, signed, mul, div, add, ...more });

export const byte = field(1);
export const word = field(2);
export const signedWord = field(2, true);
export const long = field(4);
/** Bits of one byte as a number. */
export const bits = (at: number, mask: number, more: More = {}): Field => ({ ...byte(at), mask, ...more });

/** 100/255 of a byte. */
export const percent = (at: number, more: More = {}): Field => byte(at, 100, 255, 0, more);
/** Around the middle of a byte: −100 … 99.2 %. */
export const trim = (at: number, more: More = {}): Field => byte(at, 100, 128, -100, more);
/** −40 … 215 °C. */
export const celsius = (at: number, more: More = {}): Field => byte(at, 1, 1, -40, more);
/** Tenths from −40 °C on. */
export const wideCelsius = (at: number, more: More = {}): Field => word(at, 1, 10, -40, more);

const WIDE = 4;

function rawOf(data: DataView, { at, size, signed, mask }: Field): number {
  if (size === 4) return data.getUint32(at);
  if (size === 2) return signed ? data.getInt16(at) : data.getUint16(at);
  const raw = data.getUint8(at);
  return mask === undefined ? raw : (raw & mask) >> trailingZeros(mask);
}

const trailingZeros = (mask: number): number => 31 - Math.clz32(mask & -mask);

export function decodeField(data: DataView, f: Field): number | undefined {
  if (f.at + f.size > data.byteLength) return undefined;
  const flags = data.getUint8(0);
  if (f.present !== undefined && ((flags >> f.present) & 1) === 0) return undefined;
  const raw = rawOf(data, f);
  if (raw === f.none) return undefined;
  const step = f.wide !== undefined && ((flags >> f.wide) & 1) === 1 ? WIDE : 1;
  return (raw * f.mul * step) / f.div + f.add;
}

/** Least and greatest value, and the step between two. */
function rangeOf(f: Field): { readonly min: number; readonly max: number; readonly resolution: number } {
  const top = f.mask === undefined ? 2 ** (8 * f.size) - 1 : f.mask >> trailingZeros(f.mask);
  const [low, high] = f.signed ? [-(2 ** (8 * f.size - 1)), 2 ** (8 * f.size - 1) - 1] : [0, top];
  const steps = f.wide === undefined ? 1 : WIDE;
  return {
    min: (low * f.mul) / f.div + f.add,
    max: (high * f.mul * steps) / f.div + f.add,
    resolution: f.mul / f.div,
  };
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ';
/** A … Z, then byte 27 and on by number. */
const letter = (at: number): string => LETTERS[at] ?? `byte ${at + 1}`;

/** `(256A+B)/4`, `100A/255`, `A-40`. */
export function formulaOf(f: Field): string {
  const { at, size, signed, mul, div, add, mask } = f;
  const sum =
    size === 1
      ? letter(at)
      : size === 2
        ? `256${letter(at)}+${letter(at + 1)}`
        : `2^24·${letter(at)}+2^16·${letter(at + 1)}+256${letter(at + 2)}+${letter(at + 3)}`;
  const scaled = mul !== 1 || div !== 1;
  const masked = mask === undefined ? sum : `${sum} & ${mask.toString(16).toUpperCase().padStart(2, '0')}h`;
  const inner = signed ? `signed(${masked})` : size > 1 && (scaled || add !== 0) ? `(${masked})` : masked;
  const times = mul === 1 ? inner : `${mul}${size > 1 || signed ? '·' : ''}${inner}`;
  const by = div === 1 ? times : `${times}/${div}`;
  const text = add === 0 ? by : `${by}${add < 0 ? '-' : '+'}${Math.abs(add)}`;
  const notes = [
    ...(f.none === undefined ? [] : [`${f.none} is no value`]),
    ...(f.present === undefined ? [] : [`if A bit ${f.present}`]),
    ...(f.wide === undefined ? [] : [`×4 before the offset if A bit ${f.wide}`]),
  ];
  return notes.length === 0 ? text : `${text} (${notes.join('; ')})`;
}

/** One signal of a PID: wire name, end of its path, label, unit, field; and what differs from the rule. */
export type Spec = readonly [
  wire: string,
  tail: string,
  label: string,
  unit: string,
  field: Field,
  more?: Partial<Pick<SignalRow, 'tier' | 'paper' | 'resolution' | 'min' | 'max'>>,
];

/** The rows of one PID of service 01: slow unless said otherwise, its range that of its bytes. */
export function pid(id: number, bytes: number, ...specs: readonly Spec[]): ObdRow[] {
  return specs.map(([wire, tail, label, unit, f, more = {}]) => ({
    wire,
    path: `Vehicle.OBD.${tail}`,
    unit,
    kind: 'number',
    ...rangeOf(f),
    obd: { pid: id, bytes, formula: formulaOf(f), decode: data => decodeField(data, f) },
    tier: 'slow',
    label,
    ...more,
  }));
}
