import assert from 'node:assert/strict';
import fc from 'fast-check';
import { digest as digestSchema, type Digest } from '../../../../protocol/api/vmd.js';
import type { LiveCell } from '../../../../store/types.js';
import { BootRanges, MAX_BOOTS } from '../../../../vmd/twin/boot-ranges.js';
import { MESSAGE_ID_STEP, OBSERVE_STEP, Twin } from '../../../../vmd/twin/twin.js';

const cell = (boot: number, seq: number, value: number, signal = 'spd'): LiveCell => ({
  signal,
  boot,
  seq,
  value,
  timeMs: 1_800_000_000_000 - seq,
  receivedAtMs: 1_800_000_000_000,
});
const digest = (over: Partial<Digest> = {}): Digest => ({
  schema: 1,
  vehicle: 'car-1',
  cells: [],
  ranges: [],
  nextMessageId: 0,
  nextObserve: 0,
  ...over,
});
const reports = fc.array(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 30 })), { maxLength: 60 });

describe('vmd twin', () => {
  it('holds the cell of the highest (boot, seq), in whatever order and however often reports come', () => {
    fc.assert(
      fc.property(reports, ids => {
        const twin = new Twin('car-1', 0);
        for (const [boot, seq] of ids) twin.applyReport(boot, seq, [cell(boot, seq, boot * 100 + seq)]);
        const highest = Math.max(...ids.map(([boot, seq]) => boot * 100 + seq));
        assert.equal(twin.cell('spd')?.cell.value, ids.length === 0 ? undefined : highest);
      }),
    );
  });

  it('does not let a later time win over a newer report', () => {
    const twin = new Twin('car-1', 0);
    twin.applyReport(1, 9, [cell(1, 9, 90)]);
    twin.applyReport(1, 8, [{ ...cell(1, 8, 80), timeMs: 1_900_000_000_000 }]);
    assert.equal(twin.cell('spd')?.cell.value, 90);
  });

  it('tells a report that it has seen', () => {
    const twin = new Twin('car-1', 0);
    assert.deepEqual([twin.applyReport(1, 1, []), twin.applyReport(1, 1, [])], [true, false]);
  });

  it('hands over exactly the seqs that it knows, and its successor claims them too', () => {
    fc.assert(
      fc.property(reports, ids => {
        const [old, next] = [new Twin('car-1', 0), new Twin('car-1', 0)];
        for (const [boot, seq] of ids) old.applyReport(boot, seq, []);
        const handed = digestSchema.parse(structuredClone(old.digest()));
        next.applyDigest(handed);
        assert.deepEqual(next.digest().ranges, handed.ranges);
        const seqs = handed.ranges.flatMap(({ boot, ranges }) =>
          ranges.flatMap(([from, to]) => Array.from({ length: to - from + 1 }, (_, at) => `${boot}/${from + at}`)),
        );
        assert.deepEqual(new Set(seqs), new Set(ids.map(([boot, seq]) => `${boot}/${seq}`)));
      }),
    );
  });

  it('is complete once the store here holds what the digest names, and not before', () => {
    fc.assert(
      fc.property(reports, reports, (old, own) => {
        const twin = new Twin('car-1', 0);
        const from = new Twin('car-1', 0);
        for (const [boot, seq] of old) from.applyReport(boot, seq, []);
        for (const [boot, seq] of own) twin.applyReport(boot, seq, []);
        assert.equal(twin.complete, false);
        twin.applyDigest(from.digest());
        twin.applyDigest(from.digest());
        const known = new Set(own.map(String));
        for (const [boot, seq] of old) {
          assert.equal(
            twin.complete,
            old.every(id => known.has(String(id))),
          );
          twin.markStored(boot, seq);
          known.add(String([boot, seq]));
        }
        assert.equal(twin.complete, true);
      }),
    );
  });

  it('goes on well ahead of the ids of its predecessor, and a repeated digest does not set it back', () => {
    const twin = new Twin('car-1', 7);
    assert.equal(twin.takeMessageId(), 7);
    twin.applyDigest(digest({ nextMessageId: 65_000, nextObserve: 5 }));
    assert.equal(twin.takeMessageId(), (65_000 + MESSAGE_ID_STEP) % 65_536);
    twin.applyDigest(digest({ nextMessageId: 65_000, nextObserve: 5 }));
    assert.equal(twin.digest().nextMessageId, (65_001 + MESSAGE_ID_STEP) % 65_536);
    assert.equal(twin.digest().nextObserve, 5 + OBSERVE_STEP);
  });

  it('is complete without a digest only when none is to come', () => {
    const twin = new Twin('car-1', 0);
    assert.equal(twin.complete, false);
    twin.expectNoDigest();
    assert.equal(twin.complete, true);
  });

  it('marks what it knows from the store alone, until a report says it anew', () => {
    const twin = new Twin('car-1', 0);
    twin.applyStored([cell(1, 4, 40)]);
    assert.equal(twin.cell('spd')?.origin, 'stored');
    twin.applyReport(1, 5, [cell(1, 5, 50)]);
    assert.equal(twin.cell('spd')?.origin, 'twin-cache');
  });
});

describe('vmd boot ranges', () => {
  it('never claims a seq that was not added, however ragged they are', () => {
    const seqs = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 400 })), {
      maxLength: 400,
    });
    fc.assert(
      fc.property(seqs, ids => {
        const ranges = new BootRanges();
        const added = new Set<string>();
        for (const [boot, seq] of ids) {
          ranges.add(boot, seq);
          added.add(`${boot}/${seq}`);
        }
        const list = ranges.list();
        assert.ok(list.length <= MAX_BOOTS && list.every(({ ranges: held }) => held.length <= 64));
        for (const { boot, ranges: held } of list)
          for (const [from, to] of held) for (let seq = from; seq <= to; seq++) assert.ok(added.has(`${boot}/${seq}`));
      }),
    );
  });

  it('gives back what is taken out, one seq at a time', () => {
    const ranges = new BootRanges();
    ranges.add(1, 1, 5);
    ranges.remove(1, 3);
    ranges.remove(1, 1);
    assert.deepEqual(ranges.list(), [{ boot: 1, ranges: [[2, 2], [4, 5]] }]); // prettier-ignore
    for (const seq of [2, 4, 5, 9]) ranges.remove(1, seq);
    assert.equal(ranges.empty, true);
  });
});
