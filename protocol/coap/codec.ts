import { parse, type ParsedPacket } from 'coap-packet';
import { fault } from '../errors.js';
import { EMPTY, classOf, codeByte, codeText, isRequest, isResponse } from './codes.js';

/** Bits 4 and 5 of the first byte (RFC 7252 §3). */
export const TYPES = ['CON', 'NON', 'ACK', 'RST'] as const;
export type MessageType = (typeof TYPES)[number];

export interface MessageOption {
  readonly number: number;
  readonly value: Uint8Array;
}

/** A CoAP message (RFC 7252 §3). `code` is text, `'0.00'` of an empty one. Options stand in the order of their numbers. */
export interface Message {
  readonly type: MessageType;
  readonly code: string;
  readonly messageId: number;
  readonly token: Uint8Array;
  readonly options: readonly MessageOption[];
  readonly payload: Uint8Array;
}

/** What can be known of a datagram that begins as CoAP, even where the rest is broken. */
export interface Header {
  readonly type: MessageType;
  readonly code: string;
  readonly messageId: number;
  /** `undefined` where its length is a reserved one or the datagram ends within it. */
  readonly token: Uint8Array | undefined;
}

/** DESIGN §5: a datagram is never larger, so that it is never fragmented. */
export const MAX_DATAGRAM_BYTES = 1_152;
export const NO_BYTES: Uint8Array = new Uint8Array(0);
const NO_OPTIONS: readonly MessageOption[] = [];
const PAYLOAD_MARKER = 0xff;

/** The header of a datagram, or `undefined` where it is not CoAP at all (too short, or another version). */
export function decodeHeader(bytes: Uint8Array): Header | undefined {
  const [first = 0, code = 0, high = 0, low = 0] = bytes;
  if (bytes.length < 4 || first >> 6 !== 1) return undefined;
  const end = 4 + (first & 15);
  const token = (first & 15) <= 8 && end <= bytes.length ? bytes.subarray(4, end) : undefined;
  return { type: typeOf(first), code: codeText(code), messageId: high * 256 + low, token };
}

