import { fault } from '../errors.js';
import { blockOfValue, blockValue, type Block } from './block.js';
import { METHODS } from './codes.js';
import { NO_BYTES, type Message, type MessageOption } from './codec.js';
import type { CoapRequest, CoapResponse, Method } from './types.js';

/**
 * Options that the endpoint understands (RFC 7252 §5.10, RFC 7641 §2, RFC 7959 §2.1 and §4, RFC 9175 §3.2): number, length
 * of the value, whether it repeats.
 */
export const OPTIONS = {
  uriHost: { number: 3, min: 1, max: 255, repeats: false },
  etag: { number: 4, min: 1, max: 8, repeats: true },
  observe: { number: 6, min: 0, max: 3, repeats: false },
  uriPort: { number: 7, min: 0, max: 2, repeats: false },
  uriPath: { number: 11, min: 0, max: 255, repeats: true },
  contentFormat: { number: 12, min: 0, max: 2, repeats: false },
  maxAge: { number: 14, min: 0, max: 4, repeats: false },
  uriQuery: { number: 15, min: 0, max: 255, repeats: true },
  accept: { number: 17, min: 0, max: 2, repeats: false },
  block2: { number: 23, min: 0, max: 3, repeats: false },
  block1: { number: 27, min: 0, max: 3, repeats: false },
  size2: { number: 28, min: 0, max: 4, repeats: false },
  size1: { number: 60, min: 0, max: 4, repeats: false },
  requestTag: { number: 292, min: 0, max: 8, repeats: true },
} as const;

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

interface OptionRow {
  readonly number: number;
  readonly min: number;
  readonly max: number;
  readonly repeats: boolean;
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

interface BlockOptions {
  block1?: Block;
  block2?: Block;
  size1?: number;
  size2?: number;
  requestTags?: Uint8Array[];
}

/** Takes an option of block-wise transfer, and leaves any other; false where its value is reserved. */
function takeBlockOption(into: BlockOptions, number: number, value: Uint8Array): boolean {
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

function uintOf(value: Uint8Array): number {
  let sum = 0;
  for (const byte of value) sum = sum * 256 + byte;
  return sum;
}

function textOf(value: Uint8Array): string {
  const [a = 0x80, b = 0, c = 0] = value;
  // `r` and `v=1` come with every report: a call into the runtime for each would cost more than the text.
  if (value.length === 1 && a < 0x80) return String.fromCharCode(a);
  if (value.length === 3 && a < 0x80 && b < 0x80 && c < 0x80) return String.fromCharCode(a, b, c);
  return Buffer.from(value.buffer, value.byteOffset, value.byteLength).toString('utf8');
}
