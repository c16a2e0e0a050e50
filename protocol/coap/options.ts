import { fault } from '../errors.js';
import { blockValue, type Block } from './block.js';
import { takeBlockOption, type BlockOptions } from './block-options.js';
import { METHODS } from './codes.js';
import { NO_BYTES, type Message, type MessageOption } from './codec.js';
import { OPTIONS, uintOf, type OptionRow } from './option-table.js';
import type { CoapRequest, CoapResponse, Method } from './types.js';

/** A request with what blocks need beside it. */
export interface WireRequest extends CoapRequest {
  readonly block1?: Block;
  readonly block2?: Block;
  /** Bytes of the whole body. */
  readonly size1?: number;
  readonly requestTags?: readonly Uint8Array[];
}

export interface WireResponse extends CoapResponse {
  readonly block1?: Block;
  readonly block2?: Block;
  /** Bytes of the largest body that would have been taken. */
  readonly size1?: number;
  /** Bytes of the whole body. */
  readonly size2?: number;
}

const byNumber = new Map<number, OptionRow>(Object.values(OPTIONS).map(row => [row.number, row]));
/** RFC 7252 §5.7: we are no proxy, and say so by 5.05. */
const PROXY_OPTIONS: readonly number[] = [35, 39];
const isCritical = (number: number): boolean => (number & 1) === 1;

/** A request that is CoAP but asks for what this endpoint does not know: the code and words of its answer. */
export interface Refusal {
  readonly code: string;
  readonly say: string;
}

const METHOD_OF_CODE = new Map<string, Method>(
  (Object.entries(METHODS) as [Method, string][]).map(([method, code]) => [code, method]),
);

/**
 * The request in a message, or how to refuse it: 4.05 for a method, 4.02 for a critical option that is not understood, 4.00
 * for a block of the reserved size.
 */
export function requestOf(message: Message): WireRequest | Refusal {
  const method = METHOD_OF_CODE.get(message.code);
  if (method === undefined) return { code: '4.05', say: `no method ${message.code}` };
  const path: string[] = [];
  let query: string[] | undefined;
  let etags: Uint8Array[] | undefined;
  let contentFormat: number | undefined;
  let accept: number | undefined;
  let observe: number | undefined;
  let blocks: BlockOptions | undefined;
  let before = 0;
  for (const option of message.options) {
    const { number, value } = option;
    if (!isUnderstood(option, before)) {
      if (PROXY_OPTIONS.includes(number)) return { code: '5.05', say: 'this is no proxy' };
      if (isCritical(number)) return { code: '4.02', say: `option ${number} is not understood` };
      continue;
    }
    before = number;
    if (number === OPTIONS.uriPath.number) path.push(textOf(value));
    else if (number === OPTIONS.contentFormat.number) contentFormat = uintOf(value);
    else if (number === OPTIONS.uriQuery.number) (query ??= []).push(textOf(value));
    else if (number === OPTIONS.accept.number) accept = uintOf(value);
    else if (number === OPTIONS.etag.number) (etags ??= []).push(value);
    else if (number === OPTIONS.observe.number) observe = uintOf(value);
    else if (!takeBlockOption((blocks ??= {}), number, value))
      return { code: '4.00', say: 'a block of the reserved size 7' };
  }
  // Filled, not spread: this is made for every report.
  const request: { -readonly [Field in keyof WireRequest]: WireRequest[Field] } = {
    method,
    path,
    payload: message.payload,
  };
  if (query !== undefined) request.query = query;
  if (contentFormat !== undefined) request.contentFormat = contentFormat;
  if (accept !== undefined) request.accept = accept;
  if (etags !== undefined) request.etags = etags;
  if (observe !== undefined) request.observe = observe;
  return blocks === undefined ? request : Object.assign(request, blocks);
}

export const isRefusal = (found: WireRequest | Refusal): found is Refusal => 'say' in found;

/** The response in a message. Throws COAP_MALFORMED where it carries a critical option that is not understood. */
export function responseOf(message: Message): WireResponse {
  let contentFormat: number | undefined;
  let etag: Uint8Array | undefined;
  let maxAgeS: number | undefined;
  let observe: number | undefined;
  const blocks: BlockOptions = {};
  let before = 0;
  for (const option of message.options) {
    const { number, value } = option;
    if (!isUnderstood(option, before)) {
      if (isCritical(number)) throw fault('COAP_MALFORMED', `option ${number} of the response is not understood`);
      continue;
    }
    before = number;
    if (number === OPTIONS.contentFormat.number) contentFormat = uintOf(value);
    else if (number === OPTIONS.etag.number) etag ??= value;
    else if (number === OPTIONS.maxAge.number) maxAgeS = uintOf(value);
    else if (number === OPTIONS.observe.number) observe = uintOf(value);
    else if (!takeBlockOption(blocks, number, value)) throw fault('COAP_MALFORMED', 'a block of the reserved size 7');
  }
  return {
    code: message.code,
    payload: message.payload,
    ...blocks,
    ...(contentFormat === undefined ? undefined : { contentFormat }),
    ...(etag === undefined ? undefined : { etag }),
    ...(maxAgeS === undefined ? undefined : { maxAgeS }),
    ...(observe === undefined ? undefined : { observe }),
  };
}

