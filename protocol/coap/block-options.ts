import { blockOfValue, type Block } from './block.js';
import { OPTIONS, uintOf } from './option-table.js';

/** Options of block-wise transfer in a message (RFC 7959 §2 and §4, RFC 9175 §3). */
export interface BlockOptions {
  block1?: Block;
  block2?: Block;
  size1?: number;
  size2?: number;
  requestTags?: Uint8Array[];
}

/** Takes an option of block-wise transfer, and leaves any other; false where its value is reserved. */
export function takeBlockOption(into: BlockOptions, number: number, value: Uint8Array): boolean {
  if (number === OPTIONS.size1.number) into.size1 = uintOf(value);
  else if (number === OPTIONS.size2.number) into.size2 = uintOf(value);
  else if (number === OPTIONS.requestTag.number) (into.requestTags ??= []).push(value);
  else if (number === OPTIONS.block1.number || number === OPTIONS.block2.number) {
    const block = blockOfValue(uintOf(value));
    if (block === undefined) return false;
    if (number === OPTIONS.block1.number) into.block1 = block;
    else into.block2 = block;
  }
  return true;
}
