import { fault } from '../../../protocol/errors.js';
import { FIELD_BITS, type Field, type Masked, type Match, type WideMasked } from '../flow-switch.js';
import { etherTypeOf } from '../flow-text.js';
import { hexAt, uintAt, type Writer } from './bytes.js';
import { OXM, headerAt, writeHeader, type FoundHeader, type OxmField } from './oxm.js';

/** Matches to and from struct ofp_match (OpenFlow 1.3.5 §7.2.3). */

export const ETHER_TYPE = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;
/** OFPVID_PRESENT: there is a tag; an id of 0 without it is a packet that has none. */
export const VLAN_PRESENT = 0x1000;
const OXM_MATCH = 1;
const ALL_ONES = 'f'.repeat(32);
const TWO_32 = 2 ** 32;

const ETHER_TYPES = new Map<number, keyof typeof ETHER_TYPE>(
  (Object.keys(ETHER_TYPE) as (keyof typeof ETHER_TYPE)[]).map(name => [ETHER_TYPE[name], name]),
);
const NARROW = new Set([
  ...(['ethSrc', 'ethDst', 'ipSrc', 'ipDst', 'udpSrc', 'udpDst'] as const),
  ...(['arpOp', 'arpTpa', 'icmp6Type', 'metadata'] as const),
] as const);
const WIDE = new Set(['ip6Src', 'ip6Dst', 'ndTarget'] as const);
type NarrowMatch = typeof NARROW extends Set<infer F> ? F : never;
type WideMatch = typeof WIDE extends Set<infer F> ? F : never;
const isNarrow = (field: OxmField): field is NarrowMatch => (NARROW as ReadonlySet<OxmField>).has(field);
const isWide = (field: OxmField): field is WideMatch => (WIDE as ReadonlySet<OxmField>).has(field);
const ORDER = Object.keys(OXM) as OxmField[];

const wholeOf = (field: Field): number => 2 ** FIELD_BITS[field] - 1;

/** Padded to 8 bytes. */
export function writeMatch(to: Writer, match: Match): void {
  const from = to.length;
  to.u16(OXM_MATCH);
  to.u16(0);
  const family = etherTypeOf(match);
  for (const field of ORDER) {
    if (isNarrow(field)) writeNarrow(to, field, match[field]);
    else if (isWide(field)) writeWide(to, field, match[field]);
    else if (field === 'inPort') writePlain(to, field, match.inPort);
    else if (field === 'etherType') writePlain(to, field, family && ETHER_TYPE[family]);
    else if (field === 'ipProto') writePlain(to, field, match.ipProto);
    else if (field === 'vlan') {
      const { vlan } = match;
      writePlain(to, field, vlan === 'none' ? 0 : vlan === undefined ? undefined : VLAN_PRESENT + vlan);
    } else if (field === 'fragment' && match.fragment !== undefined) {
      // NXM_NX_IP_FRAG: bit 0 is any fragment, bit 1 one after the first
      writeHeader(to, field, true);
      to.u8(match.fragment === 'yes' ? 1 : 0);
      to.u8(match.fragment === 'yes' ? 1 : 3);
    }
  }
  to.lengthAt(from + 2, from);
  to.pad(from);
}

function writePlain(to: Writer, field: OxmField, value: number | undefined): void {
  if (value === undefined) return;
  writeHeader(to, field);
  to.uint(value, OXM[field].bytes);
}

function writeNarrow(to: Writer, field: NarrowMatch, part: Masked | undefined): void {
  if (part === undefined) return;
  // of the 64 bits of metadata, flows know 32
  const masked = field === 'metadata' || part.mask !== wholeOf(field);
  writeHeader(to, field, masked);
  to.uint(part.value, OXM[field].bytes);
  if (masked) to.uint(part.mask, OXM[field].bytes);
}

function writeWide(to: Writer, field: WideMatch, part: WideMasked | undefined): void {
  if (part === undefined) return;
  const masked = part.mask !== ALL_ONES;
  writeHeader(to, field, masked);
  to.hex(part.value);
  if (masked) to.hex(part.mask);
}

type Parts = { -readonly [K in keyof Match]: Match[K] };

/** Where the match at `at` ends, padding included. FLOW_INVALID where it is no list of fields, or longer than it may be. */
export function matchEnd(view: DataView, at: number): { readonly fields: number; readonly end: number } {
  const length = view.getUint16(at + 2);
  if (view.getUint16(at) !== OXM_MATCH || length < 4) throw fault('FLOW_INVALID', `a match of ${length} bytes`);
  return { fields: at + length, end: at + Math.ceil(length / 8) * 8 };
}

/**
 * The match at `at`. `etherType` is left away where the other fields imply it: what is read back is then what was sent.
 * FLOW_INVALID where it says what flows cannot say.
 */
export function matchAt(view: DataView, at: number): Match {
  const { fields } = matchEnd(view, at);
  const parts: Parts = {};
  for (let place = at + 4; place < fields;) {
    const header = headerAt(view, place);
    if (header === undefined) throw fault('FLOW_INVALID', `a match on ${view.getUint32(place).toString(16)}`);
    readPart(parts, view, place + 4, header);
    place += 4 + header.length;
  }
  const { etherType, ...rest } = parts;
  return etherType === undefined || etherTypeOf(rest) === etherType ? rest : { ...rest, etherType };
}

function readPart(parts: Parts, view: DataView, at: number, { field, bytes, masked }: FoundHeader): void {
  if (isNarrow(field)) {
    parts[field] = {
      value: low(field, view, at, bytes),
      mask: masked ? low(field, view, at + bytes, bytes) : wholeOf(field),
    };
    return;
  }
  if (isWide(field)) {
    parts[field] = { value: hexAt(view, at, 16), mask: masked ? hexAt(view, at + 16, 16) : ALL_ONES };
    return;
  }
  const value = uintAt(view, at, bytes);
  const mask = masked ? uintAt(view, at + bytes, bytes) : undefined;
  if (field === 'vlan') parts.vlan = readVlan(value, mask ?? 0x1fff);
  else if (field === 'fragment') parts.fragment = readFragment(value, mask ?? 3);
  else if (mask !== undefined) throw fault('FLOW_INVALID', `a mask of ${field}`);
  else if (field === 'inPort') parts.inPort = value;
  else if (field === 'ipProto') parts.ipProto = value;
  else if (field === 'etherType') parts.etherType = readEtherType(value);
  else throw fault('FLOW_INVALID', `a match on ${field}`);
}

/** Values have at most 48 bits but for metadata, of which the upper half must be empty. */
function low(field: Field, view: DataView, at: number, bytes: number): number {
  const value = uintAt(view, at, bytes);
  if (field === 'metadata' && value >= TWO_32) throw fault('FLOW_INVALID', 'metadata above 32 bits');
  return value;
}

function readEtherType(value: number): keyof typeof ETHER_TYPE {
  const found = ETHER_TYPES.get(value);
  if (found === undefined) throw fault('FLOW_INVALID', `eth_type ${value}`);
  return found;
}

/** The bits above OFPVID_PRESENT do not exist; a mask may have them or not. */
function readVlan(value: number, mask: number): number | 'none' {
  if ((mask & 0x1fff) !== 0x1fff) throw fault('FLOW_INVALID', `vlan_vid ${value}/${mask}`);
  return value === 0 ? 'none' : value - VLAN_PRESENT;
}

function readFragment(bits: number, mask: number): 'yes' | 'no' {
  if (bits === 1 && mask === 1) return 'yes';
  if (bits === 0 && (mask & 1) === 1) return 'no';
  throw fault('FLOW_INVALID', `ip_frag ${bits}/${mask}`);
}
