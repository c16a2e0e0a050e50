import type { CookieSlice, Flow, FlowMod, MeterMod } from '../flow-switch.js';
import { Writer } from './bytes.js';
import { writeInstructions } from './instructions.js';
import { writeMatch } from './match.js';

/** What a controller says to a switch (OpenFlow 1.3.5 §7; bundles: ONF extension 230). Each function writes one whole message. */

export const VERSION = 4;
export const TYPE = {
  hello: 0,
  error: 1,
  echoRequest: 2,
  echoReply: 3,
  experimenter: 4,
  featuresRequest: 5,
  featuresReply: 6,
  setConfig: 9,
  packetIn: 10,
  portStatus: 12,
  flowMod: 14,
  multipartRequest: 18,
  multipartReply: 19,
  barrierRequest: 20,
  barrierReply: 21,
  roleRequest: 24,
  roleReply: 25,
  meterMod: 29,
} as const;
export const MULTIPART = { flow: 1, portDescription: 13 } as const;
export const HEADER_BYTES = 8;

const ONF = 0x4f4e4600;
const BUNDLE = { control: 2300, add: 2301 } as const;
export const BUNDLE_STEP = { open: 0, commit: 4, discard: 6 } as const;
/** Of ONF_BUNDLE_CONTROL: the others are answers to these, one higher. */
export type BundleStep = keyof typeof BUNDLE_STEP;
const ATOMIC_AND_ORDERED = 3;

const COMMAND = { add: 0, delete: 3, deleteStrict: 4 } as const;
const ALL_TABLES = 0xff;
/** OFP_NO_BUFFER, OFPP_ANY and OFPG_ANY. */
const ANY = 0xffffffff;
const METER = { add: 0, modify: 1, delete: 2 } as const;
/** OFPMF_PKTPS | OFPMF_BURST. */
const PACKETS_AND_BURST = 6;
const DROP_BAND = 1;
const MASTER = 2;
/** OFPCML_MAX: so much of a packet, of which none is kept in a buffer by Open vSwitch. */
const LENGTH_MAX = 0xffe5;

export type Write = (to: Writer, xid: number) => void;

function message(to: Writer, type: number, xid: number, body: (to: Writer) => void): void {
  const from = to.length;
  to.u8(VERSION);
  to.u8(type);
  to.u16(0);
  to.u32(xid);
  body(to);
  to.lengthAt(from + 2, from);
}

const nothing = (): void => undefined;

/** With the bitmap of versions: 1.3 and no other. */
export const hello: Write = (to, xid) =>
  message(to, TYPE.hello, xid, () => {
    to.u16(1);
    to.u16(8);
    to.u32(1 << VERSION);
  });
export const echoRequest: Write = (to, xid) => message(to, TYPE.echoRequest, xid, nothing);
export const featuresRequest: Write = (to, xid) => message(to, TYPE.featuresRequest, xid, nothing);
export const barrier: Write = (to, xid) => message(to, TYPE.barrierRequest, xid, nothing);

export const echoReply =
  (data: Uint8Array): Write =>
  (to, xid) =>
    message(to, TYPE.echoReply, xid, () => to.raw(data));

/** Fragments as they are; Open vSwitch tells who came to it (ptcp) nothing unasked before it was sent a length for copies. */
export const setConfig: Write = (to, xid) =>
  message(to, TYPE.setConfig, xid, () => {
    to.u16(0);
    to.u16(LENGTH_MAX);
  });

/** BAD_REQUEST, BAD_LEN: what came is no message of OpenFlow 1.3, and nothing after it is read. */
export const unreadable: Write = (to, xid) =>
  message(to, TYPE.error, xid, () => {
    to.u16(1);
    to.u16(6);
  });

const multipart = (to: Writer, kind: number, xid: number, body: (to: Writer) => void): void =>
  message(to, TYPE.multipartRequest, xid, () => {
    to.u16(kind);
    to.u16(0);
    to.zeros(4);
    body(to);
  });

