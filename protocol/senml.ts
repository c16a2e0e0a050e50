import { CborWriter, decodeCbor } from './cbor.js';
import { fault } from './errors.js';

/** SenML in CBOR (RFC 8428 §6): labels of table 4. */
const LABEL = {
  bver: -1,
  bn: -2,
  bt: -3,
  bu: -4,
  bv: -5,
  bs: -6,
  n: 0,
  u: 1,
  v: 2,
  vs: 3,
  vb: 4,
  s: 5,
  t: 6,
  ut: 7,
  vd: 8,
} as const;

export type SenmlValue = number | string | boolean;

/** A record as it goes into a pack; absent fields are left out. Times are seconds. */
export interface SenmlRecord {
  readonly bn?: string;
  readonly bt?: number;
  readonly n?: string;
  readonly t?: number;
  readonly value: SenmlValue;
}

/** A record with its base values applied (RFC 8428 §4.6). `t` is seconds, absolute where it is at least 2^28. */
export interface ResolvedRecord {
  readonly name: string;
  readonly t: number;
  readonly unit?: string;
  readonly value: SenmlValue;
}

export function encodeSenml(records: readonly SenmlRecord[]): Uint8Array {
  const out = new CborWriter();
  out.array(records.length);
  for (const { bn, bt, n, t, value } of records) {
    const shownT = t === 0 ? undefined : t;
    out.map(1 + [bn, bt, n, shownT].filter(field => field !== undefined).length);
    const put = (label: number, value: SenmlValue | undefined): void => {
      if (value === undefined) return;
      out.number(label);
      if (typeof value === 'number') out.number(value);
      else if (typeof value === 'string') out.text(value);
      else out.boolean(value);
    };
    put(LABEL.bn, bn);
    put(LABEL.bt, bt);
    put(LABEL.n, n);
    put(typeof value === 'number' ? LABEL.v : typeof value === 'string' ? LABEL.vs : LABEL.vb, value);
    put(LABEL.t, shownT);
  }
  return out.finish();
}

/** Resolves a pack. Throws REPORT_MALFORMED where the bytes are not SenML-CBOR or demand what we do not know. */
export function decodeSenml(bytes: Uint8Array): ResolvedRecord[] {
  let pack: unknown;
  try {
    pack = decodeCbor(bytes);
  } catch (cause) {
    throw fault('REPORT_MALFORMED', 'not CBOR', { cause });
  }
  if (!Array.isArray(pack) || pack.length === 0) throw fault('REPORT_MALFORMED', 'not a SenML pack');
  let bn = '';
  let bt = 0;
  let bu: string | undefined;
  let bv = 0;
  const resolved: ResolvedRecord[] = [];
  for (const record of pack as unknown[]) {
    if (!(record instanceof Map)) throw fault('REPORT_MALFORMED', 'a record is not a map');
    for (const label of record.keys()) {
      // RFC 8428 §4.4: a label that ends with '_' must be understood, or the pack is refused.
      if (typeof label === 'string' && label.endsWith('_'))
        throw fault('REPORT_MALFORMED', `label ${label} is not understood`);
    }
    const version = numberIn(record, LABEL.bver);
    if (version !== undefined && version > 10) throw fault('REPORT_MALFORMED', `SenML version ${version}`);
    bn = textIn(record, LABEL.bn) ?? bn;
    bt = numberIn(record, LABEL.bt) ?? bt;
    bu = textIn(record, LABEL.bu) ?? bu;
    bv = numberIn(record, LABEL.bv) ?? bv;
    const value = valueIn(record, bv);
    if (value === undefined) continue;
    const unit = textIn(record, LABEL.u) ?? bu;
    const name = bn + (textIn(record, LABEL.n) ?? '');
    if (name === '') throw fault('REPORT_MALFORMED', 'a record has no name');
    resolved.push({ name, t: bt + (numberIn(record, LABEL.t) ?? 0), value, ...(unit === undefined ? {} : { unit }) });
  }
  return resolved;
}

type Fields = ReadonlyMap<unknown, unknown>;

function valueIn(record: Fields, base: number): SenmlValue | undefined {
  const number = numberIn(record, LABEL.v);
  if (number !== undefined) return base + number;
  const text = textIn(record, LABEL.vs);
  if (text !== undefined) return text;
  const flag = record.get(LABEL.vb);
  return typeof flag === 'boolean' ? flag : undefined;
}

function numberIn(record: Fields, label: number): number | undefined {
  const found = record.get(label);
  if (found === undefined) return undefined;
  if (typeof found === 'bigint') return Number(found);
  if (typeof found !== 'number' || !Number.isFinite(found))
    throw fault('REPORT_MALFORMED', `label ${label} is not a number`);
  return found;
}

function textIn(record: Fields, label: number): string | undefined {
  const found = record.get(label);
  if (found === undefined || typeof found === 'string') return found;
  throw fault('REPORT_MALFORMED', `label ${label} is not a text`);
}
