import { fault } from '../../../protocol/errors.js';
import type { Field, WideField } from '../flow-switch.js';
import type { Writer } from './bytes.js';

/**
 * Match fields by class and number (OpenFlow 1.3.5 §7.2.3, ovs-fields(7)). A header is class (16 bits), number (7), whether a
 * mask follows (1) and the bytes of value and mask (8).
 */
const BASIC = 0x8000;
const NXM_0 = 0x0000;
const NXM_1 = 0x0001;
/** Fields of neighbour discovery that Open vSwitch took from Ericsson's extensions. */
const OVS_EXTENDED = 0x1000;

/** Fields that matches have beyond those of packets. */
export type OxmField = Field | WideField | 'etherType' | 'vlan' | 'ipProto' | 'fragment';

interface Row {
  readonly class: number;
  readonly number: number;
  readonly bytes: number;
}
const row = (oxmClass: number, number: number, bytes: number): Row => ({ class: oxmClass, number, bytes });

/** As we name them to a switch, in the order in which a match has them: a field stands behind what it asks for. */
export const OXM: Readonly<Record<OxmField, Row>> = {
  inPort: row(BASIC, 0, 4),
  metadata: row(BASIC, 2, 8),
  ethDst: row(BASIC, 3, 6),
  ethSrc: row(BASIC, 4, 6),
  etherType: row(BASIC, 5, 2),
  vlan: row(BASIC, 6, 2),
  ipProto: row(BASIC, 10, 1),
  ipSrc: row(BASIC, 11, 4),
  ipDst: row(BASIC, 12, 4),
  udpSrc: row(BASIC, 15, 2),
  udpDst: row(BASIC, 16, 2),
  arpOp: row(BASIC, 21, 2),
  arpSpa: row(BASIC, 22, 4),
  arpTpa: row(BASIC, 23, 4),
  arpSha: row(BASIC, 24, 6),
  arpTha: row(BASIC, 25, 6),
  ip6Src: row(BASIC, 26, 16),
  ip6Dst: row(BASIC, 27, 16),
  icmp6Type: row(BASIC, 29, 1),
  ndTarget: row(BASIC, 31, 16),
  ndSll: row(BASIC, 32, 6),
  ndTll: row(BASIC, 33, 6),
  fragment: row(NXM_1, 26, 1),
  reg0: row(NXM_1, 0, 4),
  reg1: row(NXM_1, 1, 4),
  reg2: row(NXM_1, 2, 4),
  reg3: row(NXM_1, 3, 4),
  wide1: row(NXM_1, 112, 16),
  ndReserved: row(OVS_EXTENDED, 1, 4),
  ndOptionsType: row(OVS_EXTENDED, 2, 1),
};

/** Names that Open vSwitch has for some of them besides; it answers with either. */
const ALIASES: readonly (readonly [OxmField, Row])[] = [
  ['inPort', row(NXM_0, 0, 2)],
  ['ethDst', row(NXM_0, 1, 6)],
  ['ethSrc', row(NXM_0, 2, 6)],
  ['etherType', row(NXM_0, 3, 2)],
  ['ipProto', row(NXM_0, 6, 1)],
  ['ipSrc', row(NXM_0, 7, 4)],
  ['ipDst', row(NXM_0, 8, 4)],
  ['udpSrc', row(NXM_0, 11, 2)],
  ['udpDst', row(NXM_0, 12, 2)],
  ['arpOp', row(NXM_0, 15, 2)],
  ['arpSpa', row(NXM_0, 16, 4)],
  ['arpTpa', row(NXM_0, 17, 4)],
  ['arpSha', row(NXM_1, 17, 6)],
  ['arpTha', row(NXM_1, 18, 6)],
  ['ip6Src', row(NXM_1, 19, 16)],
  ['ip6Dst', row(NXM_1, 20, 16)],
  ['icmp6Type', row(NXM_1, 21, 1)],
  ['ndTarget', row(NXM_1, 23, 16)],
  ['ndSll', row(NXM_1, 24, 6)],
  ['ndTll', row(NXM_1, 25, 6)],
];

const kindOf = (found: Row): number => found.class * 128 + found.number;
const FIELDS = Object.keys(OXM) as OxmField[];
const BY_KIND: ReadonlyMap<number, { readonly field: OxmField; readonly bytes: number }> = new Map(
  [...ALIASES, ...FIELDS.map(field => [field, OXM[field]] as const)].map(([field, found]) => [
    kindOf(found),
    { field, bytes: found.bytes },
  ]),
);

/** The header of a field as a match, or an action, has it. */
export function writeHeader(to: Writer, field: OxmField, masked = false): void {
  const { class: oxmClass, number, bytes } = OXM[field];
  to.u16(oxmClass);
  to.u8(number * 2 + (masked ? 1 : 0));
  to.u8(masked ? bytes * 2 : bytes);
}

export interface FoundHeader {
  readonly field: OxmField;
  /** Of the value. */
  readonly bytes: number;
  readonly masked: boolean;
  /** Of what follows the header: value and mask. */
  readonly length: number;
}

/** `undefined` where it is none of ours; FLOW_INVALID where its length is not that of the field. */
export function headerAt(view: DataView, at: number): FoundHeader | undefined {
  const second = view.getUint8(at + 2);
  const found = BY_KIND.get(view.getUint16(at) * 128 + (second >> 1));
  if (found === undefined) return undefined;
  const masked = (second & 1) === 1;
  const length = view.getUint8(at + 3);
  if (length !== found.bytes * (masked ? 2 : 1)) throw fault('FLOW_INVALID', `${found.field} with ${length} bytes`);
  return { ...found, masked, length };
}

/** The field of a header that an action has. */
export function fieldAt(view: DataView, at: number): OxmField {
  const found = headerAt(view, at);
  if (found === undefined || found.masked) throw fault('FLOW_INVALID', `field ${view.getUint32(at).toString(16)}`);
  return found.field;
}

/** Open vSwitch tells the register of 128 bits of a copy by its four words, reg4 to reg7; which of them, from 0. */
export function wideWordAt(view: DataView, at: number): number | undefined {
  const word = (view.getUint8(at + 2) >> 1) - 4;
  return view.getUint16(at) === NXM_1 && view.getUint8(at + 3) === 4 && word >= 0 && word < 4 ? word : undefined;
}
