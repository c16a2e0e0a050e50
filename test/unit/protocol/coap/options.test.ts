import assert from 'node:assert/strict';
import fc from 'fast-check';
import { toHex } from '../../../../common/hex.js';
import { METHODS } from '../../../../protocol/coap/codes.js';
import { NO_BYTES, decodeMessage, encodeMessage, type MessageOption } from '../../../../protocol/coap/codec.js';
import type { Block } from '../../../../protocol/coap/block.js';
import {
  requestOf,
  requestOptions,
  responseOf,
  responseOptions,
  type WireRequest,
  type WireResponse,
} from '../../../../protocol/coap/options.js';

const carry = (code: string, options: readonly MessageOption[], payload: Uint8Array = NO_BYTES) =>
  decodeMessage(encodeMessage({ type: 'CON', code, messageId: 1, token: NO_BYTES, options, payload }));

const text = fc.string({ unit: 'grapheme', maxLength: 20 }).filter(found => Buffer.from(found).toString() === found);
const uint = (bytes: number): fc.Arbitrary<number> => fc.oneof(fc.nat(256), fc.nat(256 ** bytes - 1));
const block: fc.Arbitrary<Block> = fc.record({ num: fc.nat(2 ** 20 - 1), more: fc.boolean(), szx: fc.nat(6) });
/** Bytes as hex, so that a Buffer equals a Uint8Array. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return toHex(value);
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, found]) => [key, plain(found)]));
}

describe('CoAP requests and responses', () => {
  it('come back as they went', () => {
    const request: fc.Arbitrary<WireRequest> = fc.record(
      {
        method: fc.constantFrom('GET', 'POST', 'PUT', 'DELETE'),
        path: fc.array(text, { maxLength: 4 }),
        query: fc.array(text, { minLength: 1, maxLength: 3 }),
        payload: fc.uint8Array({ maxLength: 50 }),
        contentFormat: uint(2),
        accept: uint(2),
        observe: uint(3),
        etags: fc.array(fc.uint8Array({ minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 2 }),
        block1: block,
        block2: block,
        size1: uint(4),
        requestTags: fc.array(fc.uint8Array({ maxLength: 8 }), { minLength: 1, maxLength: 2 }),
      },
      { requiredKeys: ['method', 'path', 'payload'] },
    );
    fc.assert(
      fc.property(request, found => {
        const read = requestOf(carry(METHODS[found.method], requestOptions(found), found.payload));
        assert.deepEqual(plain(read), plain(found));
      }),
    );
    const response: fc.Arbitrary<WireResponse> = fc.record(
      {
        code: fc.constantFrom('2.04', '2.05', '4.04', '5.03'),
        payload: fc.uint8Array({ maxLength: 50 }),
        contentFormat: uint(2),
        etag: fc.uint8Array({ minLength: 1, maxLength: 8 }),
        maxAgeS: uint(4),
        observe: uint(3),
        block1: block,
        block2: block,
        size1: uint(4),
        size2: uint(4),
      },
      { requiredKeys: ['code', 'payload'] },
    );
    fc.assert(
      fc.property(response, found =>
        assert.deepEqual(plain(responseOf(carry(found.code, responseOptions(found), found.payload))), plain(found)),
      ),
    );
  });

  for (const [name, number, value, code] of [
    ['an unknown critical option by 4.02', 9, [1], '4.02'],
    ['a block of the reserved size by 4.00', 27, [7], '4.00'],
    ['a block option of four bytes by 4.02', 23, [1, 2, 3, 4], '4.02'],
    ['an Accept of three bytes by 4.02', 17, [1, 2, 3], '4.02'],
    ['Proxy-Uri by 5.05', 35, [97], '5.05'],
  ] as const) {
    it(`refuse ${name}`, () => {
      const found = requestOf(carry('0.01', [{ number, value: Uint8Array.from(value) }]));
      assert.equal('say' in found && found.code, code);
    });
  }

  it('refuse a second Accept and a method that is none of ours', () => {
    const accept = { number: 17, value: Uint8Array.of(50) };
    assert.equal((requestOf(carry('0.01', [accept, accept])) as { code: string }).code, '4.02');
    assert.equal((requestOf(carry('0.05', [])) as { code: string }).code, '4.05');
  });

  it('pass over unknown and misshapen elective options', () => {
    const options = [
      { number: 12, value: new Uint8Array(3) },
      { number: 258, value: Uint8Array.of(2) },
      { number: 65_000, value: NO_BYTES },
    ];
    assert.deepEqual(plain(requestOf(carry('0.01', options))), { method: 'GET', path: [], payload: '' });
    assert.deepEqual(plain(responseOf(carry('2.05', options))), { code: '2.05', payload: '' });
  });

  it('of others are refused where they carry an unknown critical option, or a block of the reserved size', () => {
    for (const option of [
      { number: 9, value: NO_BYTES },
      { number: 23, value: Uint8Array.of(0x17) },
    ])
      assert.throws(() => responseOf(carry('2.05', [option])), { code: 'COAP_MALFORMED' });
  });

  it('refuse to be written with values that their options cannot hold', () => {
    const bad: WireRequest[] = [
      { method: 'PUT', path: [], block1: { num: 2 ** 20, more: false, szx: 0 } },
      { method: 'PUT', path: [], block1: { num: 0.5, more: false, szx: 0 } },
      { method: 'PUT', path: [], block2: { num: 0, more: false, szx: 7 } },
      { method: 'PUT', path: [], requestTags: [new Uint8Array(9)] },
      { method: 'GET', path: ['x'.repeat(256)] },
      { method: 'GET', path: [], contentFormat: 65_536 },
      { method: 'GET', path: [], accept: -1 },
      { method: 'GET', path: [], observe: 0.5 },
      { method: 'GET', path: [], etags: [NO_BYTES] },
    ];
    for (const request of bad) assert.throws(() => requestOptions(request), { code: 'REQUEST_INVALID' });
  });
});
