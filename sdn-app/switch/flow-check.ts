import {
  FIELD_BITS,
  type Action,
  type Bits,
  type Field,
  type Flow,
  type Masked,
  type Match,
  type SwitchRefusal,
  type WideField,
} from './flow-switch.js';
import { etherTypeOf } from './flow-text.js';

const fits = (value: number, bits: number): boolean => Number.isInteger(value) && value >= 0 && value < 2 ** bits;
const inField = (bits: Bits): boolean =>
  bits.offset >= 0 && bits.length >= 1 && bits.offset + bits.length <= FIELD_BITS[bits.field];
const refusal = (type: SwitchRefusal['type'], code: string, detail: string): SwitchRefusal => ({ type, code, detail });

/** OpenFlow 1.3 §5.9: the order in which instructions take effect, whatever their order in the message. */
const STAGE: Readonly<Record<Action['do'], number>> = {
  meter: 0,
  set: 1,
  setWide: 1,
  move: 1,
  moveWide: 1,
  load: 1,
  pushVlan: 1,
  popVlan: 1,
  output: 1,
  metadata: 2,
  goto: 3,
};
const LAST_TABLE = 253;
const UDP = 17;
const ICMP6 = 58;
const SOLICITATION = 135;
const ADVERTISEMENT = 136;

/** What a match must say before a field may be matched, read or written (OpenFlow 1.3 §7.2.3.6, ovs-fields(7)). */
interface Needs {
  readonly etherType?: Match['etherType'];
  readonly ipProto?: number;
  readonly icmp6Type?: readonly number[];
}
const ND = { etherType: 'ipv6', ipProto: ICMP6, icmp6Type: [SOLICITATION, ADVERTISEMENT] } as const;
const NEEDS: Readonly<Partial<Record<Field | WideField, Needs>>> = {
  ipSrc: { etherType: 'ipv4' },
  ipDst: { etherType: 'ipv4' },
  ip6Src: { etherType: 'ipv6' },
  ip6Dst: { etherType: 'ipv6' },
  udpSrc: { ipProto: UDP },
  udpDst: { ipProto: UDP },
  arpOp: { etherType: 'arp' },
  arpSpa: { etherType: 'arp' },
  arpTpa: { etherType: 'arp' },
  arpSha: { etherType: 'arp' },
  arpTha: { etherType: 'arp' },
  icmp6Type: { etherType: 'ipv6', ipProto: ICMP6 },
  ndTarget: ND,
  ndReserved: ND,
  ndOptionsType: ND,
  ndSll: { ...ND, icmp6Type: [SOLICITATION] },
  ndTll: { ...ND, icmp6Type: [ADVERTISEMENT] },
};

function meets(match: Match, field: Field | WideField): boolean {
  const needs = NEEDS[field];
  if (needs === undefined) return true;
  const { etherType, ipProto, icmp6Type } = needs;
  const type = match.icmp6Type;
  return (
    (etherType === undefined || etherTypeOf(match) === etherType) &&
    (ipProto === undefined || match.ipProto === ipProto) &&
    (icmp6Type === undefined || (type?.mask === 0xff && icmp6Type.includes(type.value)))
  );
}

/** What a switch would answer to a flow that makes no sense; `undefined` where it can be installed. */
export function refuseFlow(flow: Flow): SwitchRefusal | undefined {
  if (!fits(flow.table, 8) || flow.table > LAST_TABLE)
    return refusal('FLOW_MOD_FAILED', 'BAD_TABLE_ID', `table ${flow.table}`);
  if (!fits(flow.priority, 16) || !fits(flow.cookie, 53))
    return refusal('FLOW_MOD_FAILED', 'UNKNOWN', `priority ${flow.priority}, cookie ${flow.cookie}`);
  return refuseMatch(flow.match) ?? refuseActions(flow);
}