/** Bytes to message. Throws COAP_MALFORMED where RFC 7252 §3 or §4 forbids them. */
export function decodeMessage(bytes: Uint8Array): Message {
  const numbers = optionNumbers(bytes);
  let packet: ParsedPacket;
  try {
    packet = parse(Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  } catch (cause) {
    throw fault('COAP_MALFORMED', 'the codec refuses it', { cause });
  }
  const type = typeOf(bytes[0] ?? 0);
  const { code } = packet;
  checkKind(type, code);
  return {
    type,
    code,
    messageId: packet.messageId,
    token: packet.token,
    options:
      numbers.length === 0 ? NO_OPTIONS : packet.options.map(({ value }, i) => ({ number: numbers[i] ?? 0, value })),
    payload: packet.payload,
  };
}

const typeOf = (first: number): MessageType => TYPES[(first >> 4) & 3] ?? 'RST';

const truncated = (): Error => fault('COAP_MALFORMED', 'the datagram ends too early');

const NO_NUMBERS: readonly number[] = [];

/**
 * Walks a datagram as RFC 7252 §3 and §3.1 lay it out, and gives the numbers of its options. coap-packet takes tokens
 * above 8 bytes, options that end behind the datagram, and a marker without a payload: here they are refused.
 */
function optionNumbers(bytes: Uint8Array): readonly number[] {
  const { length } = bytes;
  if (length < 4) throw truncated();
  const first = bytes[0] ?? 0;
  if (first >> 6 !== 1) throw fault('COAP_MALFORMED', `version ${first >> 6}`);
  const tokenLength = first & 15;
  if (tokenLength > 8) throw fault('COAP_MALFORMED', `token length ${tokenLength}`);
  let at = 4 + tokenLength;
  if (at > length) throw truncated();
  if (bytes[1] === 0) {
    if (length > 4) throw fault('COAP_MALFORMED', 'an empty message with content');
    return NO_NUMBERS;
  }
  if (at === length) return NO_NUMBERS;
  const numbers: number[] = [];
  let number = 0;
  while (at < length) {
    const head = bytes[at++] ?? 0;
    if (head === PAYLOAD_MARKER) {
      if (at === length) throw fault('COAP_MALFORMED', 'a payload marker without a payload');
      return numbers;
    }
    let delta = head >> 4;
    let size = head & 15;
    if (delta === 15 || size === 15) throw fault('COAP_MALFORMED', 'a reserved option header');
    if (delta === 13) delta = 13 + (bytes[at++] ?? 0);
    else if (delta === 14) {
      delta = 269 + (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
      at += 2;
    }
    if (size === 13) size = 13 + (bytes[at++] ?? 0);
    else if (size === 14) {
      size = 269 + (bytes[at] ?? 0) * 256 + (bytes[at + 1] ?? 0);
      at += 2;
    }
    at += size;
    if (at > length) throw truncated();
    number += delta;
    if (number > 0xffff) throw fault('COAP_MALFORMED', `option number ${number}`);
    numbers.push(number);
  }
  return numbers;
}

/** RFC 7252 §3 (reserved classes), §4.2 and §4.3: which codes a type may carry. */
function checkKind(type: MessageType, code: string): void {
  if (code !== EMPTY && !isRequest(code) && !isResponse(code))
    throw fault('COAP_MALFORMED', `code ${code} of the reserved class ${classOf(code)}`);
  if (type === 'RST' && code !== EMPTY) throw fault('COAP_MALFORMED', 'a reset with content');
  if (type === 'ACK' && isRequest(code)) throw fault('COAP_MALFORMED', 'a request in an acknowledgement');
  if (type === 'NON' && code === EMPTY) throw fault('COAP_MALFORMED', 'an empty non-confirmable message');
}

/**
 * Message to bytes. Written here and not left to coap-packet's `generate`, which sorts the caller's options in place
 * and takes ten times as long: an acknowledgement of a report is the most frequent thing that a vMD host sends.
 * Options must stand in the order of their numbers. Throws REQUEST_INVALID above MAX_DATAGRAM_BYTES.
 */
export function encodeMessage(message: Message): Uint8Array {
  const { token, options, payload } = message;
  const code = codeByte(message.code);
  if (code === undefined || token.length > 8 || message.messageId < 0 || message.messageId > 0xffff)
    throw fault('REQUEST_INVALID', `no CoAP message has code ${message.code} and ${token.length} bytes of token`);
  const size = 4 + token.length + optionsSize(options) + (payload.length > 0 ? 1 + payload.length : 0);
  if (size > MAX_DATAGRAM_BYTES)
    throw fault('REQUEST_INVALID', `a message of ${size} bytes; ${MAX_DATAGRAM_BYTES} fit`);
  const bytes = Buffer.allocUnsafe(size);
  bytes[0] = 0x40 | (TYPES.indexOf(message.type) << 4) | token.length;
  bytes[1] = code;
  bytes[2] = message.messageId >> 8;
  bytes[3] = message.messageId & 255;
  let at = 4;
  for (let i = 0; i < token.length; i++) bytes[at++] = token[i] ?? 0;
  let before = 0;
  for (const { number, value } of options) {
    const delta = number - before;
    bytes[at] = (nibble(delta) << 4) | nibble(value.length);
    at = writeExtended(bytes, at + 1, delta);
    at = writeExtended(bytes, at, value.length);
    bytes.set(value, at);
    at += value.length;
    before = number;
  }
  if (payload.length > 0) {
    bytes[at] = PAYLOAD_MARKER;
    bytes.set(payload, at + 1);
  }
  return bytes;
}

/** RFC 7252 §3.1: values up to 12 stand in the nibble, up to 268 in one byte more, others in two. */
const nibble = (value: number): number => (value < 13 ? value : value < 269 ? 13 : 14);
const extendedSize = (value: number): number => (value < 13 ? 0 : value < 269 ? 1 : 2);

function writeExtended(bytes: Buffer, at: number, value: number): number {
  if (value < 13) return at;
  if (value < 269) return bytes.writeUInt8(value - 13, at);
  return bytes.writeUInt16BE(value - 269, at);
}

function optionsSize(options: readonly MessageOption[]): number {
  let size = 0;
  let before = 0;
  for (const { number, value } of options) {
    const delta = number - before;
    if (delta < 0 || number > 0xffff) throw fault('REQUEST_INVALID', `option ${number} out of order`);
    size += 1 + extendedSize(delta) + extendedSize(value.length) + value.length;
    before = number;
  }
  return size;
}
