import { fault } from '../../../protocol/errors.js';
import { FIELD_BITS, WIDE_FIELDS, type Action, type Bits, type Field, type WideField } from '../flow-switch.js';
import { hexAt, uintAt, type Writer } from './bytes.js';
import { VLAN_PRESENT } from './match.js';
import { OXM, fieldAt, headerAt, writeHeader, type OxmField } from './oxm.js';

/** Actions to and from struct ofp_action_… (OpenFlow 1.3.5 §7.2.4) and Nicira's nx_action_… (ovs-actions(7)). */
const TYPE = { output: 0, pushVlan: 17, popVlan: 18, setField: 25, experimenter: 0xffff } as const;
const NICIRA = 0x00002320;
const NXAST = { regMove: 6, regLoad: 7, outputReg: 15 } as const;
export const PORT = { IN_PORT: 0xfffffff8, NORMAL: 0xfffffffa, CONTROLLER: 0xfffffffd } as const;
const PORT_NAMES = new Map<number, keyof typeof PORT>(
  (Object.keys(PORT) as (keyof typeof PORT)[]).map(name => [PORT[name], name]),
);
/** The whole packet, and no buffer of it (OFPCML_NO_BUFFER). */
const NO_BUFFER = 0xffff;
const VLAN_ETHERTYPE = 0x8100;

type Applied = Exclude<Action, { do: 'meter' | 'metadata' | 'goto' }>;

/** One action of an instruction; a tag with its id is two. */
export function writeAction(to: Writer, action: Applied): void {
  switch (action.do) {
    case 'set':
      return writeSet(to, action.field, () => to.uint(action.value, OXM[action.field].bytes));
    case 'setWide':
      return writeSet(to, action.field, () => to.hex(action.value));
    case 'move':
      return writeMove(to, action.from, action.to);
    case 'moveWide':
      return writeMove(to, wholly(action.from), wholly(action.to));
    case 'load':
      nicira(to, NXAST.regLoad);
      to.u16(rangeOf(action.to));
      writeHeader(to, action.to.field);
      return to.uint(action.value, 8);
    case 'pushVlan':
      to.u16(TYPE.pushVlan);
      to.u16(8);
      to.u16(VLAN_ETHERTYPE);
      to.zeros(2);
      return writeSet(to, 'vlan', () => to.u16(VLAN_PRESENT + action.vlan));
    case 'popVlan':
      to.u16(TYPE.popVlan);
      to.u16(8);
      return to.zeros(4);
    case 'output': {
      const { to: out } = action;
      if (typeof out === 'object' && 'portFrom' in out) return writeOutputReg(to, out.portFrom);
      to.u16(TYPE.output);
      to.u16(16);
      to.u32(typeof out === 'string' ? PORT[out] : out.port);
      to.u16(NO_BUFFER);
      return to.zeros(6);
    }
  }
}

const wholly = (field: WideField) => ({ field, offset: 0, length: 128 });

/** Nicira's `ofs_nbits`: first bit, and number of bits less one. */
const rangeOf = ({ offset, length }: Bits): number => offset * 64 + length - 1;

function nicira(to: Writer, subtype: number): void {
  to.u16(TYPE.experimenter);
  to.u16(24);
  to.u32(NICIRA);
  to.u16(subtype);
}

function writeSet(to: Writer, field: OxmField, writeValue: () => void): void {
  const from = to.length;
  to.u16(TYPE.setField);
  to.u16(0);
  writeHeader(to, field);
  writeValue();
  to.pad(from);
  to.lengthAt(from + 2, from);
}

type AnyBits = Omit<Bits, 'field'> & { readonly field: Field | WideField };

function writeMove(to: Writer, source: AnyBits, target: AnyBits): void {
  nicira(to, NXAST.regMove);
  to.u16(source.length);
  to.u16(source.offset);
  to.u16(target.offset);
  writeHeader(to, source.field);
  writeHeader(to, target.field);
}

function writeOutputReg(to: Writer, bits: Bits): void {
  nicira(to, NXAST.outputReg);
  to.u16(rangeOf(bits));
  writeHeader(to, bits.field);
  to.u16(NO_BUFFER);
  to.zeros(6);
}

