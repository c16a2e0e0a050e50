/** A Block option (RFC 7959 §2.2): which block, whether more follow it, and its size as an exponent, 0 to 6. */
export interface Block {
  readonly num: number;
  readonly more: boolean;
  readonly szx: number;
}

/** 1,024 bytes. Exponent 7 is reserved (RFC 7959 §2.2). */
export const MAX_SZX = 6;
const MIN_BYTES = 16;
const MAX_NUM = 2 ** 20 - 1;

/** Bytes of a block of this exponent: 16 to 1,024. */
export const blockBytes = (szx: number): number => MIN_BYTES << szx;

/** Where a block begins in the body. */
export const offsetOf = ({ num, szx }: Pick<Block, 'num' | 'szx'>): number => num * blockBytes(szx);

/** The largest exponent whose blocks fit into `bytes`; 0 where none does. */
export function szxWithin(bytes: number): number {
  let szx = MAX_SZX;
  while (szx > 0 && blockBytes(szx) > bytes) szx--;
  return szx;
}

/** The option's value as a number: NUM, M and SZX side by side. `undefined` where the option cannot hold it. */
export function blockValue({ num, more, szx }: Block): number | undefined {
  if (!Number.isInteger(num) || num < 0 || num > MAX_NUM || szx < 0 || szx > MAX_SZX) return undefined;
  return num * 16 + (more ? 8 : 0) + szx;
}

/** The block that a value names; `undefined` for the reserved exponent 7. */
export function blockOfValue(value: number): Block | undefined {
  const szx = value & 7;
  return szx > MAX_SZX ? undefined : { num: value >>> 4, more: (value & 8) !== 0, szx };
}

/** Block `num` of a body, with its option; `undefined` behind the end. The bytes are a copy: a block may outlive its body. */
export function blockOf(
  body: Uint8Array,
  { num, szx }: Pick<Block, 'num' | 'szx'>,
): { readonly bytes: Uint8Array; readonly block: Block } | undefined {
  const from = offsetOf({ num, szx });
  if (from >= body.length && num > 0) return undefined;
  const to = from + blockBytes(szx);
  return { bytes: body.slice(from, to), block: { num, more: to < body.length, szx } };
}
