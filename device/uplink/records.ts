import { fault } from '../../protocol/errors.js';
import type { ClockSource, GapReason } from '../../protocol/report.js';
import type { SenmlValue } from '../../protocol/senml.js';
import type { Key, Range } from './key.js';
import { RangeSet } from './range-set.js';

export const OUTBOX_SCHEMA = 1;

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
const DONE = 3;
const MARKS = 4;
const REPORT_HEAD_BYTES = 13;
const DONE_BYTES = 22;
const MARKS_BYTES = 29;
const WHYS = ['acknowledged', 'bound', 'rejected', 'corrupt'] as const;

/** Bytes of a record. What each report costs is binary; what is rare is JSON. */
export function encodeRecord(record: OutboxRecord): Uint8Array {
  switch (record.kind) {
    case 'report': {
      const payload = new Uint8Array(REPORT_HEAD_BYTES + record.bytes.length);
      writeHead(payload, REPORT, record.key.boot).setFloat64(5, record.key.seq);
      payload.set(record.bytes, REPORT_HEAD_BYTES);
      return payload;
    }
    case 'done': {
      const payload = new Uint8Array(DONE_BYTES);
      const view = writeHead(payload, DONE, record.range.boot);
      view.setFloat64(5, record.range.from);
      view.setFloat64(13, record.range.to);
      view.setUint8(21, WHYS.indexOf(record.why));
      return payload;
    }
    case 'marks': {
      const payload = new Uint8Array(MARKS_BYTES);
      const view = writeHead(payload, MARKS, record.marks.boot);
      view.setFloat64(5, record.marks.sampled);
      view.setFloat64(13, record.marks.accepted);
      view.setFloat64(21, record.resent);
      return payload;
    }
    default:
      return Uint8Array.from([JSON_RECORD, ...new TextEncoder().encode(JSON.stringify(record))]);
  }
}

function writeHead(payload: Uint8Array, kind: number, boot: number): DataView {
  const view = new DataView(payload.buffer);
  view.setUint8(0, kind);
  view.setUint32(1, boot);
  return view;
}

/** A record that passed its CRC; undefined for a kind that this release does not know. Throws STORE_SCHEMA. */
export function decodeRecord(payload: Uint8Array): OutboxRecord | undefined {
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const { length } = payload;
  switch (payload[0]) {
    case REPORT: {
      if (length <= REPORT_HEAD_BYTES) return undefined;
      const key = { boot: view.getUint32(1), seq: view.getFloat64(5) };
      return { kind: 'report', key, bytes: payload.slice(REPORT_HEAD_BYTES) };
    }
    case DONE: {
      const why = length === DONE_BYTES ? WHYS[view.getUint8(21)] : undefined;
      if (why === undefined) return undefined;
      const range = { boot: view.getUint32(1), from: view.getFloat64(5), to: view.getFloat64(13) };
      return { kind: 'done', range, why };
    }
    case MARKS: {
      if (length !== MARKS_BYTES) return undefined;
      const marks = { boot: view.getUint32(1), sampled: view.getFloat64(5), accepted: view.getFloat64(13) };
      return { kind: 'marks', marks, resent: view.getFloat64(21) };
    }
    case JSON_RECORD:
      return decodeJson(payload.subarray(1));
    default:
      return undefined;
  }
}

function decodeJson(text: Uint8Array): OutboxRecord | undefined {
  let record: OutboxRecord;
  try {
    // The CRC vouches for it: these are our own words, or by one chance in 2^32 none.
    record = JSON.parse(new TextDecoder().decode(text)) as OutboxRecord;
  } catch {
    return undefined;
  }
  if (record.kind === 'checkpoint' && record.schema !== OUTBOX_SCHEMA)
    throw fault('STORE_SCHEMA', `outbox segment of schema ${record.schema}`);
  return record;
}

/** The same records in fewer: what is done goes last, its seqs joined to ranges. */
export function withDoneJoined(records: readonly OutboxRecord[]): OutboxRecord[] {
  const kept: OutboxRecord[] = records.filter(record => record.kind !== 'done');
  for (const why of WHYS) {
    const done = new RangeSet();
    for (const record of records) if (record.kind === 'done' && record.why === why) done.add(record.range);
    kept.push(...done.ranges().map(range => ({ kind: 'done', range, why }) as const));
  }
  return kept;
}
