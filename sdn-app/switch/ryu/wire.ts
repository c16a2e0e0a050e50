import { z } from 'zod';

/**
 * What sdn-app and our Ryu app say to one another: JSON messages over one WebSocket, `ws://…/edgetwin/v1`. A flow is
 * OpenFlow 1.3 as Ryu's parser takes it (names of OXM fields and of the Nicira extensions), so that the Ryu app translates
 * and never decides. Requests are answered once each, in the order in which their barriers come back.
 */
const uint = z.int().min(0);

/** As `OFPMatch(**match)` takes it: numbers, addresses as text, `[value, mask]` where masked. */
const scalar = z.union([uint, z.string()]);
export const wireMatch = z.record(z.string(), z.union([scalar, z.tuple([scalar, scalar])]));
export type WireMatch = z.infer<typeof wireMatch>;

export const wireAction = z.union([
  /** OFPActionSetField. */
  z.tuple([z.literal('set'), z.string(), scalar]),
  /** NXActionRegMove: from, its offset, to, its offset, bits. */
  z.tuple([z.literal('move'), z.string(), uint, z.string(), uint, uint]),
  /** NXActionRegLoad: to, offset, bits, value. */
  z.tuple([z.literal('load'), z.string(), uint, uint, uint]),
  /** OFPActionOutput; OFPP_IN_PORT, OFPP_CONTROLLER, OFPP_NORMAL by name. */
  z.tuple([z.literal('output'), z.union([uint, z.enum(['IN_PORT', 'CONTROLLER', 'NORMAL'])])]),
  /** NXActionOutputReg: field, offset, bits. */
  z.tuple([z.literal('outputReg'), z.string(), uint, uint]),
  /** OFPActionPushVlan (0x8100) and OFPActionPopVlan. */
  z.tuple([z.literal('pushVlan')]),
  z.tuple([z.literal('popVlan')]),
]);
export type WireAction = z.infer<typeof wireAction>;

export const wireInstruction = z.union([
  z.tuple([z.literal('meter'), uint]),
  z.tuple([z.literal('apply'), z.array(wireAction)]),
  /** Value and mask. */
  z.tuple([z.literal('metadata'), uint, uint]),
  z.tuple([z.literal('goto'), uint]),
]);
export type WireInstruction = z.infer<typeof wireInstruction>;

export const wireFlow = z.strictObject({
  table: uint,
  priority: uint,
  /** Below 2^53, as a number. */
  cookie: uint,
  match: wireMatch,
  instructions: z.array(wireInstruction),
  /** OFPFF_SEND_FLOW_REM: a `flowRemoved` once the flow is gone. */
  tellRemoved: z.literal(true).optional(),
});
export type WireFlow = z.infer<typeof wireFlow>;

export const wireMod = z.discriminatedUnion('op', [
  z.strictObject({ op: z.literal('add'), flow: wireFlow }),
  /** OFPFC_DELETE_STRICT. */
  z.strictObject({ op: z.literal('deleteStrict'), table: uint, priority: uint, match: wireMatch }),
  /** OFPFC_DELETE of all tables by cookie. */
  z.strictObject({ op: z.literal('deleteCookie'), cookie: uint, mask: uint }),
  /** OFPMC_ADD, OFPMC_MODIFY where it is there: KBPS no, PKTPS, one drop band of `ratePerS` with as many as burst. */
  z.strictObject({ op: z.literal('meter'), meter: uint, ratePerS: uint }),
  z.strictObject({ op: z.literal('deleteMeter'), meter: uint }),
]);
export type WireMod = z.infer<typeof wireMod>;

export const ryuRequest = z.discriminatedUnion('op', [
  /**
   * `before` (meters), then `bundle` as one atomic, ordered ONF bundle (with `bundles: false` in its abilities: one by one),
   * then `after` (meters), then a barrier. `done` once the barrier is back, or `refused` with every error that belongs to it.
   */
  z.strictObject({
    op: z.literal('batch'),
    id: uint,
    datapath: uint,
    before: z.array(wireMod),
    bundle: z.array(wireMod),
    after: z.array(wireMod),
  }),
  /** Flow statistics of all tables by cookie and mask → `flows`, perhaps in several messages; the last has `more: false`. */
  z.strictObject({ op: z.literal('flows'), id: uint, datapath: uint, cookie: uint, mask: uint }),
  /** OFPT_ROLE_REQUEST MASTER with this generation id. */
  z.strictObject({ op: z.literal('lead'), id: uint, datapath: uint, term: uint }),
]);
export type RyuRequest = z.infer<typeof ryuRequest>;

const switchError = z.object({
  /** OFPET_… and OFPxxx_… with Ryu's numbers and names without prefix, e.g. BAD_MATCH (4), BAD_PREREQ (9). */
  type: uint,
  code: uint,
  typeName: z.string(),
  codeName: z.string(),
  /** Which mod it was, in the order before, bundle, after; absent where it was the bundle's commit or not known. */
  index: uint.optional(),
});
export type WireSwitchError = z.infer<typeof switchError>;

export const ryuMessage = z.discriminatedUnion('type', [
  /** First message of a connection. */
  z.object({ type: z.literal('hello'), version: z.literal(1), datapaths: z.array(uint) }),
  /** A switch connected and its features were read; told again for each that is there when the WebSocket opens. */
  z.object({ type: z.literal('up'), datapath: uint, bundles: z.boolean(), moves: z.boolean() }),
  z.object({ type: z.literal('down'), datapath: uint }),
  z.object({ type: z.literal('done'), id: uint }),
  /** `errors` is empty where the request itself was wrong: then `detail` says what. */
  z.object({ type: z.literal('refused'), id: uint.optional(), errors: z.array(switchError), detail: z.string() }),
  /** The switch is not connected (or hung up before the barrier). */
  z.object({ type: z.literal('away'), id: uint, detail: z.string() }),
  z.object({
    type: z.literal('flows'),
    id: uint,
    flows: z.array(wireFlow.extend({ packets: uint })),
    /** Flows that were left out: they use what the wire has no words for, so they are not ours. */
    foreign: uint.optional(),
    more: z.boolean(),
  }),
  z.object({
    type: z.literal('packetIn'),
    datapath: uint,
    inPort: uint,
    table: uint,
    cookie: uint,
    metadata: uint,
    /** reg0 to reg7, 0 where the switch sent none. */
    registers: z.array(uint).length(8),
    /** The frame's first 128 bytes, hex. */
    data: z.string(),
    /** Packet-ins that this client missed since the one before, because it read too slowly. */
    dropped: uint.optional(),
  }),
  z.object({ type: z.literal('portStatus'), datapath: uint, port: uint, up: z.boolean() }),
  z.object({
    type: z.literal('flowRemoved'),
    datapath: uint,
    table: uint,
    priority: uint,
    cookie: uint,
    packets: uint,
  }),
]);
export type RyuMessage = z.infer<typeof ryuMessage>;
