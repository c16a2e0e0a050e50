/**
 * A switch as the app sees it: OpenFlow 1.3 with the Nicira moves of Open vSwitch, as data. Every value up to 48 bits is an
 * unsigned integer (an IPv4 address and a MAC address, too), so that matches, moves and registers speak of the same thing;
 * a 128-bit value is 32 lower-case hex digits. Adapters translate.
 */

/** Fields of a packet and of its way through the tables, with their width in bits. `metadata` uses 32 of OpenFlow's 64. */
export const FIELD_BITS = {
  inPort: 16,
  ethSrc: 48,
  ethDst: 48,
  ipSrc: 32,
  ipDst: 32,
  udpSrc: 16,
  udpDst: 16,
  /** ARP: operation, and the protocol and hardware addresses of sender and target. */
  arpOp: 16,
  arpSpa: 32,
  arpTpa: 32,
  arpSha: 48,
  arpTha: 48,
  /** Neighbour discovery (RFC 4861): link-layer address in the option of a solicitation and of an advertisement. */
  icmp6Type: 8,
  ndSll: 48,
  ndTll: 48,
  /** Open vSwitch's way to turn a solicitation into an advertisement: its flags, and the type of its option. */
  ndReserved: 32,
  ndOptionsType: 8,
  metadata: 32,
  reg0: 32,
  reg1: 32,
  reg2: 32,
  reg3: 32,
} as const;
export type Field = keyof typeof FIELD_BITS;

/** Fields of 128 bits; `wide1` is the register `xxreg1`. They are matched, set, and moved whole. */
export const WIDE_FIELDS = ['ip6Src', 'ip6Dst', 'ndTarget', 'wide1'] as const;
export type WideField = (typeof WIDE_FIELDS)[number];

/** `length` bits of a field from bit `offset` on, 0 being the lowest: NXM's `FIELD[offset..offset+length-1]`. */
export interface Bits {
  readonly field: Field;
  readonly offset: number;
  readonly length: number;
}

export interface Masked {
  readonly value: number;
  /** Bits that are compared; bits of `value` outside are 0. */
  readonly mask: number;
}

/** Like {@link Masked} for 128 bits: 32 lower-case hex digits each. */
export interface WideMasked {
  readonly value: string;
  readonly mask: string;
}

/**
 * Absent fields match anything. IPv4 is implied by an IPv4 address, IPv6 by a wide field, ARP by an ARP field; an `ipProto`
 * without any of them means IPv4 ({@link etherTypeOf}). A UDP port needs `ipProto: 17`, a field of neighbour discovery
 * `ipProto: 58`, and `fragment` a family.
 */
export interface Match {
  readonly inPort?: number;
  readonly etherType?: 'ipv4' | 'ipv6' | 'arp';
  readonly ethSrc?: Masked;
  readonly ethDst?: Masked;
  /** VLAN id of the tag, or a packet without one. */
  readonly vlan?: number | 'none';
  readonly ipProto?: number;
  readonly ipSrc?: Masked;
  readonly ipDst?: Masked;
  readonly ip6Src?: WideMasked;
  readonly ip6Dst?: WideMasked;
  readonly arpOp?: Masked;
  readonly arpTpa?: Masked;
  readonly icmp6Type?: Masked;
  readonly ndTarget?: WideMasked;
  readonly udpSrc?: Masked;
  readonly udpDst?: Masked;
  readonly metadata?: Masked;
  /** `nw_frag`: `yes` is any fragment, the first included. */
  readonly fragment?: 'yes' | 'no';
}

export type Output =
  | { readonly port: number }
  /** Back out of the port that it came in by; `{port}` delivers nothing there. */
  | 'IN_PORT'
  | 'CONTROLLER'
  /** Ordinary layer-2 forwarding. */
  | 'NORMAL'
  | { readonly portFrom: Bits };

/**
 * What a flow does, in OpenFlow's order: meter, then packet changes and outputs as they stand, then metadata, then goto.
 * No action at all drops.
 */
export type Action =
  | { readonly do: 'meter'; readonly meter: number }
  | { readonly do: 'set'; readonly field: Field; readonly value: number }
  | { readonly do: 'setWide'; readonly field: WideField; readonly value: string }
  | { readonly do: 'move'; readonly from: Bits; readonly to: Bits }
  | { readonly do: 'moveWide'; readonly from: WideField; readonly to: WideField }
  | { readonly do: 'load'; readonly to: Bits; readonly value: number }
  /** A tag (802.1Q, ethertype 0x8100) with this id. */
  | { readonly do: 'pushVlan'; readonly vlan: number }
  | { readonly do: 'popVlan' }
  | { readonly do: 'output'; readonly to: Output }
  | { readonly do: 'metadata'; readonly value: number; readonly mask: number }
  | { readonly do: 'goto'; readonly table: number };

export interface Flow {
  readonly table: number;
  readonly priority: number;
  /** Below 2^53. */
  readonly cookie: number;
  readonly match: Match;
  readonly actions: readonly Action[];
}

/** Flows whose cookie equals `cookie` in the bits of `mask`. */
export interface CookieSlice {
  readonly cookie: number;
  readonly mask: number;
}

/** A flow is known by table, priority and match. An add on the same three replaces (OFPFC_ADD), cookie included. */
export type FlowMod =
  | { readonly op: 'add'; readonly flow: Flow }
  | { readonly op: 'delete'; readonly flow: Pick<Flow, 'table' | 'priority' | 'match'> }
  | ({ readonly op: 'deleteSlice' } & CookieSlice);

