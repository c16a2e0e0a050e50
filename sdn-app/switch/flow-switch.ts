/**
 * A switch as the app sees it: OpenFlow 1.3 with the Nicira moves of Open vSwitch, as data. Every value is an unsigned
 * integer (an IPv4 address, too), so that matches, moves and registers speak of the same thing. Adapters translate.
 */

/** Fields of a packet and of its way through the tables, with their width in bits. `metadata` uses 32 of OpenFlow's 64. */
export const FIELD_BITS = {
  inPort: 16,
  ipSrc: 32,
  ipDst: 32,
  udpSrc: 16,
  udpDst: 16,
  metadata: 32,
  reg0: 32,
  reg1: 32,
  reg2: 32,
} as const;
export type Field = keyof typeof FIELD_BITS;

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

/** Absent fields match anything. IPv4 is implied by an address or protocol, UDP (`ipProto: 17`) by a UDP port. */
export interface Match {
  readonly inPort?: number;
  readonly ipProto?: number;
  readonly ipSrc?: Masked;
  readonly ipDst?: Masked;
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
  | { readonly do: 'move'; readonly from: Bits; readonly to: Bits }
  | { readonly do: 'load'; readonly to: Bits; readonly value: number }
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
    'BAD_MATCH' | 'BAD_ACTION' | 'BAD_INSTRUCTION' | 'FLOW_MOD_FAILED' | 'METER_MOD_FAILED' | 'BAD_REQUEST';
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
  readonly registers: readonly [number, number, number];
  readonly packet: { readonly ipSrc: number; readonly udpSrc: number; readonly ipDst: number; readonly udpDst: number };
}

export type SwitchEvent =
  /** Connected; a switch that was restarted has no flows. */
  | { readonly type: 'up' }
  | { readonly type: 'down' }
  | ({ readonly type: 'packetIn' } & PacketIn)
  | { readonly type: 'portStatus'; readonly datapath: number; readonly port: number; readonly up: boolean };

export interface FlowSwitch extends AsyncDisposable {
  readonly connected: boolean;
  /**
   * Applies a batch and resolves once a barrier has confirmed it. Batches are applied in the order of the calls, also
   * when the caller does not wait. Rejects with SWITCH_REFUSED (cause: {@link SwitchRefusal}, no flow changed),
   * SWITCH_AWAY or DEADLINE (not known whether it was applied).
   */
  apply(batch: Batch): Promise<void>;
  /** Flows of one cookie slice with their packet counters, in no order. Rejects with SWITCH_AWAY or DEADLINE. */
  readFlows(slice: CookieSlice): Promise<readonly FlowStats[]>;
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

const MATCH_FIELDS = ['inPort', 'ipProto', 'ipSrc', 'ipDst', 'udpSrc', 'udpDst', 'metadata', 'fragment'] as const;

/** Text that is the same for two flows exactly when a switch takes them for the same flow. */
export function flowKey(flow: Pick<Flow, 'table' | 'priority' | 'match'>): string {
  const parts = MATCH_FIELDS.map(name => {
    const part = flow.match[name];
    return part === undefined ? '' : typeof part === 'object' ? `${part.value}/${part.mask}` : String(part);
  });
  return `${flow.table}:${flow.priority}:${parts.join(':')}`;
}

const bitsText = ({ field, offset, length }: Bits): string => `${field}[${offset}+${length}]`;

/** Text that is the same for two action lists exactly when they do the same, however their objects were made. */
export function actionsText(actions: readonly Action[]): string {
  return actions.map(actionText).join(',');
}

function actionText(action: Action): string {
  switch (action.do) {
    case 'meter':
      return `meter:${action.meter}`;
    case 'set':
      return `set:${action.field}=${action.value}`;
    case 'move':
      return `move:${bitsText(action.from)}->${bitsText(action.to)}`;
    case 'load':
      return `load:${action.value}->${bitsText(action.to)}`;
    case 'metadata':
      return `metadata:${action.value}/${action.mask}`;
    case 'goto':
      return `goto:${action.table}`;
    case 'output': {
      const { to } = action;
      return `output:${typeof to === 'string' ? to : 'port' in to ? to.port : bitsText(to.portFrom)}`;
    }
  }
}
