import assert from 'node:assert/strict';
import { blockBytes, type Block } from '../../protocol/coap/block.js';

/** Blocks as RFC 7959 writes them in its figures, and bodies to cut. */

export const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255);
export const same = (found: Uint8Array | undefined, wanted: Uint8Array): void =>
  assert.ok(Buffer.compare(found ?? new Uint8Array(0), wanted) === 0, 'the bodies are equal');

/** As RFC 7959 writes it in its figures: `0/1/128`. */
export const block = (text: string): Block => {
  const [num = 0, more = 0, size = 0] = text.split('/').map(Number);
  return { num, more: more === 1, szx: Math.log2(size) - 4 };
};
export const written = (name: string, found: Block | undefined): string =>
  found === undefined ? '' : ` ${name}:${found.num}/${found.more ? 1 : 0}/${blockBytes(found.szx)}`;
