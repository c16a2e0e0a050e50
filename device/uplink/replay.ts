import type { ClockSource } from '../../protocol/report.js';
import type { Stamp } from '../clock/time-base.js';
import { idOf, inOrder } from './key-set.js';
import type { BootMarks, HeldSample, Key, OutboxRecord, Range } from './records.js';

/** What the segments of an outbox say, once read in order. */
export interface Replayed {
  readonly boots: ReadonlyMap<number, BootMarks>;
  /** Reports that are still to be sent, in order, with their frozen bytes. */
  readonly pending: readonly { readonly key: Key; readonly bytes: Uint8Array }[];
  /** Reports that were never stamped. */
  readonly held: readonly HeldReport[];
  readonly stamps: ReadonlyMap<number, Stamp>;
  /** Accepted reports whose bytes are gone: to be declared. */
  readonly missing: readonly Key[];
  readonly resent: number;
}

export interface HeldReport {
  readonly key: Key;
  readonly samples: readonly HeldSample[];
  readonly guessMs: number;
  readonly guessClock?: ClockSource;
}

/**
 * Reads the records of all segments in order. The newest checkpoint says what was pending when it was written, records
 * after it what came and went since; older segments only give the bytes. A seq that was skipped over was damaged.
 */
export function replay(records: Iterable<OutboxRecord>): Replayed {
  const bytes = new Map<string, Uint8Array>();
  const held = new Map<string, HeldReport>();
  const stamps = new Map<number, Stamp>();
  const boots = new Map<number, BootMarks>();
  const expected = new Map<string, Key>();
  let resent = 0;
  const acceptTo = (boot: number, seq: number, sampled = seq): void => {
    const marks = boots.get(boot) ?? { boot, sampled: 0, accepted: 0 };
    for (let next = marks.accepted + 1; next <= seq; next++) expected.set(`${boot}/${next}`, { boot, seq: next });
    boots.set(boot, {
      boot,
      sampled: Math.max(marks.sampled, sampled, seq),
      accepted: Math.max(marks.accepted, seq),
    });
  };
  for (const record of records) {
    switch (record.kind) {
      case 'checkpoint':
        expected.clear();
        for (const marks of record.boots) boots.set(marks.boot, marks);
        for (const key of keysOf(record.pending)) expected.set(idOf(key), key);
        resent = Math.max(resent, record.resent);
        break;
      case 'report':
        acceptTo(record.key.boot, record.key.seq);
        bytes.set(idOf(record.key), record.bytes);
        break;
      case 'held':
        acceptTo(record.key.boot, record.key.seq);
        held.set(idOf(record.key), record);
        break;
      case 'stamp':
        stamps.set(record.boot, record);
        break;
      case 'done':
        acceptTo(record.range.boot, record.range.to);
        for (const key of keysOf([record.range])) expected.delete(idOf(key));
        break;
      case 'marks':
        acceptTo(record.marks.boot, record.marks.accepted, record.marks.sampled);
        resent = Math.max(resent, record.resent);
        break;
    }
  }
  const pending: { key: Key; bytes: Uint8Array }[] = [];
  const unstamped: HeldReport[] = [];
  const missing: Key[] = [];
  for (const key of [...expected.values()].sort(inOrder)) {
    const frozen = bytes.get(idOf(key));
    const waiting = held.get(idOf(key));
    if (frozen !== undefined) pending.push({ key, bytes: frozen });
    else if (waiting !== undefined) unstamped.push(waiting);
    else missing.push(key);
  }
  return { boots, pending, held: unstamped, stamps, missing, resent };
}

function* keysOf(ranges: readonly Range[]): Generator<Key> {
  for (const { boot, from, to } of ranges) for (let seq = from; seq <= to; seq++) yield { boot, seq };
}
