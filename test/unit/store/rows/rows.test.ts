import assert from 'node:assert/strict';
import fc from 'fast-check';
import { MAX_BOOT, MAX_SEQ } from '../../../../protocol/report.js';
import {
  decodeDevice,
  decodeHandover,
  encodeDevice,
  encodeHandover,
  handoverTimeKey,
  numberKey,
  readNumber,
} from '../../../../store/rows/control-rows.js';
import {
  decodeHistoryKey,
  decodeHistoryRow,
  encodeHistoryKey,
  encodeHistoryValue,
} from '../../../../store/rows/history-row.js';
import {
  decodeJournalEntry,
  decodeJournalKey,
  encodeJournalEntry,
  encodeJournalKey,
} from '../../../../store/rows/journal-row.js';
import { decodeLiveCell, decodeLiveKey, encodeLiveCell, encodeLiveKey } from '../../../../store/rows/live-row.js';
import { cell, device, row } from '../../../fakes/store-rows.js';

const vehicle = fc.stringMatching(/^[a-z0-9-]{1,32}$/);
const boot = fc.integer({ min: 1, max: MAX_BOOT });
const seq = fc.integer({ min: 1, max: MAX_SEQ });
const timeMs = fc.integer({ min: 2 ** 28 * 1000, max: 8.64e15 });
const stamp = fc.double({ min: 0, max: 8.64e15, noNaN: true });
const bytes = fc.uint8Array({ maxLength: 200 });
const id = fc.record({ vehicle, timeMs, boot, seq });

describe('history rows', () => {
  it('come back as they went in', () => {
    fc.assert(
      fc.property(id, bytes, stamp, (key, content, receivedAtMs) => {
        const whole = { ...key, bytes: content, schema: 1, receivedAtMs };
        const again = decodeHistoryRow(encodeHistoryKey(whole), encodeHistoryValue(whole));
        assert.deepEqual({ ...again, bytes: [...again.bytes] }, { ...whole, bytes: [...content] });
      }),
    );
  });

  it('have keys in the order of vehicle, time, boot, seq', () => {
    fc.assert(
      fc.property(id, id, fc.boolean(), (a, other, same) => {
        const b = same ? { ...other, vehicle: a.vehicle } : other;
        const order = a.vehicle < b.vehicle ? -1 : a.vehicle > b.vehicle ? 1 : 0;
        const wanted = order || a.timeMs - b.timeMs || a.boot - b.boot || a.seq - b.seq;
        assert.equal(Buffer.compare(encodeHistoryKey(a), encodeHistoryKey(b)), Math.sign(wanted));
      }),
    );
  });

  it('of an unknown schema, or cut, are refused', () => {
    const key = encodeHistoryKey(row('car-1', 1));
    const value = encodeHistoryValue(row('car-1', 1));
    assert.throws(() => encodeHistoryValue(row('car-1', 1, { schema: 2 })), { code: 'STORE_SCHEMA' });
    value[8] = 2;
    assert.throws(() => decodeHistoryRow(key, value), { code: 'STORE_SCHEMA' });
    for (let length = 0; length < 9; length++)
      assert.throws(() => decodeHistoryRow(key, value.subarray(0, length)), { code: 'STORE_SCHEMA' });
    for (let length = 0; length < key.length; length++)
      assert.throws(() => decodeHistoryKey(key.subarray(0, length)), { code: 'STORE_SCHEMA' });
  });
});

