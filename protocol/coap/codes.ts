/** Codes of RFC 7252 §12.1 as text (`'2.04'`) and as the byte on the wire. */
const TEXT_OF_BYTE: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => `${byte >> 5}.${String(byte & 31).padStart(2, '0')}`,
);
const BYTE_OF_TEXT = new Map(TEXT_OF_BYTE.map((text, byte) => [text, byte]));

export const codeText = (byte: number): string => TEXT_OF_BYTE[byte & 255] ?? '0.00';

/** The byte of a code, or `undefined` where the text is none. */
export const codeByte = (text: string): number | undefined => BYTE_OF_TEXT.get(text);

export const EMPTY = '0.00';
/** 2.31 and 4.08 (RFC 7959 §2.9): go on with the next block; begin again with the first. */
export const CONTINUE = '2.31';
export const INCOMPLETE = '4.08';
export const TOO_LARGE = '4.13';
export const METHODS = { GET: '0.01', POST: '0.02', PUT: '0.03', DELETE: '0.04' } as const;

/** Class digit: 0 request (or empty), 2, 4 and 5 response; others are reserved (RFC 7252 §3). */
export const classOf = (code: string): number => code.charCodeAt(0) - 48;
export const isRequest = (code: string): boolean => classOf(code) === 0 && code !== EMPTY;
export const isSuccess = (code: string): boolean => classOf(code) === 2;
export const isResponse = (code: string): boolean => {
  const found = classOf(code);
  return found === 2 || found === 4 || found === 5;
};

/** HTTP statuses of our error table that have a CoAP code of their own (RFC 7252 §12.1.2, RFC 8132 §4, RFC 8516). */
const CODE_OF_STATUS: ReadonlyMap<number, string> = new Map(
  [400, 401, 403, 404, 405, 406, 408, 409, 412, 413, 415, 422, 429, 500, 501, 502, 503, 504].map(status => [
    status,
    `${Math.floor(status / 100)}.${String(status % 100).padStart(2, '0')}`,
  ]),
);

export const codeOfStatus = (status: number): string =>
  CODE_OF_STATUS.get(status) ?? (status >= 400 && status < 500 ? '4.00' : '5.00');
