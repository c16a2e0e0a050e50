import { macText, numberToIpv4 } from '../../../protocol/addresses.js';
import { fault } from '../../../protocol/errors.js';
import type { Field, WideField } from '../flow-switch.js';
import { ipv6Text, parseIpv4, parseIpv6, parseMac } from './address-text.js';

/** How Ryu's parser takes the value of a field. */
type NarrowForm = 'number' | 'mac' | 'ipv4';
type WideForm = 'ipv6' | 'hex';

interface Row<F> {
  /** Ryu's name of the OXM or NXM field. */
  readonly name: string;
  readonly form: F;
}

export const NARROW: Readonly<Record<Field, Row<NarrowForm>>> = {
  inPort: { name: 'in_port', form: 'number' },
  ethSrc: { name: 'eth_src', form: 'mac' },
  ethDst: { name: 'eth_dst', form: 'mac' },
  ipSrc: { name: 'ipv4_src', form: 'ipv4' },
  ipDst: { name: 'ipv4_dst', form: 'ipv4' },
  udpSrc: { name: 'udp_src', form: 'number' },
  udpDst: { name: 'udp_dst', form: 'number' },
  arpOp: { name: 'arp_op', form: 'number' },
  arpSpa: { name: 'arp_spa', form: 'ipv4' },
  arpTpa: { name: 'arp_tpa', form: 'ipv4' },
  arpSha: { name: 'arp_sha', form: 'mac' },
  arpTha: { name: 'arp_tha', form: 'mac' },
  icmp6Type: { name: 'icmpv6_type', form: 'number' },
  ndSll: { name: 'ipv6_nd_sll', form: 'mac' },
  ndTll: { name: 'ipv6_nd_tll', form: 'mac' },
  ndReserved: { name: 'nd_reserved', form: 'number' },
  ndOptionsType: { name: 'nd_options_type', form: 'number' },
  metadata: { name: 'metadata', form: 'number' },
  reg0: { name: 'reg0', form: 'number' },
  reg1: { name: 'reg1', form: 'number' },
  reg2: { name: 'reg2', form: 'number' },
  reg3: { name: 'reg3', form: 'number' },
};

export const WIDE: Readonly<Record<WideField, Row<WideForm>>> = {
  ip6Src: { name: 'ipv6_src', form: 'ipv6' },
  ip6Dst: { name: 'ipv6_dst', form: 'ipv6' },
  ndTarget: { name: 'ipv6_nd_target', form: 'ipv6' },
  wide1: { name: 'xxreg1', form: 'hex' },
};

/** NXM's names of fields that have an OXM, too; Open vSwitch answers with those in actions. */
const ALIASES: Readonly<Record<string, string>> = {
  nd_target: 'ipv6_nd_target',
  nd_sll: 'ipv6_nd_sll',
  nd_tll: 'ipv6_nd_tll',
};
export const plainName = (name: string): string => ALIASES[name] ?? name.replace(/_nxm$/, '');

const byName = <F extends string>(table: Readonly<Record<F, Row<string>>>): ReadonlyMap<string, F> =>
  new Map((Object.keys(table) as F[]).map(field => [table[field].name, field]));
const narrowNames = byName(NARROW);
const wideNames = byName(WIDE);

export const narrowField = (name: string): Field | undefined => narrowNames.get(plainName(name));
export const wideField = (name: string): WideField | undefined => wideNames.get(plainName(name));

export function narrowValue(field: Field, value: number): number | string {
  const { form } = NARROW[field];
  return form === 'number' ? value : form === 'mac' ? macText(value) : numberToIpv4(value);
}

export const wideValue = (field: WideField, hex: string): string =>
  WIDE[field].form === 'ipv6' ? ipv6Text(hex) : `0x${hex}`;

/** The value of a field as flows hold it. Throws FLOW_INVALID where it is none. */
export function readNarrow(field: Field, value: number | string): number {
  const { form, name } = NARROW[field];
  const found = typeof value === 'number' ? value : form === 'mac' ? parseMac(value) : parseIpv4(value);
  if (found === undefined) throw fault('FLOW_INVALID', `${name} '${value}'`);
  return found;
}

export function readWide(field: WideField, value: number | string): string {
  const { form, name } = WIDE[field];
  const text = String(value);
  const hex =
    form === 'ipv6'
      ? parseIpv6(text)
      : /^(0x[0-9a-f]{1,32}|\d{1,39})$/i.test(text)
        ? BigInt(text).toString(16).padStart(32, '0')
        : undefined;
  if (hex?.length !== 32) throw fault('FLOW_INVALID', `${name} '${text}'`);
  return hex;
}