describe('live rows', () => {
  const value = fc.oneof(fc.double({ noNaN: true }), fc.string(), fc.boolean());
  it('come back as they went in, for numbers, texts and flags', () => {
    fc.assert(
      fc.property(id, value, stamp, stamp, fc.boolean(), (key, content, sampledAtMs, receivedAtMs, suspect) => {
        const whole = {
          ...{ signal: 'spd', boot: key.boot, seq: key.seq, value: content, timeMs: sampledAtMs, receivedAtMs },
          ...(suspect ? { suspect: true as const } : {}),
        };
        assert.deepEqual(decodeLiveCell('spd', encodeLiveCell(whole)), whole);
        assert.deepEqual(decodeLiveKey(encodeLiveKey(key.vehicle, 'spd')), { vehicle: key.vehicle, signal: 'spd' });
      }),
    );
  });

  it('begin with (boot, seq), so that the newer one is the greater', () => {
    fc.assert(
      fc.property(id, id, (a, b) => {
        const [first, second] = [a, b].map(one => encodeLiveCell(cell('spd', one.boot, one.seq)).subarray(0, 9));
        assert.equal(Buffer.compare(first!, second!), Math.sign(a.boot - b.boot || a.seq - b.seq));
      }),
    );
  });

  it('of an unknown schema or kind, or cut, are refused', () => {
    const good = encodeLiveCell(cell('spd', 1, 1));
    for (const [at, wrong] of [
      [9, 2],
      [10, 7],
    ] as const) {
      const bad = Buffer.from(good);
      bad[at] = wrong;
      assert.throws(() => decodeLiveCell('spd', bad), { code: 'STORE_SCHEMA' });
    }
    for (let length = 0; length < good.length; length++)
      assert.throws(() => decodeLiveCell('spd', good.subarray(0, length)), { code: 'STORE_SCHEMA' });
    assert.throws(() => decodeLiveKey(Buffer.from('car-1')), { code: 'STORE_SCHEMA' });
  });
});

describe('journal rows', () => {
  it('come back as they went in', () => {
    const items = fc.array(fc.uint8Array({ minLength: 1, maxLength: 60 }), { maxLength: 20 });
    const kind = fc.constantFrom('history' as const, 'live' as const);
    fc.assert(
      fc.property(kind, stamp, items, (of, writtenAtMs, list) => {
        const again = decodeJournalEntry(encodeJournalEntry({ kind: of, writtenAtMs, items: list }));
        assert.deepEqual(
          { ...again, items: again.items.map(item => [...item]) },
          { kind: of, writtenAtMs, items: list.map(item => [...item]) },
        );
      }),
    );
    assert.deepEqual(decodeJournalKey(encodeJournalKey(Buffer.from('00ff00ff00ff00ff', 'hex'), 2 ** 40)), {
      writer: '00ff00ff00ff00ff',
      counter: 2 ** 40,
    });
  });

  it('of an unknown schema, or cut within an item, are refused', () => {
    const good = encodeJournalEntry({ kind: 'live', writtenAtMs: 1, items: [Buffer.from('car-1')] });
    assert.throws(() => decodeJournalEntry(Buffer.concat([Buffer.from([9]), good.subarray(1)])), {
      code: 'STORE_SCHEMA',
    });
    for (const length of [0, 1, 9, 11, good.length - 1])
      assert.throws(() => decodeJournalEntry(good.subarray(0, length)), { code: 'STORE_SCHEMA' });
    assert.throws(() => decodeJournalKey(Buffer.alloc(13)), { code: 'STORE_SCHEMA' });
  });
});

describe('control rows', () => {
  it('come back as they went in', () => {
    fc.assert(
      fc.property(vehicle, stamp, fc.jsonValue(), (name, startedAtMs, state) => {
        const handover = { id: 'h', vehicle: name, open: true, startedAtMs, schema: 1, state };
        assert.deepEqual(decodeHandover(encodeHandover(handover)), JSON.parse(JSON.stringify(handover)));
      }),
    );
    assert.deepEqual(decodeDevice(encodeDevice(device('car-1', 7))), device('car-1', 7));
    assert.equal(readNumber(numberKey(2 ** 47)), 2 ** 47);
  });

  it('stand in the order of time', () => {
    fc.assert(
      fc.property(stamp, stamp, (a, b) => {
        const order = Buffer.compare(
          handoverTimeKey({ id: 'h', startedAtMs: a }),
          handoverTimeKey({ id: 'h', startedAtMs: b }),
        );
        assert.equal(order, Math.sign(Math.floor(a) - Math.floor(b)));
      }),
    );
  });

  it('of an unknown schema, or damaged, are refused', () => {
    const good = encodeDevice(device('car-1', 7));
    for (const bad of [Buffer.alloc(0), Buffer.concat([Buffer.from([2]), good.subarray(1)]), good.subarray(0, 9)])
      assert.throws(() => decodeDevice(bad), { code: 'STORE_SCHEMA' });
  });
});