const MASKED = ['ethSrc', 'ethDst', 'ipSrc', 'ipDst', 'arpOp', 'arpTpa', 'icmp6Type', 'udpSrc', 'udpDst'] as const;
const WIDE = ['ip6Src', 'ip6Dst', 'ndTarget'] as const;
const ALL_ONES = 'f'.repeat(32);
const PREREQUISITES = [...MASKED, ...WIDE] as const;
const MASKED_OR_METADATA = [...MASKED, 'metadata'] as const;

function refuseMatch(match: Match): SwitchRefusal | undefined {
  const { inPort, vlan, fragment, ipProto } = match;
  const family = etherTypeOf(match);
  for (const field of PREREQUISITES)
    if (match[field] !== undefined && !meets(match, field)) return refusal('BAD_MATCH', 'BAD_PREREQ', field);
  if ((fragment !== undefined || ipProto !== undefined) && family !== 'ipv4' && family !== 'ipv6')
    return refusal('BAD_MATCH', 'BAD_PREREQ', 'fragment and ipProto need a family');
  if (inPort !== undefined && (!fits(inPort, 16) || inPort === 0))
    return refusal('BAD_MATCH', 'BAD_VALUE', `inPort ${inPort}`);
  if (typeof vlan === 'number' && !fits(vlan, 12)) return refusal('BAD_MATCH', 'BAD_VALUE', `vlan ${vlan}`);
  for (const field of MASKED_OR_METADATA) {
    const part = match[field];
    const found = part === undefined ? undefined : refuseMasked(field, part);
    if (found !== undefined) return found;
  }
  for (const field of WIDE) {
    const part = match[field];
    if (part === undefined) continue;
    if (!isWide(part.value) || !isWide(part.mask)) return refusal('BAD_MATCH', 'BAD_VALUE', field);
    if (part.mask !== ALL_ONES && (BigInt(`0x${part.value}`) & ~BigInt(`0x${part.mask}`)) !== 0n)
      return refusal('BAD_MATCH', 'BAD_WILDCARDS', `${field} has bits outside its mask`);
  }
  return undefined;
}

const isWide = (text: string): boolean => /^[0-9a-f]{32}$/.test(text);

/** Open vSwitch compares these whole or not at all. */
const UNMASKED: readonly Field[] = ['arpOp', 'icmp6Type'];

function refuseMasked(field: Field, { value, mask }: Masked): SwitchRefusal | undefined {
  if (UNMASKED.includes(field) && mask !== 2 ** FIELD_BITS[field] - 1)
    return refusal('BAD_MATCH', 'BAD_MASK', `${field} has no mask`);
  if (!fits(value, FIELD_BITS[field]) || !fits(mask, FIELD_BITS[field]) || mask === 0)
    return refusal('BAD_MATCH', 'BAD_VALUE', `${field} ${value}/${mask}`);
  return isWithin(value, mask)
    ? undefined
    : refusal('BAD_MATCH', 'BAD_WILDCARDS', `${field} has bits outside its mask`);
}

const TWO_24 = 2 ** 24;

/** Whether each bit of a value of at most 48 bits is one of the mask, too. */
const isWithin = (value: number, mask: number): boolean =>
  ((value % TWO_24) & ~(mask % TWO_24)) === 0 && (Math.floor(value / TWO_24) & ~Math.floor(mask / TWO_24)) === 0;

