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

export interface OptionRow {
  readonly number: number;
  readonly min: number;
  readonly max: number;
  readonly repeats: boolean;
}

/** RFC 7252 §3.2: unsigned, network order. */
export function uintOf(value: Uint8Array): number {
  let sum = 0;
  for (const byte of value) sum = sum * 256 + byte;
  return sum;
}