export const portsRequest: Write = (to, xid) => multipart(to, MULTIPART.portDescription, xid, nothing);

export const flowsRequest =
  ({ cookie, mask }: CookieSlice): Write =>
  (to, xid) =>
    multipart(to, MULTIPART.flow, xid, () => {
      to.u8(ALL_TABLES);
      to.zeros(3);
      to.u32(ANY);
      to.u32(ANY);
      to.zeros(4);
      to.uint(cookie, 8);
      to.uint(mask, 8);
      writeMatch(to, {});
    });

/** Generation id = term. */
export const leadRequest =
  (term: number): Write =>
  (to, xid) =>
    message(to, TYPE.roleRequest, xid, () => {
      to.u32(MASTER);
      to.zeros(4);
      to.uint(term, 8);
    });

interface FlowModRow extends CookieSlice {
  readonly command: number;
  readonly table: number;
  readonly priority: number;
  readonly match: Flow['match'];
  readonly actions: Flow['actions'];
}

function rowOf(mod: FlowMod): FlowModRow {
  if (mod.op === 'deleteSlice') {
    const { cookie, mask } = mod;
    return { command: COMMAND.delete, table: ALL_TABLES, priority: 0, cookie, mask, match: {}, actions: [] };
  }
  if (mod.op === 'add') return { command: COMMAND.add, mask: 0, ...mod.flow };
  return { command: COMMAND.deleteStrict, cookie: 0, mask: 0, actions: [], ...mod.flow };
}

export const flowMod = (mod: FlowMod): Write => {
  const { command, table, priority, cookie, mask, match, actions } = rowOf(mod);
  return (to, xid) =>
    message(to, TYPE.flowMod, xid, () => {
      to.uint(cookie, 8);
      to.uint(mask, 8);
      to.u8(table);
      to.u8(command);
      to.zeros(4);
      to.u16(priority);
      to.u32(ANY);
      to.u32(ANY);
      to.u32(ANY);
      to.zeros(4);
      writeMatch(to, match);
      writeInstructions(to, actions);
    });
};

function meterMessage(command: number, meter: number, ratePerS: number | undefined): Write {
  return (to, xid) =>
    message(to, TYPE.meterMod, xid, () => {
      to.u16(command);
      to.u16(PACKETS_AND_BURST);
      to.u32(meter);
      if (ratePerS === undefined) return;
      to.u16(DROP_BAND);
      to.u16(16);
      to.u32(ratePerS);
      to.u32(ratePerS);
      to.zeros(4);
    });
}

/** To set one is to add, then to modify it: whichever the switch has, one of the two takes effect, and no answer is waited for. */
export const meterMods = (mod: MeterMod): readonly Write[] =>
  mod.op === 'delete'
    ? [meterMessage(METER.delete, mod.meter, undefined)]
    : [METER.add, METER.modify].map(command => meterMessage(command, mod.meter, mod.ratePerS));

function experimenter(to: Writer, xid: number, type: number, bundle: number, body: (to: Writer) => void): void {
  message(to, TYPE.experimenter, xid, () => {
    to.u32(ONF);
    to.u32(type);
    to.u32(bundle);
    body(to);
  });
}

export const bundleControl =
  (step: BundleStep, bundle: number): Write =>
  (to, xid) =>
    experimenter(to, xid, BUNDLE.control, bundle, () => {
      to.u16(BUNDLE_STEP[step]);
      to.u16(ATOMIC_AND_ORDERED);
    });

/** The message in it has the same xid. */
export const bundleAdd =
  (bundle: number, inner: Write): Write =>
  (to, xid) =>
    experimenter(to, xid, BUNDLE.add, bundle, () => {
      to.zeros(2);
      to.u16(ATOMIC_AND_ORDERED);
      inner(to, xid);
    });

/** One message alone. */
export function bytesOf(write: Write, xid: number): Uint8Array {
  const to = new Writer(64);
  write(to, xid);
  return to.bytes;
}
