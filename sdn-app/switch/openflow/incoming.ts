import { codeOf } from '../../../common/errors.js';
import { fault } from '../../../protocol/errors.js';
import type { FlowStats, PacketIn } from '../flow-switch.js';
import { readPacket } from '../packet.js';
import { uintAt, viewOf } from './bytes.js';
import { EXPERIMENTER, type ErrorNumbers } from './error-names.js';
import { instructionsAt } from './instructions.js';
import { matchAt, matchEnd } from './match.js';
import { HEADER_BYTES, MULTIPART, TYPE, VERSION } from './messages.js';
import { headerAt, wideWordAt } from './oxm.js';

export interface PortState {
  /** Below OFPP_MAX; the switch's own port is none of them. */
  readonly port: number;
  readonly up: boolean;
}

/** What a switch says (OpenFlow 1.3.5 §7), as far as it is of interest here. */
export type Incoming = { readonly xid: number } & (
  | { readonly type: 'hello'; readonly version: number }
  | ({ readonly type: 'error' } & { readonly error: ErrorNumbers })
  | { readonly type: 'echoRequest'; readonly data: Uint8Array }
  | { readonly type: 'features'; readonly datapath: number }
  | { readonly type: 'packetIn'; readonly copy: Omit<PacketIn, 'datapath'> }
  | ({ readonly type: 'portStatus' } & PortState)
  | { readonly type: 'ports'; readonly ports: readonly PortState[]; readonly more: boolean }
  | { readonly type: 'flows'; readonly flows: readonly FlowStats[]; readonly foreign: number; readonly more: boolean }
  | { readonly type: 'barrier' }
  | { readonly type: 'role' }
  | { readonly type: 'other' }
);

const SAFE = 2 ** 53;
const TWO_32 = 2 ** 32;
const PORT_MAX = 0xffffff00;
const DELETED = 1;
/** OFPPC_PORT_DOWN, OFPPS_LINK_DOWN. */
const CONFIG_DOWN = 1;
const LINK_DOWN = 1;
const PORT_BYTES = 64;
const FLOW_BYTES = 48;
const REGISTERS = ['reg0', 'reg1', 'reg2', 'reg3'] as const;

/**
 * One whole message. Throws a RangeError or a fault where it is not what its type says: nothing that comes after it on the
 * same connection can be relied on.
 */
export function readMessage(bytes: Uint8Array): Incoming {
  const view = viewOf(bytes);
  const [version, type, xid] = [view.getUint8(0), view.getUint8(1), view.getUint32(4)];
  if (type === TYPE.hello) return { xid, type: 'hello', version };
  if (type === TYPE.error) return { xid, type: 'error', error: errorAt(view) };
  if (version !== VERSION) throw fault('FLOW_INVALID', `a message of version ${version}`);
  switch (type) {
    case TYPE.echoRequest:
      return { xid, type: 'echoRequest', data: bytes.subarray(HEADER_BYTES) };
    case TYPE.featuresReply:
      // the upper 16 bits are the maker's; those that are larger are no number of ours
      return { xid, type: 'features', datapath: uintAt(view, 8, 8) };
    case TYPE.packetIn:
      return { xid, type: 'packetIn', copy: packetIn(bytes, view) };
    case TYPE.portStatus: {
      const { port, up } = portAt(view, 16);
      const real = port < PORT_MAX;
      return real ? { xid, type: 'portStatus', port, up: up && view.getUint8(8) !== DELETED } : { xid, type: 'other' };
    }
    case TYPE.multipartReply:
      return multipart(view, xid);
    case TYPE.barrierReply:
      return { xid, type: 'barrier' };
    case TYPE.roleReply:
      return { xid, type: 'role' };
    default:
      return { xid, type: 'other' };
  }
}

function errorAt(view: DataView): ErrorNumbers {
  const [type, code] = [view.getUint16(8), view.getUint16(10)];
  return type === EXPERIMENTER ? { type, code, experimenter: view.getUint32(12) } : { type, code };
}

