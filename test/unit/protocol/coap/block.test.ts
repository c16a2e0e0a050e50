import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  MAX_SZX,
  blockBytes,
  blockOf,
  blockOfValue,
  blockValue,
  offsetOf,
  szxWithin,
} from '../../../../protocol/coap/block.js';
import { BlockAssembly } from '../../../../protocol/coap/block-assembly.js';

const szxs = fc.nat(MAX_SZX);

describe('a block option', () => {
  // RFC 7959 §2.2 and the figures of §3, written there as NUM/M/size.
  for (const [text, value] of [
    ['0/1/128', 0x0b],
    ['1/1/128', 0x1b],
    ['2/0/128', 0x23],
    ['0/0/64', 0x02],
    ['4/1/32', 0x49],
    ['5/0/32', 0x51],
    ['0/0/16', 0x00],
    ['1048575/1/1024', 0xfffffe],
  ] as const) {
    it(`of ${text} is ${value.toString(16)}`, () => {
      const [num = 0, more = 0, size = 0] = text.split('/').map(Number);
      const block = { num, more: more === 1, szx: Math.log2(size) - 4 };
      assert.equal(blockValue(block), value);
      assert.deepEqual(blockOfValue(value), block);
    });
  }

  it('does not name the reserved size, or a number above 20 bits', () => {
    assert.equal(blockOfValue(0x0f), undefined);
    assert.equal(blockValue({ num: 2 ** 20, more: false, szx: 0 }), undefined);
    assert.equal(blockValue({ num: 0, more: false, szx: 7 }), undefined);
  });

  it('has the largest size that fits', () => {
    assert.deepEqual([2_000, 1_024, 1_023, 512, 17, 16, 3].map(szxWithin), [6, 6, 5, 5, 0, 0, 0]);
  });
});

describe('a body in blocks', () => {
  const bodies = fc.uint8Array({ maxLength: 3_000 });

  it('is whole again, though blocks come again and sizes become smaller on the way', () => {
    fc.assert(
      fc.property(bodies, fc.array(szxs, { minLength: 1, maxLength: 5 }), fc.array(fc.nat()), (body, sizes, again) => {
        const assembly = new BlockAssembly(body.length);
        const sent: { num: number; szx: number }[] = [];
        let szx = Math.max(...sizes);
        for (let step = 0; ; step++) {
          szx = Math.min(szx, sizes[step % sizes.length] ?? szx);
          const at = { num: assembly.length / blockBytes(szx), szx };
          const slice = blockOf(body, at);
          assert.ok(slice, 'no block is asked for behind the end');
          const placed = assembly.place(slice.block, slice.bytes);
          assert.equal(placed, slice.block.more ? 'more' : 'whole');
          if (placed === 'whole') break;
          sent.push(at);
          // An old block changes nothing, unless it is the first, which begins anew.
          const old = sent[(again[step % (again.length || 1)] ?? 0) % sent.length];
          const repeated = old && old.num > 0 ? blockOf(body, old) : undefined;
          const before = assembly.length;
          if (repeated !== undefined) assert.equal(assembly.place(repeated.block, repeated.bytes), 'more');
          assert.equal(assembly.length, before);
        }
        assert.deepEqual(Buffer.from(assembly.body()), Buffer.from(body));
      }),
    );
  });

  it('refuses a block that leaves a gap, one that differs, one of another size, and what is too large', () => {
    fc.assert(
      fc.property(szxs, fc.integer({ min: 2, max: 40 }), (szx, blocks) => {
        const size = blockBytes(szx);
        const body = new Uint8Array(size * blocks).fill(7);
        const assembly = new BlockAssembly(body.length - 1);
        const place = (num: number, fill = 7, length = size, more = true) =>
          assembly.place({ num, more, szx }, new Uint8Array(length).fill(fill));
        assert.equal(place(1), 'gap');
        assert.equal(place(0), 'more');
        assert.equal(place(2), 'gap');
        assert.equal(place(1, 7, size - 1), 'misfit');
        assert.equal(place(1, 7, size + 1, false), 'misfit');
        for (let num = 1; num < blocks - 1; num++) assert.equal(place(num), 'more');
        if (blocks > 2) assert.equal(place(1, 8), 'gap', 'other bytes for a block that is held');
        assert.equal(place(blocks - 1, 7, size, false), 'too large');
        assert.equal(place(blocks - 1, 7, size - 1, false), 'whole');
        assert.equal(assembly.body().length, body.length - 1);
        assert.equal(place(0, 9), 'more', 'the first block begins anew');
        assert.equal(assembly.length, size);
      }),
    );
  });

  it('keeps no hold on the datagrams and bodies that its blocks came from', () => {
    const datagram = new Uint8Array(16).fill(1);
    const assembly = new BlockAssembly(100);
    assembly.place({ num: 0, more: true, szx: 0 }, datagram);
    datagram.fill(2);
    assert.equal(assembly.body()[0], 1);
    const body = new Uint8Array(64);
    assert.notEqual(blockOf(body, { num: 1, szx: 0 })?.bytes.buffer, body.buffer);
  });

  it('ends where it ends', () => {
    const body = new Uint8Array(256);
    assert.equal(blockOf(body, { num: 1, szx: 3 })?.block.more, false);
    assert.equal(blockOf(body, { num: 2, szx: 3 }), undefined);
    assert.equal(blockOf(new Uint8Array(0), { num: 0, szx: 3 })?.block.more, false);
    assert.equal(offsetOf({ num: 2, szx: 3 }), 256);
  });
});
