import {
  FIELD_BITS,
  type Action,
  type Batch,
  type Flow,
  type Masked,
  type Match,
  type WideMasked,
} from '../flow-switch.js';
import { etherTypeOf } from '../flow-text.js';
import { NARROW, WIDE, narrowValue, wideValue } from './fields.js';
import type { WireAction, WireFlow, WireInstruction, WireMatch, WireMod } from './wire.js';

/** Flows, matches and actions as our Ryu app takes them (wire.ts). Nothing here decides; batch-check.ts has refused before. */

export const ETHER_TYPE = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd } as const;
/** OFPVID_PRESENT (OpenFlow 1.3 §7.2.3.7): there is a tag; a `vlan_vid` of 0 is a packet without one. */
export const VLAN_PRESENT = 0x1000;
const ALL_ONES = 'f'.repeat(32);

const NARROW_MATCH = [
  'ethSrc',
  'ethDst',
  'ipSrc',
  'ipDst',
  'arpOp',
  'arpTpa',
  'icmp6Type',
  'udpSrc',
  'udpDst',
] as const;
const WIDE_MATCH = ['ip6Src', 'ip6Dst', 'ndTarget'] as const;

export function encodeMatch(match: Match): WireMatch {
  const wire: WireMatch = {};
  if (match.inPort !== undefined) wire['in_port'] = match.inPort;
  const etherType = etherTypeOf(match);
  if (etherType !== undefined) wire['eth_type'] = ETHER_TYPE[etherType];
  if (match.ipProto !== undefined) wire['ip_proto'] = match.ipProto;
  if (match.vlan !== undefined) wire['vlan_vid'] = match.vlan === 'none' ? 0 : VLAN_PRESENT + match.vlan;
  for (const field of NARROW_MATCH) {
    const part: Masked | undefined = match[field];
    if (part === undefined) continue;
    const value = narrowValue(field, part.value);
    const whole = part.mask === 2 ** FIELD_BITS[field] - 1;
    wire[NARROW[field].name] = whole ? value : [value, narrowValue(field, part.mask)];
  }
  for (const field of WIDE_MATCH) {
    const part: WideMasked | undefined = match[field];
    if (part === undefined) continue;
    const value = wideValue(field, part.value);
    wire[WIDE[field].name] = part.mask === ALL_ONES ? value : [value, wideValue(field, part.mask)];
  }
  // the field has 64 bits, of which flows know 32
  if (match.metadata !== undefined) wire['metadata'] = [match.metadata.value, match.metadata.mask];
  // NXM_NX_IP_FRAG: bit 0 is any fragment, bit 1 one after the first
  if (match.fragment !== undefined) wire['ip_frag'] = match.fragment === 'yes' ? [1, 1] : [0, 3];
  return wire;
}

export function encodeFlow({ table, priority, cookie, match, actions }: Flow): WireFlow {
  return { table, priority, cookie, match: encodeMatch(match), instructions: encodeActions(actions) };
}

/** In OpenFlow's order, in which {@link Flow} has them already. */
function encodeActions(actions: readonly Action[]): WireInstruction[] {
  const instructions: WireInstruction[] = [];
  const applied = actions.flatMap(encodeAction);
  for (const action of actions) if (action.do === 'meter') instructions.push(['meter', action.meter]);
  if (applied.length > 0) instructions.push(['apply', applied]);
  for (const action of actions) {
    if (action.do === 'metadata') instructions.push(['metadata', action.value, action.mask]);
    if (action.do === 'goto') instructions.push(['goto', action.table]);
  }
  return instructions;
}

function encodeAction(action: Action): WireAction[] {
  switch (action.do) {
    case 'set':
      return [['set', NARROW[action.field].name, narrowValue(action.field, action.value)]];
    case 'setWide':
      return [['set', WIDE[action.field].name, wideValue(action.field, action.value)]];
    case 'move': {
      const { from, to } = action;
      return [['move', NARROW[from.field].name, from.offset, NARROW[to.field].name, to.offset, from.length]];
    }
    case 'moveWide':
      return [['move', WIDE[action.from].name, 0, WIDE[action.to].name, 0, 128]];
    case 'load':
      return [['load', NARROW[action.to.field].name, action.to.offset, action.to.length, action.value]];
    case 'pushVlan':
      return [['pushVlan'], ['set', 'vlan_vid', VLAN_PRESENT + action.vlan]];
    case 'popVlan':
      return [['popVlan']];
    case 'output': {
      const { to } = action;
      if (typeof to === 'string') return [['output', to]];
      if ('port' in to) return [['output', to.port]];
      return [['outputReg', NARROW[to.portFrom.field].name, to.portFrom.offset, to.portFrom.length]];
    }
    case 'meter':
    case 'metadata':
    case 'goto':
      return [];
  }
}

export interface WireBatch {
  readonly before: WireMod[];
  readonly bundle: WireMod[];
  readonly after: WireMod[];
}

export function encodeBatch(batch: Batch): WireBatch {
  const before: WireMod[] = [];
  const after: WireMod[] = [];
  for (const mod of batch.meters) {
    if (mod.op === 'set') before.push({ op: 'meter', meter: mod.meter, ratePerS: mod.ratePerS });
    else after.push({ op: 'deleteMeter', meter: mod.meter });
  }
  const bundle = batch.flows.map((mod): WireMod => {
    if (mod.op === 'add') return { op: 'add', flow: encodeFlow(mod.flow) };
    if (mod.op === 'deleteSlice') return { op: 'deleteCookie', cookie: mod.cookie, mask: mod.mask };
    const { table, priority, match } = mod.flow;
    return { op: 'deleteStrict', table, priority, match: encodeMatch(match) };
  });
  return { before, bundle, after };
}