/** The actions from `at` to `end`. FLOW_INVALID where one is nothing that flows can say. */
export function actionsAt(view: DataView, at: number, end: number): Action[] {
  const actions: Action[] = [];
  let tagged = false;
  for (let place = at; place < end; place += view.getUint16(place + 2)) {
    const type = view.getUint16(place);
    if (view.getUint16(place + 2) < 8) throw fault('FLOW_INVALID', `action ${type}`);
    if (tagged) actions.push(tagAt(view, place));
    else if (type !== TYPE.pushVlan) actions.push(actionAt(view, place, type));
    else if (view.getUint16(place + 4) !== VLAN_ETHERTYPE) throw fault('FLOW_INVALID', 'a tag of another type');
    tagged = !tagged && type === TYPE.pushVlan;
  }
  if (tagged) throw fault('FLOW_INVALID', 'a tag without an id');
  return actions;
}

/** The id that follows a new tag. */
function tagAt(view: DataView, at: number): Action {
  if (view.getUint16(at) !== TYPE.setField || fieldAt(view, at + 4) !== 'vlan')
    throw fault('FLOW_INVALID', 'a tag without an id');
  return { do: 'pushVlan', vlan: view.getUint16(at + 8) - VLAN_PRESENT };
}

function actionAt(view: DataView, at: number, type: number): Action {
  switch (type) {
    case TYPE.setField:
      return setAt(view, at);
    case TYPE.output:
      return { do: 'output', to: outputAt(view, at) };
    case TYPE.popVlan:
      return { do: 'popVlan' };
    case TYPE.experimenter:
      return niciraAt(view, at);
    default:
      throw fault('FLOW_INVALID', `action ${type}`);
  }
}

function outputAt(view: DataView, at: number): 'IN_PORT' | 'CONTROLLER' | 'NORMAL' | { readonly port: number } {
  const port = view.getUint32(at + 4);
  const name = PORT_NAMES.get(port);
  if (name !== undefined) return name;
  if (port > 0xffff) throw fault('FLOW_INVALID', `output ${port.toString(16)}`);
  return { port };
}

const isNarrow = (field: OxmField): field is Field => Object.hasOwn(FIELD_BITS, field);
const isWide = (field: OxmField): field is WideField => (WIDE_FIELDS as readonly string[]).includes(field);

function setAt(view: DataView, at: number): Action {
  const header = headerAt(view, at + 4);
  if (header !== undefined && !header.masked) {
    const { field, bytes } = header;
    if (isWide(field)) return { do: 'setWide', field, value: hexAt(view, at + 8, bytes) };
    const value = uintAt(view, at + 8, bytes);
    if (isNarrow(field) && value < 2 ** FIELD_BITS[field]) return { do: 'set', field, value };
  }
  throw fault('FLOW_INVALID', `set of ${view.getUint32(at + 4).toString(16)}`);
}

function niciraAt(view: DataView, at: number): Action {
  const subtype = view.getUint32(at + 4) === NICIRA ? view.getUint16(at + 8) : undefined;
  switch (subtype) {
    case NXAST.regMove:
      return moveAt(view, at);
    case NXAST.regLoad:
      return { do: 'load', to: bitsAt(view, at), value: uintAt(view, at + 16, 8) };
    case NXAST.outputReg:
      return { do: 'output', to: { portFrom: bitsAt(view, at) } };
    default:
      throw fault('FLOW_INVALID', `action ${view.getUint16(at + 8)} of ${view.getUint32(at + 4).toString(16)}`);
  }
}

/** Range and field, as `load` and the output to a port of a register have them. */
function bitsAt(view: DataView, at: number): Bits {
  const range = view.getUint16(at + 10);
  return narrowBits(fieldAt(view, at + 12), range >> 6, (range & 0x3f) + 1);
}

function moveAt(view: DataView, at: number): Action {
  const [length, fromOffset, toOffset] = [10, 12, 14].map(place => view.getUint16(at + place)) as [
    number,
    number,
    number,
  ];
  const [from, to] = [fieldAt(view, at + 16), fieldAt(view, at + 20)];
  if (isWide(from) && isWide(to) && length === 128 && fromOffset === 0 && toOffset === 0)
    return { do: 'moveWide', from, to };
  return { do: 'move', from: narrowBits(from, fromOffset, length), to: narrowBits(to, toOffset, length) };
}

function narrowBits(field: OxmField, offset: number, length: number): Bits {
  if (!isNarrow(field)) throw fault('FLOW_INVALID', `bits of ${field}`);
  return { field, offset, length };
}
