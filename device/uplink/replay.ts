import type { ClockSource } from '../../protocol/report.js';
import type { Stamp } from '../clock/time-base.js';
import { idOf, inOrder } from './key-set.js';
import { RangeSet } from './range-set.js';
import type { BootMarks, HeldSample, OutboxRecord } from './records.js';
import type { Key, Range } from './key.js';

/** What the segments of an outbox say, once read in order. */
export interface Replayed {
  readonly boots: ReadonlyMap<number, BootMarks>;
  /** Reports that are still to be sent, in order, with their frozen bytes. */
  readonly pending: readonly { readonly key: Key; readonly bytes: Uint8Array }[];
  /** Reports that were never stamped. */
  readonly held: readonly HeldReport[];
  readonly stamps: ReadonlyMap<number, Stamp>;
  /** Accepted reports whose bytes are gone: to be declared. */
  readonly missing: readonly Range[];
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
  const bytes = new Map<string, { readonly key: Key; readonly bytes: Uint8Array }>();
  const held = new Map<string, HeldReport>();
  const stamps = new Map<number, Stamp>();
  const boots = new Map<number, BootMarks>();
  const expected = new RangeSet();
  let resent = 0;
  const acceptTo = (boot: number, seq: number, sampled = seq): void => {
    const marks = boots.get(boot) ?? { boot, sampled: 0, accepted: 0 };
    expected.add({ boot, from: marks.accepted + 1, to: seq });
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
        for (const range of record.pending) expected.add(range);
        resent = Math.max(resent, record.resent);
        break;
      case 'report':
        acceptTo(record.key.boot, record.key.seq);
        bytes.set(idOf(record.key), record);
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
        expected.delete(record.range);
        break;
      case 'marks':
        acceptTo(record.marks.boot, record.marks.accepted, record.marks.sampled);
        resent = Math.max(resent, record.resent);
        break;
    }
  }
  const pending = [...bytes.values()].filter(({ key }) => expected.has(key)).sort((x, y) => inOrder(x.key, y.key));
  for (const { key } of pending) expected.delete({ boot: key.boot, from: key.seq, to: key.seq });
  const unstamped = [...held.values()].filter(({ key }) => expected.has(key)).sort((x, y) => inOrder(x.key, y.key));
  for (const { key } of unstamped) expected.delete({ boot: key.boot, from: key.seq, to: key.seq });
  return {
    boots,
    pending: pending.map(({ key, bytes: frozen }) => ({ key, bytes: frozen })),
    held: unstamped,
    stamps,
    missing: expected.ranges(),
    resent,
  };
}
