import { macText, numberToIpv4 } from '../../protocol/addresses.js';
import { hexToIpv6 } from '../../protocol/ipv6.js';
import { FIELD_BITS, type Action, type Bits, type Field, type Match, type WideField } from '../switch/flow-switch.js';
import { etherTypeOf } from '../switch/flow-text.js';
import { MATCH_FIELDS } from '../switch/flow-text.js';

/** A match as an operator reads it, a word per field; what any packet meets has none. */
export function matchWords(match: Match): string[] {
  return MATCH_FIELDS.flatMap(name => fieldWords(match, name));
}

function fieldWords(match: Match, name: keyof Match): string[] {
  switch (name) {
    case 'inPort':
      return match.inPort === undefined ? [] : [`from port ${match.inPort}`];
    case 'etherType': {
      const kind = etherTypeOf(match);
      return kind === undefined ? [] : [kind];
    }
    case 'vlan':
      if (match.vlan === undefined) return [];
      return [match.vlan === 'none' ? 'no VLAN tag' : `VLAN ${match.vlan}`];
    case 'ipProto':
      return match.ipProto === undefined ? [] : [PROTOCOLS.get(match.ipProto) ?? `protocol ${match.ipProto}`];
    case 'fragment':
      if (match.fragment === undefined) return [];
      return [match.fragment === 'yes' ? 'a fragment' : 'no fragment'];
    case 'ip6Src':
    case 'ip6Dst':
    case 'ndTarget': {
      const part = match[name];
      if (part === undefined) return [];
      return [`${name} ${maskedText(hexToIpv6(part.value), BigInt(`0x${part.mask}`), 128, hexToIpv6(part.mask))}`];
    }
    default: {
      const part = match[name];
      if (part === undefined) return [];
      const { value, mask } = part;
      const bits = FIELD_BITS[name];
      const isAddress = ADDRESSES.has(name);
      const bitsCompared = isAddress || bits === 48 ? fieldText(name, mask) : `0x${mask.toString(16)}`;
      return [`${name} ${maskedText(fieldText(name, value), BigInt(mask), bits, bitsCompared, isAddress)}`];
    }
  }
}

/** The value alone where all bits are compared, a prefix length where the first ones of an address are, else the mask. */
function maskedText(value: string, mask: bigint, bits: number, maskText: string, isAddress = true): string {
  const ignored = (1n << BigInt(bits)) - 1n - mask;
  if (ignored === 0n) return value;
  const isPrefix = (ignored & (ignored + 1n)) === 0n;
  return `${value}/${isAddress && isPrefix ? bits - ignored.toString(2).length : maskText}`;
}

const PROTOCOLS: ReadonlyMap<number, string> = new Map([
  [1, 'icmp'],
  [6, 'tcp'],
  [17, 'udp'],
  [58, 'icmpv6'],
]);

/** An action as an operator reads it. */
export function actionWords(action: Action): string {
  switch (action.do) {
    case 'meter':
      return `meter ${action.meter}`;
    case 'set':
      return `${action.field} ← ${fieldText(action.field, action.value)}`;
    case 'setWide':
      return `${action.field} ← ${wideText(action.field, action.value)}`;
    case 'move':
      return `${bitsText(action.to)} ← ${bitsText(action.from)}`;
    case 'moveWide':
      return `${action.to} ← ${action.from}`;
    case 'load':
      return `${bitsText(action.to)} ← ${action.value}`;
    case 'pushVlan':
      return `tag with VLAN ${action.vlan}`;
    case 'popVlan':
      return 'take the VLAN tag off';
    case 'metadata':
      return `metadata ← ${action.value}`;
    case 'goto':
      return `table ${action.table}`;
    case 'output': {
      const { to } = action;
      if (to === 'CONTROLLER') return 'copy to the controller';
      if (to === 'NORMAL') return 'ordinary forwarding';
      if (to === 'IN_PORT') return 'out of the port that it came in by';
      return `out of port ${'port' in to ? to.port : `in ${bitsText(to.portFrom)}`}`;
    }
  }
}

const bitsText = ({ field, offset, length }: Bits): string =>
  offset === 0 && length === FIELD_BITS[field] ? field : `${field}[${offset}..${offset + length - 1}]`;

const ADDRESSES: ReadonlySet<Field> = new Set(['ipSrc', 'ipDst', 'arpSpa', 'arpTpa']);

export function fieldText(field: Field, value: number): string {
  if (ADDRESSES.has(field)) return numberToIpv4(value);
  return FIELD_BITS[field] === 48 ? macText(value) : String(value);
}

const wideText = (field: WideField, value: string): string => (field === 'wide1' ? `0x${value}` : hexToIpv6(value));
