import { fault } from './errors.js';

const GROUPS = 8;
const isGroup = (text: string): boolean => /^[0-9a-f]{1,4}$/i.test(text);

/** The 32 lower-case hex digits of an IPv6 address in any of its texts; REQUEST_INVALID where it is none. */
export function ipv6ToHex(address: string): string {
  const hex = hexOfIpv6(address);
  if (hex === undefined) throw fault('REQUEST_INVALID', `'${address}' is not an IPv6 address`);
  return hex;
}

/** The same; `undefined` where it is none, or one with a zone (`fe80::1%eth0`), which means something on its link alone. */
export function hexOfIpv6(address: string): string | undefined {
  const [head = '', tail, ...more] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = GROUPS - left.length - right.length;
  const good = more.length === 0 && (tail === undefined ? missing === 0 : missing > 0);
  if (!good || ![...left, ...right].every(isGroup)) return undefined;
  return [...left, ...Array.from({ length: missing }, () => '0'), ...right]
    .map(group => group.toLowerCase().padStart(4, '0'))
    .join('');
}

/** The canonical text (RFC 5952) of an address of 32 hex digits. */
export function hexToIpv6(hex: string): string {
  const groups = Array.from({ length: GROUPS }, (_, i) =>
    Number.parseInt(hex.slice(i * 4, i * 4 + 4), 16).toString(16),
  );
  const { at, length } = longestZeros(groups);
  // §4.2.2: a single group of zeros is not shortened
  if (length < 2) return groups.join(':');
  return `${groups.slice(0, at).join(':')}::${groups.slice(at + length).join(':')}`;
}

/** §4.2.3: the longest run of zeros, the first of those that are equally long. */
function longestZeros(groups: readonly string[]): { readonly at: number; readonly length: number } {
  let best = { at: 0, length: 0 };
  let length = 0;
  groups.forEach((group, i) => {
    length = group === '0' ? length + 1 : 0;
    if (length > best.length) best = { at: i - length + 1, length };
  });
  return best;
}

/** The address `offset` after the first of a /64; canonical text. */
export const address6At = (prefix: string, offset: number): string =>
  hexToIpv6(`${ipv6ToHex(prefix).slice(0, 16)}${offset.toString(16).padStart(16, '0')}`);

/** The address `offset` after any other; canonical text. */
export const address6Plus = (first: string, offset: number): string =>
  hexToIpv6((BigInt(`0x${ipv6ToHex(first)}`) + BigInt(offset)).toString(16).padStart(32, '0'));

/** As a setting takes it: canonical text; the error says what is wanted. */
export function ipv6Setting(value: string): string {
  const hex = hexOfIpv6(value);
  if (hex === undefined) throw new Error('an IPv6 address');
  return hexToIpv6(hex);
}

/** An address of either family as it stands before `:PORT` (RFC 3986 §3.2.2: IPv6 in brackets). */
export const inUrl = (address: string): string => (isIpv6(address) ? `[${address}]` : address);

export const isIpv6 = (address: string): boolean => address.includes(':');
