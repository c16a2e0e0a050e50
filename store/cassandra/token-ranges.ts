/** Tokens of Murmur3 are the 64-bit integers; no partition has the lowest. */
const LOWEST = -(2n ** 63n);
const HIGHEST = 2n ** 63n - 1n;

/** `from` not included, `to` included. */
export interface TokenRange {
  readonly from: bigint;
  readonly to: bigint;
}

/** The whole ring in `count` equal parts. */
export function tokenRanges(count: number): TokenRange[] {
  const edge = (at: number): bigint => LOWEST + ((HIGHEST - LOWEST) * BigInt(at)) / BigInt(count);
  return Array.from({ length: count }, (_, at) => ({ from: edge(at), to: edge(at + 1) }));
}
