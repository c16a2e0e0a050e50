import { fault } from '../../../protocol/errors.js';
import { FIELD_BITS, type Action, type Bits, type Field, type Flow, type Masked, type Match } from '../flow-switch.js';
import { etherTypeOf } from '../flow-text.js';
import { ETHER_TYPE, VLAN_PRESENT } from './encode.js';
import { narrowField, plainName, readNarrow, readWide, wideField } from './fields.js';
import type { WireAction, WireFlow, WireInstruction, WireMatch } from './wire.js';

/** The way back from encode.ts. Every function throws FLOW_INVALID where a flow is nothing that our flows can say. */

type Parts = { -readonly [K in keyof Match]: Match[K] };
type WireValue = WireMatch[string];

const ALL_ONES = 'f'.repeat(32);
const ETHER_TYPES = new Map<number, keyof typeof ETHER_TYPE>(
  (Object.keys(ETHER_TYPE) as (keyof typeof ETHER_TYPE)[]).map(name => [ETHER_TYPE[name], name]),
);
const NARROW_MATCH = new Set([
  'ethSrc',
  'ethDst',
  'ipSrc',
  'ipDst',
  'arpOp',
  'arpTpa',
  'icmp6Type',
  'udpSrc',
  'udpDst',
  'metadata',
] as const);
type NarrowMatch = typeof NARROW_MATCH extends Set<infer F> ? F : never;
const isNarrowMatch = (field: Field): field is NarrowMatch => (NARROW_MATCH as ReadonlySet<Field>).has(field);

export function decodeFlow({ table, priority, cookie, match, instructions }: WireFlow): Flow {
  return { table, priority, cookie, match: decodeMatch(match), actions: decodeInstructions(instructions) };
}

/** `etherType` is left away where the other fields imply it: what is read back is then what was sent. */
export function decodeMatch(wire: WireMatch): Match {
  const parts: Parts = {};
  for (const [name, value] of Object.entries(wire)) readPart(parts, plainName(name), value);
  const { etherType, ...rest } = parts;
  return etherType === undefined || etherTypeOf(rest) === etherType ? rest : { ...rest, etherType };
}

function readPart(parts: Parts, name: string, value: WireValue): void {
  switch (name) {
    case 'in_port':
      parts.inPort = plainNumber(name, value);
      return;
    case 'eth_type': {
      const found = ETHER_TYPES.get(plainNumber(name, value));
      if (found === undefined) throw fault('FLOW_INVALID', `eth_type ${String(value)}`);
      parts.etherType = found;
      return;
    }
    case 'ip_proto':
      parts.ipProto = plainNumber(name, value);
      return;
    case 'vlan_vid':
      parts.vlan = readVlan(value);
      return;
    case 'ip_frag':
      parts.fragment = readFragment(value);
      return;
    default: {
      const narrow = narrowField(name);
      const wide = wideField(name);
      if (narrow !== undefined && isNarrowMatch(narrow)) parts[narrow] = readMasked(narrow, value);
      else if (wide !== undefined && wide !== 'wide1') {
        const [first, mask] = Array.isArray(value) ? value : [value, undefined];
        parts[wide] = { value: readWide(wide, first), mask: mask === undefined ? ALL_ONES : readWide(wide, mask) };
      } else throw fault('FLOW_INVALID', `a match on ${name}`);
    }
  }
}

function readMasked(field: Field, value: WireValue): Masked {
  const [first, mask] = Array.isArray(value) ? value : [value, undefined];
  return {
    value: readNarrow(field, first),
    mask: mask === undefined ? 2 ** FIELD_BITS[field] - 1 : readNarrow(field, mask),
  };
}

function plainNumber(name: string, value: WireValue): number {
  if (typeof value !== 'number') throw fault('FLOW_INVALID', `${name} ${String(value)}`);
  return value;
}

function readVlan(value: WireValue): number | 'none' {
  const [vid, mask] = Array.isArray(value) ? value : [value, 0x1fff];
  // the four bits above OFPVID_PRESENT do not exist; a mask may have them or not
  if (typeof vid !== 'number' || typeof mask !== 'number' || (mask & 0x1fff) !== 0x1fff)
    throw fault('FLOW_INVALID', `vlan_vid ${String(value)}`);
  return vid === 0 ? 'none' : vid - VLAN_PRESENT;
}

function readFragment(value: WireValue): 'yes' | 'no' {
  const [bits, mask] = Array.isArray(value) ? value : [value, 3];
  if (bits === 1 && mask === 1) return 'yes';
  if (bits === 0 && typeof mask === 'number' && (mask & 1) === 1) return 'no';
  throw fault('FLOW_INVALID', `ip_frag ${String(value)}`);
}

function decodeInstructions(instructions: readonly WireInstruction[]): Action[] {
  return instructions.flatMap((instruction): Action[] => {
    switch (instruction[0]) {
      case 'meter':
        return [{ do: 'meter', meter: instruction[1] }];
      case 'apply':
        return decodeActions(instruction[1]);
      case 'metadata':
        return [{ do: 'metadata', value: instruction[1], mask: instruction[2] }];
      case 'goto':
        return [{ do: 'goto', table: instruction[1] }];
    }
  });
}

function decodeActions(wire: readonly WireAction[]): Action[] {
  const actions: Action[] = [];
  for (let i = 0; i < wire.length; i++) {
    const action = wire[i];
    if (action === undefined) break;
    if (action[0] === 'pushVlan') {
      const next = wire[++i];
      if (next?.[0] !== 'set' || next[1] !== 'vlan_vid' || typeof next[2] !== 'number')
        throw fault('FLOW_INVALID', 'a tag without an id');
      actions.push({ do: 'pushVlan', vlan: next[2] - VLAN_PRESENT });
    } else actions.push(decodeAction(action));
  }
  return actions;
}

function decodeAction(wire: Exclude<WireAction, ['pushVlan']>): Action {
  switch (wire[0]) {
    case 'set': {
      const [, name, value] = wire;
      const field = narrowField(name);
      if (field !== undefined) return { do: 'set', field, value: readNarrow(field, value) };
      const wide = wideField(name);
      if (wide === undefined) throw fault('FLOW_INVALID', `set of ${name}`);
      return { do: 'setWide', field: wide, value: readWide(wide, value) };
    }
    case 'move': {
      const [, from, fromOffset, to, toOffset, length] = wire;
      const [wideFrom, wideTo] = [wideField(from), wideField(to)];
      if (wideFrom !== undefined && wideTo !== undefined && length === 128 && fromOffset === 0 && toOffset === 0)
        return { do: 'moveWide', from: wideFrom, to: wideTo };
      return { do: 'move', from: bitsOf(from, fromOffset, length), to: bitsOf(to, toOffset, length) };
    }
    case 'load': {
      const [, to, offset, length, value] = wire;
      return { do: 'load', to: bitsOf(to, offset, length), value };
    }
    case 'popVlan':
      return { do: 'popVlan' };
    case 'output':
      return { do: 'output', to: typeof wire[1] === 'number' ? { port: wire[1] } : wire[1] };
    case 'outputReg':
      return { do: 'output', to: { portFrom: bitsOf(wire[1], wire[2], wire[3]) } };
  }
}

function bitsOf(name: string, offset: number, length: number): Bits {
  const field = narrowField(name);
  if (field === undefined) throw fault('FLOW_INVALID', `bits of ${name}`);
  return { field, offset, length };
}