export type MeterMod =
  /** Adds or changes; drops what is above `ratePerS` packets, bursts of as many are let through. */
  | { readonly op: 'set'; readonly meter: number; readonly ratePerS: number }
  | { readonly op: 'delete'; readonly meter: number };

/**
 * Ordered changes. The flow changes are one atomic bundle; Open vSwitch takes no meter into a bundle, so meters are set
 * before it and deleted after it.
 */
export interface Batch {
  readonly meters: readonly MeterMod[];
  readonly flows: readonly FlowMod[];
}

export interface FlowStats extends Flow {
  readonly packets: number;
}

/** Why a switch refused, as OFPErrorMsg names it. It is the `cause` of SWITCH_REFUSED. */
export interface SwitchRefusal {
  readonly type:
    | 'BAD_MATCH'
    | 'BAD_ACTION'
    | 'BAD_INSTRUCTION'
    | 'FLOW_MOD_FAILED'
    | 'METER_MOD_FAILED'
    | 'BAD_REQUEST'
    | 'ROLE_REQUEST_FAILED';
  readonly code: string;
  readonly detail: string;
}

/** The headers of a copied packet *after* all rewriting so far; what it was before is in the registers that flows moved it to. */
export interface PacketIn {
  readonly datapath: number;
  readonly inPort: number;
  readonly table: number;
  /** Of the flow that sent it to the controller. */
  readonly cookie: number;
  readonly metadata: number;
  readonly registers: readonly [number, number, number, number];
  /** The register `wide1`, where a flow of IPv6 keeps the first source address. */
  readonly wide1?: string;
  readonly packet: PacketHeaders;
}

/** Headers as far as they were understood; a soft switch has no Ethernet. */
export type PacketHeaders = {
  readonly ethSrc?: number;
  readonly ethDst?: number;
  readonly vlan?: number;
} & (
  | {
      readonly family?: 'ipv4';
      readonly ipSrc: number;
      readonly ipDst: number;
      readonly udpSrc: number;
      readonly udpDst: number;
    }
  | {
      readonly family: 'ipv6';
      readonly ip6Src: string;
      readonly ip6Dst: string;
      readonly udpSrc: number;
      readonly udpDst: number;
    }
  /** Neither UDP over IPv4 nor over IPv6. */
  | { readonly family: 'other' }
);

export type SwitchEvent =
  /** Connected; a switch that was restarted has no flows. */
  | { readonly type: 'up' }
  | { readonly type: 'down' }
  | ({ readonly type: 'packetIn' } & PacketIn)
  | { readonly type: 'portStatus'; readonly datapath: number; readonly port: number; readonly up: boolean };

/** What a switch can beyond OpenFlow 1.3; flows are made accordingly (DESIGN §5). */
export interface Abilities {
  /** A batch is one atomic bundle. Without: flow by flow in the order of the batch, then a barrier. */
  readonly bundles: boolean;
  /**
   * `move`, `load`, `moveWide` and `portFrom`, registers, `fragment`, and masks of UDP ports. Without: plain OpenFlow 1.3, and
   * the way back is set by the app.
   */
  readonly moves: boolean;
  /** Errors and barriers are reported. Without: `apply` reads back what it sent. */
  readonly errors: boolean;
  /** Copies arrive as packet-ins. */
  readonly packetIns: boolean;
}

/** One switch (datapath). */
export interface FlowSwitch extends AsyncDisposable {
  readonly datapath: number;
  readonly connected: boolean;
  /** Those of the switch that is (or was last) connected. */
  readonly abilities: Abilities;
  /**
   * Applies a batch and resolves once a barrier has confirmed it. Batches are applied in the order of the calls, also
   * when the caller does not wait. Rejects with SWITCH_REFUSED (cause: {@link SwitchRefusal}, no flow changed),
   * SWITCH_AWAY or DEADLINE (not known whether it was applied).
   */
  apply(batch: Batch): Promise<void>;
  /** Flows of one cookie slice with their packet counters, in no order. Rejects with SWITCH_AWAY or DEADLINE. */
  readFlows(slice: CookieSlice): Promise<readonly FlowStats[]>;
  /**
   * Takes the switch over for this term (OFPT_ROLE_REQUEST MASTER, generation id = term) and resolves once the switch has
   * agreed; controllers of a lower term are slaves from then on: their batches are refused with BAD_REQUEST/IS_SLAVE.
   * Rejects with SWITCH_REFUSED where a higher term has it, SWITCH_AWAY or DEADLINE. It holds over reconnects.
   */
  lead(term: number): Promise<void>;
  /** Calls `listener` with every event from now on; a switch that is connected already says `up` at once. Returns its end. */
  listen(listener: (event: SwitchEvent) => void): () => void;
}

const TWO_32 = 2 ** 32;

/** Whether a cookie is in a slice; cookies are wider than the 32 bits of JavaScript's own bit operators. */
export function inSlice(cookie: number, slice: CookieSlice): boolean {
  const high = (value: number): number => Math.floor(value / TWO_32);
  return (
    (((cookie >>> 0) ^ (slice.cookie >>> 0)) & (slice.mask >>> 0)) === 0 &&
    ((high(cookie) ^ high(slice.cookie)) & high(slice.mask)) === 0
  );
}
