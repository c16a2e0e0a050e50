/** Addresses as Ryu writes them → as flows hold them: MAC and IPv4 as unsigned integers, IPv6 as 32 hex digits. */

/** `undefined` where it is not a MAC address. */
export const parseMac = (text: string): number | undefined =>
  /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text) ? Number.parseInt(text.replaceAll(':', ''), 16) : undefined;

/** `undefined` where it is not an IPv4 address. */
export function parseIpv4(text: string): number | undefined {
  const bytes = text.split('.').map(part => (/^\d{1,3}$/.test(part) ? Number(part) : 256));
  if (bytes.length !== 4 || bytes.some(byte => byte > 255)) return undefined;
  return bytes.reduce((sum, byte) => sum * 256 + byte, 0);
}

/** All eight groups, which every reader takes. */
export const ipv6Text = (hex: string): string => hex.replace(/.{4}(?!$)/g, '$&:');

/** 32 hex digits from any text of RFC 4291 §2.2; `undefined` where it is none. */
export function parseIpv6(text: string): string | undefined {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const last = dotted?.[2] === undefined ? undefined : parseIpv4(dotted[2]);
  if (dotted !== null && last === undefined) return undefined;
  const tail = last === undefined ? '' : ipv6Text(last.toString(16).padStart(8, '0'));
  const [before = '', after, ...more] = `${dotted?.[1] ?? text}${tail}`.split('::');
  if (more.length > 0) return undefined;
  const head = before === '' ? [] : before.split(':');
  const rest = after === undefined || after === '' ? [] : after.split(':');
  const missing = 8 - head.length - rest.length;
  if (after === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...Array.from({ length: missing }, () => '0'), ...rest];
  if (!groups.every(group => /^[0-9a-f]{1,4}$/i.test(group))) return undefined;
  return groups.map(group => group.toLowerCase().padStart(4, '0')).join('');
}