/** RFC 7252 §5.4.3 and §5.4.5: a value of another length, or a second one, counts as an option not understood. */
function isUnderstood(option: MessageOption, before: number): boolean {
  const row = byNumber.get(option.number);
  if (row === undefined || option.value.length < row.min || option.value.length > row.max) return false;
  return row.repeats || option.number !== before;
}

/** Options of a request in the order of their numbers. Throws REQUEST_INVALID where a value does not fit its option. */
export function requestOptions(request: WireRequest): readonly MessageOption[] {
  const options: MessageOption[] = [];
  for (const etag of request.etags ?? []) put(options, OPTIONS.etag, etag);
  putUint(options, OPTIONS.observe, request.observe);
  for (const segment of request.path) put(options, OPTIONS.uriPath, Buffer.from(segment));
  putUint(options, OPTIONS.contentFormat, request.contentFormat);
  for (const item of request.query ?? []) put(options, OPTIONS.uriQuery, Buffer.from(item));
  putUint(options, OPTIONS.accept, request.accept);
  putBlock(options, OPTIONS.block2, request.block2);
  putBlock(options, OPTIONS.block1, request.block1);
  putUint(options, OPTIONS.size1, request.size1);
  for (const tag of request.requestTags ?? []) put(options, OPTIONS.requestTag, tag);
  return options;
}

const NONE: readonly MessageOption[] = [];

/** Options of a response in the order of their numbers. Throws REQUEST_INVALID where a value does not fit its option. */
export function responseOptions(response: WireResponse): readonly MessageOption[] {
  const { etag, observe, contentFormat, maxAgeS, block1, block2, size1, size2 } = response;
  const isPlain = etag === undefined && observe === undefined && contentFormat === undefined && maxAgeS === undefined;
  const isWhole = block1 === undefined && block2 === undefined && size1 === undefined && size2 === undefined;
  if (isPlain && isWhole) return NONE;
  const options: MessageOption[] = [];
  if (etag !== undefined) put(options, OPTIONS.etag, etag);
  putUint(options, OPTIONS.observe, observe);
  putUint(options, OPTIONS.contentFormat, contentFormat);
  putUint(options, OPTIONS.maxAge, maxAgeS);
  putBlock(options, OPTIONS.block2, block2);
  putBlock(options, OPTIONS.block1, block1);
  putUint(options, OPTIONS.size2, size2);
  putUint(options, OPTIONS.size1, size1);
  return options;
}

function put(options: MessageOption[], row: OptionRow, value: Uint8Array): void {
  if (value.length < row.min || value.length > row.max)
    throw fault('REQUEST_INVALID', `option ${row.number} takes ${row.min} to ${row.max} bytes, not ${value.length}`);
  options.push({ number: row.number, value });
}

function putUint(options: MessageOption[], row: OptionRow, value: number | undefined): void {
  if (value === undefined) return;
  if (!Number.isInteger(value) || value < 0 || value >= 256 ** row.max)
    throw fault('REQUEST_INVALID', `option ${row.number} takes no value ${value}`);
  put(options, row, uintBytes(value));
}

function putBlock(options: MessageOption[], row: OptionRow, block: Block | undefined): void {
  if (block === undefined) return;
  const value = blockValue(block);
  if (value === undefined) throw fault('REQUEST_INVALID', `option ${row.number} takes no block ${block.num}`);
  putUint(options, row, value);
}

/** RFC 7252 §3.2: unsigned, network order, without leading zero bytes; 0 is no byte at all. */
function uintBytes(value: number): Uint8Array {
  if (value === 0) return NO_BYTES;
  const bytes: number[] = [];
  for (let rest = value; rest > 0; rest = Math.floor(rest / 256)) bytes.unshift(rest % 256);
  return Uint8Array.from(bytes);
}

function textOf(value: Uint8Array): string {
  const [a = 0x80, b = 0, c = 0] = value;
  // `r` and `v=1` come with every report: a call into the runtime for each would cost more than the text.
  if (value.length === 1 && a < 0x80) return String.fromCharCode(a);
  if (value.length === 3 && a < 0x80 && b < 0x80 && c < 0x80) return String.fromCharCode(a, b, c);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
}
