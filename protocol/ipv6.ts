import { fault } from './errors.js';

const GROUPS = 8;
const isGroup = (text: string): boolean => /^[0-9a-f]{1,4}$/i.test(text);

/** The 32 lower-case hex digits of an IPv6 address in any of its texts; REQUEST_INVALID where it is none. */
export function ipv6ToHex(address: string): string {
  const [head = '', tail, ...more] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const missing = GROUPS - left.length - right.length;
  const good = more.length === 0 && (tail === undefined ? missing === 0 : missing > 0);
  if (!good || ![...left, ...right].every(isGroup))
    throw fault('REQUEST_INVALID', `'${address}' is not an IPv6 address`);
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

export const isIpv6 = (address: string): boolean => address.includes(':');
