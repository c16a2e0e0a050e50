import { refuseFlow } from '../../sdn-app/switch/flow-check.js';
import {
  inSlice,
  type Action,
  type Batch,
  type CookieSlice,
  type FlowStats,
  type Output,
  type PacketHeaders,
  type PacketIn,
  type SwitchRefusal,
} from '../../sdn-app/switch/flow-switch.js';
import { FlowTable, type Entry } from './flow-table.js';
import { Meter } from './meter.js';
import { headersOf, readBits, writeBits, type Headers, type Packet } from './packet.js';

export type { Packet };

const UDP = 17;

/** Where a packet comes out, and how it looks there. */
export interface Delivery {
  readonly port: number | 'NORMAL';
  readonly packet: Readonly<Headers>;
}

export interface Processed {
  readonly outputs: readonly Delivery[];
  readonly packetIns: readonly PacketIn[];
}

/** Flows, meters and counters of one switch. {@link process} and {@link applyBatch} change it in place, and nothing else does. */
export interface SwitchState {
  readonly datapath: number;
  readonly tables: Map<number, FlowTable>;
  readonly meters: Map<number, Meter>;
  readonly downPorts: Set<number>;
}

export const createSwitch = (datapath: number): SwitchState => ({
  datapath,
  tables: new Map(),
  meters: new Map(),
  downPorts: new Set(),
});

/** Sends one packet through the tables, from table 0 on; no matching flow drops it (OpenFlow 1.3 §5.4). */
export function process(state: SwitchState, packet: Packet, nowMs: number): Processed {
  const outputs: Delivery[] = [];
  const packetIns: PacketIn[] = [];
  if (state.downPorts.has(packet.inPort)) return { outputs, packetIns };
  const headers = headersOf(packet);
  let table: number | undefined = 0;
  while (table !== undefined) {
    const entry: Entry | undefined = state.tables.get(table)?.lookup(headers);
    table = undefined;
    if (entry === undefined) break;
    entry.packets++;
    for (const action of entry.flow.actions) {
      if (action.do === 'meter' && state.meters.get(action.meter)?.take(nowMs) === false) return { outputs, packetIns };
      if (action.do === 'goto') table = action.table;
      else if (action.do === 'output') deliver(state, headers, action.to, entry, outputs, packetIns);
      else change(headers, action);
    }
  }
  return { outputs, packetIns };
}

function deliver(
  state: SwitchState,
  headers: Headers,
  to: Output,
  { flow }: Entry,
  outputs: Delivery[],
  packetIns: PacketIn[],
): void {
  const { inPort, metadata, reg0, reg1, reg2, reg3, wide1 } = headers;
  if (to === 'CONTROLLER') {
    packetIns.push({
      datapath: state.datapath,
      inPort,
      table: flow.table,
      cookie: flow.cookie,
      metadata,
      registers: [reg0, reg1, reg2, reg3],
      ...(/^0*$/.test(wide1) ? {} : { wide1 }),
      packet: shownHeaders(headers),
    });
    return;
  }
  const packet = { ...headers };
  if (to === 'NORMAL') {
    outputs.push({ port: 'NORMAL', packet });
    return;
  }
  const port = to === 'IN_PORT' ? inPort : 'port' in to ? to.port : readBits(headers, to.portFrom);
  // OpenFlow 1.3 §5.12: a packet leaves by the port it came in only where IN_PORT says so
  if ((port === inPort && to !== 'IN_PORT') || state.downPorts.has(port)) return;
  outputs.push({ port, packet });
}

/** What a controller sees of a packet. Frames without MAC addresses show none. */
function shownHeaders(headers: Headers): PacketHeaders {
  const { ethSrc, ethDst, vlan, etherType, ipProto, ipSrc, ipDst, ip6Src, ip6Dst, udpSrc, udpDst } = headers;
  const ethernet = {
    ...(ethSrc === 0 ? {} : { ethSrc }),
    ...(ethDst === 0 ? {} : { ethDst }),
    ...(vlan === 0 ? {} : { vlan }),
  };
  if (ipProto !== UDP || (etherType !== 'ipv4' && etherType !== 'ipv6')) return { ...ethernet, family: 'other' };
  return etherType === 'ipv4'
    ? { ...ethernet, ipSrc, udpSrc, ipDst, udpDst }
    : { ...ethernet, family: 'ipv6', ip6Src, udpSrc, ip6Dst, udpDst };
}

function change(headers: Headers, action: Exclude<Action, { do: 'goto' | 'output' }>): void {
  switch (action.do) {
    case 'set':
      headers[action.field] = action.value;
      break;
    case 'setWide':
      headers[action.field] = action.value;
      break;
    case 'moveWide':
      headers[action.to] = headers[action.from];
      break;
    case 'pushVlan':
      headers.vlan = action.vlan;
      break;
    case 'popVlan':
      headers.vlan = 0;
      break;
    case 'move':
      writeBits(headers, action.to, readBits(headers, action.from));
      break;
    case 'load':
      writeBits(headers, action.to, action.value);
      break;
    case 'metadata':
      headers.metadata = ((headers.metadata & ~action.mask) | (action.value & action.mask)) >>> 0;
      break;
    case 'meter':
      break;
  }
}

/** Applies a batch whole or not at all; the refusal where it cannot be applied. It is in force when this returns: a barrier. */
export function applyBatch(state: SwitchState, batch: Batch): SwitchRefusal | undefined {
  const meters = new Set(state.meters.keys());
  for (const mod of batch.meters) {
    if (mod.op === 'set' && !(mod.ratePerS > 0))
      return { type: 'METER_MOD_FAILED', code: 'BAD_RATE', detail: String(mod.ratePerS) };
    if (mod.op === 'set') meters.add(mod.meter);
  }
  for (const mod of batch.flows) {
    if (mod.op !== 'add') continue;
    const refusal = refuseFlow(mod.flow);
    if (refusal !== undefined) return refusal;
    for (const action of mod.flow.actions)
      if (action.do === 'meter' && !meters.has(action.meter))
        return { type: 'METER_MOD_FAILED', code: 'UNKNOWN_METER', detail: String(action.meter) };
  }
  for (const mod of batch.meters)
    if (mod.op === 'set' && state.meters.get(mod.meter)?.ratePerS !== mod.ratePerS)
      state.meters.set(mod.meter, new Meter(mod.ratePerS));
  for (const mod of batch.flows) {
    if (mod.op === 'add') tableOf(state, mod.flow.table).add(mod.flow);
    else if (mod.op === 'delete') state.tables.get(mod.flow.table)?.delete(mod.flow);
    else for (const flow of readFlows(state, mod)) state.tables.get(flow.table)?.delete(flow);
  }
  for (const mod of batch.meters) if (mod.op === 'delete') deleteMeter(state, mod.meter);
  return undefined;
}

/** OpenFlow 1.3 §6.2: flows that use a deleted meter go with it. */
function deleteMeter(state: SwitchState, meter: number): void {
  if (!state.meters.delete(meter)) return;
  for (const flow of readFlows(state, { cookie: 0, mask: 0 }))
    if (flow.actions.some(action => action.do === 'meter' && action.meter === meter))
      state.tables.get(flow.table)?.delete(flow);
}

export function readFlows(state: SwitchState, slice: CookieSlice): FlowStats[] {
  const found: FlowStats[] = [];
  for (const table of state.tables.values())
    for (const flow of table.flows()) if (inSlice(flow.cookie, slice)) found.push(flow);
  return found;
}

function tableOf(state: SwitchState, id: number): FlowTable {
  const found = state.tables.get(id) ?? new FlowTable();
  state.tables.set(id, found);
  return found;
}
