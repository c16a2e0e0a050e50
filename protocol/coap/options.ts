import { fault } from '../errors.js';
import { METHODS } from './codes.js';
import { NO_BYTES, type Message, type MessageOption } from './codec.js';
import type { CoapRequest, CoapResponse, Method } from './types.js';

/** Options that the endpoint understands (RFC 7252 §5.10, RFC 7641 §2): number, length of the value, whether it repeats. */
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
} as const;

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

/** The request in a message, or how to refuse it: 4.05 for a method, 4.02 for a critical option that is not understood. */
export function requestOf(message: Message): CoapRequest | Refusal {
  const method = METHOD_OF_CODE.get(message.code);
  if (method === undefined) return { code: '4.05', say: `no method ${message.code}` };
  const path: string[] = [];
  let query: string[] | undefined;
  let etags: Uint8Array[] | undefined;
  let contentFormat: number | undefined;
  let accept: number | undefined;
  let observe: number | undefined;
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
  }
  // Filled, not spread: this is made for every report.
  const request: { -readonly [Field in keyof CoapRequest]: CoapRequest[Field] } = {
    method,
    path,
    payload: message.payload,
  };
  if (query !== undefined) request.query = query;
  if (contentFormat !== undefined) request.contentFormat = contentFormat;
  if (accept !== undefined) request.accept = accept;
  if (etags !== undefined) request.etags = etags;
  if (observe !== undefined) request.observe = observe;
  return request;
}

export const isRefusal = (found: CoapRequest | Refusal): found is Refusal => 'say' in found;

/** The response in a message. Throws COAP_MALFORMED where it carries a critical option that is not understood. */
export function responseOf(message: Message): CoapResponse {
  let contentFormat: number | undefined;
  let etag: Uint8Array | undefined;
  let maxAgeS: number | undefined;
  let observe: number | undefined;
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
  }
  return {
    code: message.code,
    payload: message.payload,
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
export function requestOptions(request: CoapRequest): readonly MessageOption[] {
  const options: MessageOption[] = [];
  for (const etag of request.etags ?? []) put(options, OPTIONS.etag, etag);
  putUint(options, OPTIONS.observe, request.observe);
  for (const segment of request.path) put(options, OPTIONS.uriPath, Buffer.from(segment));
  putUint(options, OPTIONS.contentFormat, request.contentFormat);
  for (const item of request.query ?? []) put(options, OPTIONS.uriQuery, Buffer.from(item));
  putUint(options, OPTIONS.accept, request.accept);
  return options;
}

const NONE: readonly MessageOption[] = [];

/** Options of a response in the order of their numbers. Throws REQUEST_INVALID where a value does not fit its option. */
export function responseOptions(response: CoapResponse): readonly MessageOption[] {
  const { etag, observe, contentFormat, maxAgeS } = response;
  if (etag === undefined && observe === undefined && contentFormat === undefined && maxAgeS === undefined) return NONE;
  const options: MessageOption[] = [];
  if (etag !== undefined) put(options, OPTIONS.etag, etag);
  putUint(options, OPTIONS.observe, observe);
  putUint(options, OPTIONS.contentFormat, contentFormat);
  putUint(options, OPTIONS.maxAge, maxAgeS);
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