function portAt(view: DataView, at: number): PortState {
  const up = (view.getUint32(at + 32) & CONFIG_DOWN) === 0 && (view.getUint32(at + 36) & LINK_DOWN) === 0;
  return { port: view.getUint32(at), up };
}

/** A cookie that is none of ours is told as 0, which is none, either. */
function cookieAt(view: DataView, at: number): number {
  const cookie = uintAt(view, at, 8);
  return cookie < SAFE ? cookie : 0;
}

function packetIn(bytes: Uint8Array, view: DataView): Omit<PacketIn, 'datapath'> {
  const from = HEADER_BYTES + 16;
  const { fields, end } = matchEnd(view, from);
  const found = { inPort: 0, metadata: 0, reg0: 0, reg1: 0, reg2: 0, reg3: 0 };
  const words = [0, 0, 0, 0];
  for (let at = from + 4; at < fields; at += 4 + view.getUint8(at + 3)) {
    const word = wideWordAt(view, at);
    if (word !== undefined) words[word] = view.getUint32(at + 4);
    const header = headerAt(view, at);
    if (header === undefined || header.masked || !Object.hasOwn(found, header.field)) continue;
    // of 64 bits, ours are the low 32
    found[header.field as keyof typeof found] = uintAt(view, at + 4, header.bytes) % TWO_32;
  }
  const wide1 = words.map(word => word.toString(16).padStart(8, '0')).join('');
  const { inPort, metadata } = found;
  const [reg0, reg1, reg2, reg3] = REGISTERS.map(name => found[name]) as [number, number, number, number];
  return {
    inPort,
    table: view.getUint8(HEADER_BYTES + 7),
    cookie: cookieAt(view, HEADER_BYTES + 8),
    metadata,
    registers: [reg0, reg1, reg2, reg3],
    ...(words.every(word => word === 0) ? {} : { wide1 }),
    // two bytes, so that the addresses in the frame stand where a processor likes them
    packet: readPacket(bytes.subarray(end + 2)),
  };
}

function multipart(view: DataView, xid: number): Incoming {
  const [kind, more] = [view.getUint16(8), (view.getUint16(10) & 1) === 1];
  const from = HEADER_BYTES + 8;
  if (kind === MULTIPART.flow) return { xid, type: 'flows', ...flowsAt(view, from), more };
  if (kind !== MULTIPART.portDescription) return { xid, type: 'other' };
  const ports: PortState[] = [];
  for (let at = from; at < view.byteLength; at += PORT_BYTES) ports.push(portAt(view, at));
  return { xid, type: 'ports', ports: ports.filter(({ port }) => port < PORT_MAX), more };
}

function flowsAt(view: DataView, from: number): { flows: FlowStats[]; foreign: number } {
  const flows: FlowStats[] = [];
  let foreign = 0;
  for (let at = from; at < view.byteLength;) {
    const length = view.getUint16(at);
    if (length < FLOW_BYTES + 8) throw fault('FLOW_INVALID', `a flow of ${length} bytes`);
    const found = flowAt(view, at, at + length);
    if (found === undefined) foreign++;
    else flows.push(found);
    at += length;
  }
  return { flows, foreign };
}

/** struct ofp_flow_stats; `undefined` where it says what flows cannot say. */
function flowAt(view: DataView, at: number, end: number): FlowStats | undefined {
  const cookie = uintAt(view, at + 24, 8);
  if (cookie >= SAFE) return undefined;
  try {
    const match = matchAt(view, at + FLOW_BYTES);
    const actions = instructionsAt(view, matchEnd(view, at + FLOW_BYTES).end, end);
    const packets = Math.min(uintAt(view, at + 32, 8), SAFE - 1);
    return { table: view.getUint8(at + 2), priority: view.getUint16(at + 12), cookie, match, actions, packets };
  } catch (error) {
    if (codeOf(error) !== 'FLOW_INVALID') throw error;
    return undefined;
  }
}
