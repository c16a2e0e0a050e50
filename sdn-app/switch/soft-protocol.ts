import { z } from 'zod';
import { FIELD_BITS, WIDE_FIELDS, type Field } from './flow-switch.js';

/**
 * The control channel of a soft switch: JSON lines over TCP. The app sends requests, each answered once in their order;
 * an answer to a batch is its barrier. The switch begins with `hello` and sends `packetIn` and `portStatus` as they come.
 */
const uint = z.int().min(0);
const field = z.enum(Object.keys(FIELD_BITS) as [Field, ...Field[]]);
const bits = z.strictObject({ field, offset: uint, length: uint });
const masked = z.strictObject({ value: uint, mask: uint });
const wide = z.string().regex(/^[0-9a-f]{32}$/);
const wideField = z.enum(WIDE_FIELDS);
const wideMasked = z.strictObject({ value: wide, mask: wide });
const match = z.strictObject({
  inPort: uint.optional(),
  etherType: z.enum(['ipv4', 'ipv6', 'arp']).optional(),
  ethSrc: masked.optional(),
  ethDst: masked.optional(),
  vlan: z.union([uint, z.literal('none')]).optional(),
  ipProto: uint.optional(),
  ipSrc: masked.optional(),
  ipDst: masked.optional(),
  ip6Src: wideMasked.optional(),
  ip6Dst: wideMasked.optional(),
  arpOp: masked.optional(),
  arpTpa: masked.optional(),
  icmp6Type: masked.optional(),
  ndTarget: wideMasked.optional(),
  udpSrc: masked.optional(),
  udpDst: masked.optional(),
  metadata: masked.optional(),
  fragment: z.enum(['yes', 'no']).optional(),
});
const action = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('meter'), meter: uint }),
  z.strictObject({ do: z.literal('set'), field, value: uint }),
  z.strictObject({ do: z.literal('setWide'), field: wideField, value: wide }),
  z.strictObject({ do: z.literal('move'), from: bits, to: bits }),
  z.strictObject({ do: z.literal('moveWide'), from: wideField, to: wideField }),
  z.strictObject({ do: z.literal('load'), to: bits, value: uint }),
  z.strictObject({ do: z.literal('pushVlan'), vlan: uint }),
  z.strictObject({ do: z.literal('popVlan') }),
  z.strictObject({
    do: z.literal('output'),
    to: z.union([
      z.enum(['IN_PORT', 'CONTROLLER', 'NORMAL']),
      z.strictObject({ port: uint }),
      z.strictObject({ portFrom: bits }),
    ]),
  }),
  z.strictObject({ do: z.literal('metadata'), value: uint, mask: uint }),
  z.strictObject({ do: z.literal('goto'), table: uint }),
]);
const flowName = z.strictObject({ table: uint, priority: uint, match });
const flow = z.strictObject({ ...flowName.shape, cookie: uint, actions: z.array(action) });
const slice = { cookie: uint, mask: uint };

const batch = z.strictObject({
  meters: z.array(
    z.discriminatedUnion('op', [
      z.strictObject({ op: z.literal('set'), meter: uint, ratePerS: z.number() }),
      z.strictObject({ op: z.literal('delete'), meter: uint }),
    ]),
  ),
  flows: z.array(
    z.discriminatedUnion('op', [
      z.strictObject({ op: z.literal('add'), flow }),
      z.strictObject({ op: z.literal('delete'), flow: flowName }),
      z.strictObject({ op: z.literal('deleteSlice'), ...slice }),
    ]),
  ),
});

export const softRequest = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('batch'), id: uint, batch }),
  z.strictObject({ op: z.literal('flows'), id: uint, ...slice }),
  /** Makes this connection the master, and a master before it a slave; refused where a higher term has led. */
  z.strictObject({ op: z.literal('lead'), id: uint, term: uint }),
  /** Pulls or plugs the cable of a port: for the lab. */
  z.strictObject({ op: z.literal('port'), id: uint, port: uint, up: z.boolean() }),
]);
export type SoftRequest = z.infer<typeof softRequest>;

const refusal = z.object({
  type: z.enum([
    'BAD_MATCH',
    'BAD_ACTION',
    'BAD_INSTRUCTION',
    'FLOW_MOD_FAILED',
    'METER_MOD_FAILED',
    'BAD_REQUEST',
    'ROLE_REQUEST_FAILED',
  ]),
  code: z.string(),
  detail: z.string(),
});

const macs = { ethSrc: uint.optional(), ethDst: uint.optional(), vlan: uint.optional() };
const headers = z.union([
  z.object({
    ...macs,
    family: z.literal('ipv4').optional(),
    ipSrc: uint,
    udpSrc: uint,
    ipDst: uint,
    udpDst: uint,
  }),
  z.object({ ...macs, family: z.literal('ipv6'), ip6Src: wide, udpSrc: uint, ip6Dst: wide, udpDst: uint }),
  z.object({ ...macs, family: z.literal('other') }),
]);

export const softMessage = z.discriminatedUnion('type', [
  z.object({ type: z.literal('hello'), datapath: uint }),
  z.object({ type: z.literal('done'), id: uint }),
  z.object({ type: z.literal('flows'), id: uint, flows: z.array(flow.extend({ packets: uint })) }),
  /** Without an id: the line was not a request. */
  z.object({ type: z.literal('refused'), id: uint.optional(), refusal }),
  z.object({
    type: z.literal('packetIn'),
    datapath: uint,
    inPort: uint,
    table: uint,
    cookie: uint,
    metadata: uint,
    registers: z.tuple([uint, uint, uint, uint]),
    wide1: wide.optional(),
    packet: headers,
  }),
  z.object({ type: z.literal('portStatus'), datapath: uint, port: uint, up: z.boolean() }),
]);
export type SoftMessage = z.infer<typeof softMessage>;
