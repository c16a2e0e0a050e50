import { FIELD_BITS, type Batch, type Flow, type Match, type MeterMod, type SwitchRefusal } from '../flow-switch.js';
import { refuseBatch } from '../batch-check.js';
import { VLAN_PRESENT, encodeFlow, encodeMatch } from './encode.js';
import type { WireAction, WireMatch } from './wire.js';

/**
 * Flows for the stock `ofctl_rest` of Ryu 4.34. Its bodies are read by Python's `literal_eval`: numbers, text, lists and
 * objects only, since `true`, `false` and `null` would be an error. It logs and forgets a match field or an action that it
 * does not know, so that the flow would match everything, or drop: nothing leaves here that it does not know.
 */
export type Body = { readonly [key: string]: number | string | readonly string[] | readonly Body[] | Body };

/** Ryu's own fields of OpenFlow 1.3; registers and what Open vSwitch added are not among them. */
const SETTABLE = new Set([
  ...['eth_src', 'eth_dst', 'vlan_vid', 'ipv4_src', 'ipv4_dst', 'udp_src', 'udp_dst', 'metadata'],
  ...['arp_op', 'arp_spa', 'arp_tpa', 'arp_sha', 'arp_tha'],
  ...['ipv6_src', 'ipv6_dst', 'icmpv6_type', 'ipv6_nd_target', 'ipv6_nd_sll', 'ipv6_nd_tll'],
]);

const no = (type: SwitchRefusal['type'], code: string, detail: string): SwitchRefusal => ({ type, code, detail });

/** What is refused here, because `ofctl_rest` would never tell that the switch did. */
export function refusePlainBatch(batch: Batch): SwitchRefusal | undefined {
  const found = refuseBatch(batch);
  if (found !== undefined) return found;
  for (const mod of batch.flows) {
    if (mod.op === 'deleteSlice') continue;
    const refusal = refusePlainMatch(mod.flow.match) ?? (mod.op === 'add' ? refusePlainActions(mod.flow) : undefined);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function refusePlainMatch(match: Match): SwitchRefusal | undefined {
  if (match.fragment !== undefined) return no('BAD_MATCH', 'BAD_FIELD', 'ofctl_rest knows no fragments');
  for (const field of ['udpSrc', 'udpDst', 'arpOp', 'icmp6Type'] as const) {
    const mask = match[field]?.mask;
    if (mask !== undefined && mask !== 2 ** FIELD_BITS[field] - 1)
      return no('BAD_MATCH', 'BAD_MASK', `ofctl_rest takes no mask of ${field}`);
  }
  return undefined;
}

function refusePlainActions(flow: Flow): SwitchRefusal | undefined {
  for (const instruction of encodeFlow(flow).instructions) {
    if (instruction[0] !== 'apply') continue;
    for (const action of instruction[1])
      if (['move', 'load', 'outputReg'].includes(action[0]) || (action[0] === 'set' && !SETTABLE.has(action[1])))
        return no('BAD_ACTION', 'BAD_TYPE', `ofctl_rest knows no ${action[0]} ${String(action[1] ?? '')}`);
  }
  return undefined;
}

export function plainMatch(match: Match): Body {
  const wire: WireMatch = encodeMatch(match);
  return Object.fromEntries(
    Object.entries(wire).map(([name, value]) => {
      if (name === 'vlan_vid') return [name, plainVlan(Number(value))];
      return [name, Array.isArray(value) ? `${value[0]}/${value[1]}` : (value as number | string)];
    }),
  );
}

/** A number is an id, to which the bit for "there is a tag" is added; text in hex is taken as it is. */
const plainVlan = (vid: number): number | string => (vid === 0 ? '0x0000' : vid - VLAN_PRESENT);

/** Body of `flowentry/add`. Its `actions` take instructions, too; an `instructions` of its own would be ignored. */
export function plainFlow(datapath: number, flow: Flow): Body {
  const { table, priority, cookie, match } = flow;
  const actions = encodeFlow(flow).instructions.flatMap((instruction): Body[] => {
    switch (instruction[0]) {
      case 'meter':
        return [{ type: 'METER', meter_id: instruction[1] }];
      case 'apply':
        return instruction[1].map(plainAction);
      case 'metadata':
        return [{ type: 'WRITE_METADATA', metadata: instruction[1], metadata_mask: instruction[2] }];
      case 'goto':
        return [{ type: 'GOTO_TABLE', table_id: instruction[1] }];
    }
  });
  return { dpid: datapath, table_id: table, priority, cookie, match: plainMatch(match), actions };
}

function plainAction(wire: WireAction): Body {
  switch (wire[0]) {
    case 'set':
      return { type: 'SET_FIELD', field: wire[1], value: wire[2] };
    case 'output':
      return { type: 'OUTPUT', port: wire[1] };
    case 'pushVlan':
      return { type: 'PUSH_VLAN', ethertype: 0x8100 };
    case 'popVlan':
      return { type: 'POP_VLAN' };
    case 'move':
    case 'load':
    case 'outputReg':
      throw new Error(`${wire[0]} was not refused`);
  }
}

/** A command of `ofctl_rest`: path below `/stats/`, and body. */
export interface Command {
  readonly path: string;
  readonly body: Body;
}

const ALL_TABLES = 0xff;

/** In the order of the batch, as one OpenFlow connection keeps it: meters that are set, flows, meters that go. */
export function plainCommands(datapath: number, batch: Batch): Command[] {
  const flows = batch.flows.map((mod): Command => {
    if (mod.op === 'add') return { path: 'flowentry/add', body: plainFlow(datapath, mod.flow) };
    if (mod.op === 'delete') {
      const { table, priority, match } = mod.flow;
      const body = { dpid: datapath, table_id: table, priority, match: plainMatch(match) };
      return { path: 'flowentry/delete_strict', body };
    }
    const body = { dpid: datapath, table_id: ALL_TABLES, cookie: mod.cookie, cookie_mask: mod.mask, match: {} };
    return { path: 'flowentry/delete', body };
  });
  const meters = (op: MeterMod['op']): Command[] =>
    batch.meters.filter(mod => mod.op === op).flatMap(mod => plainMeter(datapath, mod));
  return [...meters('set'), ...flows, ...meters('delete')];
}

/** Nobody tells whether a meter is there: one that is keeps its rate with `add`, one that is not has it by then. */
function plainMeter(datapath: number, mod: MeterMod): Command[] {
  if (mod.op === 'delete') return [{ path: 'meterentry/delete', body: { dpid: datapath, meter_id: mod.meter } }];
  const bands = [{ type: 'DROP', rate: mod.ratePerS, burst_size: mod.ratePerS }];
  const body: Body = { dpid: datapath, meter_id: mod.meter, flags: ['PKTPS', 'BURST'], bands };
  return ['meterentry/add', 'meterentry/modify'].map(path => ({ path, body }));
}
