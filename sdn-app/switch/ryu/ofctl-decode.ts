import { z } from 'zod';
import { fault } from '../../../protocol/errors.js';
import type { FlowStats } from '../flow-switch.js';
import { decodeFlow } from './decode.js';
import { VLAN_PRESENT } from './encode.js';
import type { WireAction, WireInstruction, WireMatch } from './wire.js';

/** What `ofctl_rest` of Ryu 4.34 answers: names of OpenFlow 1.0, and actions as text. */
const count = z.number().min(0);
const numberOrName = z.union([z.int(), z.string()]);

export const flowRow = z.object({
  table_id: numberOrName,
  priority: z.int(),
  cookie: z.number(),
  packet_count: count,
  match: z.record(z.string(), z.union([z.number(), z.string()])),
  /** An object is something of OpenFlow that flows do not have (WRITE_ACTIONS). */
  actions: z.array(z.union([z.string(), z.record(z.string(), z.unknown())])),
});
export type FlowRow = z.infer<typeof flowRow>;

export const aggregateRow = z.object({ flow_count: count });
export const portRow = z.object({
  port_no: numberOrName,
  rx_packets: count,
  tx_packets: count,
  rx_bytes: count,
  tx_bytes: count,
  rx_dropped: count,
  tx_dropped: count,
  rx_errors: count,
  tx_errors: count,
  duration_sec: count,
});
export const portDescRow = z.object({ port_no: numberOrName, state: z.int() });
export const meterRow = z.object({
  meter_id: numberOrName,
  flow_count: count,
  packet_in_count: count,
  band_stats: z.array(z.object({ packet_band_count: count })),
});
export const tableRow = z.object({
  table_id: numberOrName,
  active_count: count,
  lookup_count: count,
  matched_count: count,
});

const NAMES: Readonly<Record<string, string>> = {
  dl_src: 'eth_src',
  dl_dst: 'eth_dst',
  dl_type: 'eth_type',
  dl_vlan: 'vlan_vid',
  nw_src: 'ipv4_src',
  nw_dst: 'ipv4_dst',
  nw_proto: 'ip_proto',
};
const UDP = 17;
const SAFE = 2 ** 53;

/** Throws FLOW_INVALID where it is no flow of ours. */
export function readFlowRow(row: FlowRow): FlowStats {
  const { table_id: table, priority, cookie, packet_count: packets } = row;
  if (typeof table !== 'number' || cookie >= SAFE) throw fault('FLOW_INVALID', `table ${table}, cookie ${cookie}`);
  const instructions = readActions(row.actions);
  return { ...decodeFlow({ table, priority, cookie, match: wireMatch(row.match), instructions }), packets };
}

function wireMatch(match: FlowRow['match']): WireMatch {
  const wire: WireMatch = {};
  for (const [name, value] of Object.entries(match)) {
    if (name === 'dl_vlan') wire['vlan_vid'] = readVlan(value);
    else if (name === 'tp_src' || name === 'tp_dst') {
      // the same names stand for the ports of TCP
      if (match['nw_proto'] !== UDP) throw fault('FLOW_INVALID', `${name} of protocol ${match['nw_proto']}`);
      wire[name === 'tp_src' ? 'udp_src' : 'udp_dst'] = readValue(value);
    } else wire[NAMES[name] ?? name] = readValue(value);
  }
  return wire;
}

/** Decimal is an id without the bit for "there is a tag"; anything else has it, or is no tag. */
function readVlan(value: number | string): WireMatch[string] {
  const text = String(value);
  return /^\d+$/.test(text) ? Number(text) + VLAN_PRESENT : readValue(text);
}

function readValue(value: number | string): WireMatch[string] {
  if (typeof value === 'number') return value;
  const [first = '', mask] = value.split('/');
  return mask === undefined ? scalar(first) : [scalar(first), scalar(mask)];
}

const scalar = (text: string): number | string => (/^(0x[0-9a-f]+|\d+)$/i.test(text) ? Number(text) : text);

const ACTION = /^(OUTPUT|SET_FIELD|PUSH_VLAN|POP_VLAN|GOTO_TABLE|WRITE_METADATA|METER)(?::\s*(.*))?$/;
const FIELD = /^\{([a-z0-9_]+):(.*)\}$/;
const WRITTEN = /^(0x[0-9a-f]+)(?:\/(0x[0-9a-f]+))?$/;
const OUTPUTS = ['IN_PORT', 'CONTROLLER', 'NORMAL'] as const;

function readActions(actions: FlowRow['actions']): WireInstruction[] {
  const applied: WireAction[] = [];
  const meters: WireInstruction[] = [];
  const after: WireInstruction[] = [];
  for (const text of actions) {
    const [, kind, rest = ''] = (typeof text === 'string' ? ACTION.exec(text) : null) ?? [];
    const number = Number(rest === '' ? Number.NaN : rest);
    const written = kind === 'WRITE_METADATA' ? WRITTEN.exec(rest) : null;
    if (kind === 'OUTPUT') applied.push(['output', readOutput(rest)]);
    else if (kind === 'SET_FIELD') applied.push(readSet(rest));
    else if (kind === 'PUSH_VLAN' && number === 0x8100) applied.push(['pushVlan']);
    else if (kind === 'POP_VLAN') applied.push(['popVlan']);
    else if (kind === 'METER' && number > 0) meters.push(['meter', number]);
    else if (kind === 'GOTO_TABLE' && number >= 0) after.push(['goto', number]);
    else if (written?.[2] !== undefined) after.unshift(['metadata', Number(written[1]), Number(written[2])]);
    else throw fault('FLOW_INVALID', `action ${JSON.stringify(text)}`);
  }
  return [...meters, ...(applied.length === 0 ? [] : [['apply', applied] satisfies WireInstruction]), ...after];
}

function readOutput(text: string): Extract<WireAction, ['output', unknown]>[1] {
  const name = OUTPUTS.find(each => each === text);
  if (name !== undefined) return name;
  if (!/^\d+$/.test(text)) throw fault('FLOW_INVALID', `output ${text}`);
  return Number(text);
}

function readSet(text: string): WireAction {
  const [, field, value] = FIELD.exec(text) ?? [];
  if (field === undefined || value === undefined) throw fault('FLOW_INVALID', `set ${text}`);
  return ['set', field, scalar(value)];
}
