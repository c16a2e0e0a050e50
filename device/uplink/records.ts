import { fault } from '../../protocol/errors.js';
import type { ClockSource, GapReason } from '../../protocol/report.js';
import type { SenmlValue } from '../../protocol/senml.js';

export const OUTBOX_SCHEMA = 1;

/** A report within one device. */
export interface Key {
  readonly boot: number;
  readonly seq: number;
}

export interface Range {
  readonly boot: number;
  readonly from: number;
  readonly to: number;
}

/** High-water marks of a boot: seqs handed out, and seqs synced in the outbox. */
export interface BootMarks {
  readonly boot: number;
  readonly sampled: number;
  readonly accepted: number;
}

/** A sample whose time is monotonic, within one run of the agent. */
export interface HeldSample {
  readonly name: string;
  readonly value: SenmlValue;
  readonly monoMs: number;
}

export type OutboxRecord =
  /** Begins every segment: all that must be known of the segments before it, but for the bytes of pending reports. */
  | {
      readonly kind: 'checkpoint';
      readonly schema: number;
      readonly boots: readonly BootMarks[];
      readonly pending: readonly Range[];
      readonly resent: number;
    }
  /** The frozen bytes of a report. */
  | { readonly kind: 'report'; readonly key: Key; readonly bytes: Uint8Array }
  /** A report that waits for a clock; `guessMs` is the offset to use where this boot ends without one. */
  | {
      readonly kind: 'held';
      readonly key: Key;
      readonly samples: readonly HeldSample[];
      readonly guessMs: number;
      /** Absent in what earlier releases wrote: estimated. */
      readonly guessClock?: ClockSource;
    }
  /** The offset from monotonic time to UTC by which held reports of a boot are stamped. */
  | { readonly kind: 'stamp'; readonly boot: number; readonly offsetMs: number; readonly clock: ClockSource }
  /** These need no sending any more. */
  | { readonly kind: 'done'; readonly range: Range; readonly why: 'acknowledged' | GapReason }
  | { readonly kind: 'marks'; readonly marks: BootMarks; readonly resent: number };

const REPORT = 1;
const JSON_RECORD = 2;
const REPORT_HEAD_BYTES = 13;

export function encodeRecord(record: OutboxRecord): Uint8Array {
  if (record.kind !== 'report')
    return Uint8Array.from([JSON_RECORD, ...new TextEncoder().encode(JSON.stringify(record))]);
  const payload = new Uint8Array(REPORT_HEAD_BYTES + record.bytes.length);
  const view = new DataView(payload.buffer);
  view.setUint8(0, REPORT);
  view.setUint32(1, record.key.boot);
  view.setFloat64(5, record.key.seq);
  payload.set(record.bytes, REPORT_HEAD_BYTES);
  return payload;
}

/** A record that passed its CRC; undefined for a kind that this release does not know. Throws STORE_SCHEMA. */
export function decodeRecord(payload: Uint8Array): OutboxRecord | undefined {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  if (payload[0] === REPORT && payload.length > REPORT_HEAD_BYTES) {
    const key = { boot: view.getUint32(1), seq: view.getFloat64(5) };
    return { kind: 'report', key, bytes: payload.slice(REPORT_HEAD_BYTES) };
  }
  if (payload[0] !== JSON_RECORD) return undefined;
  // The CRC vouches for it: these are our own words.
  const record = JSON.parse(new TextDecoder().decode(payload.subarray(1))) as OutboxRecord;
  if (record.kind === 'checkpoint' && record.schema !== OUTBOX_SCHEMA)
    throw fault('STORE_SCHEMA', `outbox segment of schema ${record.schema}`);
  return record;
}