function refuseActions(flow: Flow): SwitchRefusal | undefined {
  let stage = 0;
  let metered = false;
  // Open vSwitch counts the tags that a packet of this match has after each action
  let tags = typeof flow.match.vlan === 'number' ? 1 : 0;
  for (const action of flow.actions) {
    const next = STAGE[action.do];
    if (next < stage || (next === stage && next !== 1 && next !== 0))
      return refusal('BAD_INSTRUCTION', 'UNSUP_INST', `${action.do} stands after a later instruction`);
    stage = next;
    if (action.do === 'meter') {
      if (metered) return refusal('BAD_INSTRUCTION', 'UNSUP_INST', 'two meters');
      metered = true;
    }
    if (action.do === 'pushVlan') tags++;
    if (action.do === 'popVlan' && tags-- === 0)
      return refusal('BAD_ACTION', 'MATCH_INCONSISTENT', 'popVlan where the match says no VLAN');
    const found = refuseAction(action, flow) ?? refuseUnmet(action, flow.match);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Open vSwitch judges what an action touches by the match of its flow alone. */
function refuseUnmet(action: Action, match: Match): SwitchRefusal | undefined {
  const [first, second] = fieldsOf(action);
  if (first !== undefined && !meets(match, first)) return unmet(action, first);
  return second === undefined || meets(match, second) ? undefined : unmet(action, second);
}

const unmet = ({ do: what }: Action, field: Field | WideField): SwitchRefusal =>
  refusal('BAD_ACTION', 'MATCH_INCONSISTENT', `${what} of ${field}`);

const NO_FIELD: readonly (Field | WideField)[] = [];

function fieldsOf(action: Action): readonly (Field | WideField)[] {
  switch (action.do) {
    case 'set':
    case 'setWide':
      return [action.field];
    case 'load':
      return [action.to.field];
    case 'move':
      return [action.from.field, action.to.field];
    case 'moveWide':
      return [action.from, action.to];
    case 'output':
      return typeof action.to === 'object' && 'portFrom' in action.to ? [action.to.portFrom.field] : NO_FIELD;
    default:
      return NO_FIELD;
  }
}

function refuseAction(action: Action, { table }: Flow): SwitchRefusal | undefined {
  switch (action.do) {
    case 'meter':
      return fits(action.meter, 24) && action.meter > 0
        ? undefined
        : refusal('METER_MOD_FAILED', 'INVALID_METER', `${action.meter}`);
    case 'set':
      if (action.field === 'inPort') return refusal('BAD_ACTION', 'BAD_SET_TYPE', 'inPort cannot be set');
      return fits(action.value, FIELD_BITS[action.field])
        ? undefined
        : refusal('BAD_ACTION', 'BAD_SET_ARGUMENT', `${action.field} ${action.value}`);
    case 'setWide':
      return isWide(action.value) ? undefined : refusal('BAD_ACTION', 'BAD_SET_ARGUMENT', action.field);
    case 'move':
      return inField(action.from) &&
        inField(action.to) &&
        action.from.length === action.to.length &&
        action.to.field !== 'inPort'
        ? undefined
        : refusal('BAD_ACTION', 'BAD_ARGUMENT', 'a move between bits that do not fit');
    case 'load':
      return inField(action.to) && action.to.field !== 'inPort' && fits(action.value, action.to.length)
        ? undefined
        : refusal('BAD_ACTION', 'BAD_ARGUMENT', `a load of ${action.value} that does not fit`);
    case 'pushVlan':
      return fits(action.vlan, 12) ? undefined : refusal('BAD_ACTION', 'BAD_SET_ARGUMENT', `vlan ${action.vlan}`);
    case 'moveWide':
    case 'popVlan':
      return undefined;
    case 'output': {
      const { to } = action;
      if (typeof to === 'string') return undefined;
      const good = 'port' in to ? fits(to.port, 16) && to.port > 0 : inField(to.portFrom) && to.portFrom.length <= 16;
      return good ? undefined : refusal('BAD_ACTION', 'BAD_OUT_PORT', JSON.stringify(to));
    }
    case 'metadata':
      return fits(action.value, 32) && fits(action.mask, 32)
        ? undefined
        : refusal('BAD_INSTRUCTION', 'UNSUP_METADATA', `${action.value}/${action.mask}`);
    case 'goto':
      return fits(action.table, 8) && action.table <= LAST_TABLE && action.table > table
        ? undefined
        : refusal('BAD_INSTRUCTION', 'BAD_TABLE_ID', `from table ${table} to ${action.table}`);
  }
}
