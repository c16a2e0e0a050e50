import {
  FIELD_BITS,
  type Action,
  type Bits,
  type Field,
  type FlowStats,
  type Masked,
  type Match,
  type WideField,
  type WideMasked,
} from '../switch/flow-switch.js';

/**
 * Where a packet goes by the flows that a switch holds, pure: enough of OpenFlow to explain our own flows to a person. It
 * changes nothing and counts nothing; that a switch does the same is the business of the contract suite.
 */
export interface TracePacket {
  readonly family: 'ipv4' | 'ipv6';
  readonly inPort: number;
  /** Id of its tag; absent without one. */
  readonly vlan?: number;
  readonly fields: Readonly<Partial<Record<Field, number>>>;
  /** 32 hex digits each. */
  readonly wide: Readonly<Partial<Record<WideField, string>>>;
}

export interface TraceStep {
  readonly table: number;
  /** Absent where nothing matched. */
  readonly flow?: FlowStats;
  /** In the order in which it happened. */
  readonly actions: readonly Action[];
}

export interface TraceOutput {
  readonly to: number | 'CONTROLLER' | 'NORMAL';
  readonly packet: TracePacket;
}

export interface Walk {
  readonly steps: readonly TraceStep[];
  readonly outputs: readonly TraceOutput[];
}

const UDP = 17;
/** Our tables only lead forward; this ends what a foreign flow might make of it. */
const STEPS_MAX = 16;

/** Walks a UDP datagram that is no fragment through the tables, from table 0 on. */
export function walk(flows: readonly FlowStats[], packet: TracePacket): Walk {
  const steps: TraceStep[] = [];
  const outputs: TraceOutput[] = [];
  let now = packet;
  for (let table: number | undefined = 0; table !== undefined && steps.length < STEPS_MAX;) {
    const at: number = table;
    const flow = flows
      .filter(row => row.table === at && matches(row.match, now))
      .reduce<FlowStats | undefined>(
        (best, row) => (best === undefined || row.priority > best.priority ? row : best),
        undefined,
      );
    steps.push({ table: at, actions: flow?.actions ?? [], ...(flow === undefined ? {} : { flow }) });
    table = undefined;
    for (const action of flow?.actions ?? []) {
      if (action.do === 'goto') table = action.table;
      else if (action.do === 'output') outputs.push({ to: target(action.to, now), packet: now });
      else now = changed(now, action);
    }
  }
  return { steps, outputs };
}

type OutputOf = Extract<Action, { do: 'output' }>['to'];

function target(to: OutputOf, packet: TracePacket): TraceOutput['to'] {
  if (to === 'IN_PORT') return packet.inPort;
  if (typeof to === 'string') return to;
  return 'port' in to ? to.port : Number(readBits(packet, to.portFrom));
}

function changed(packet: TracePacket, action: Action): TracePacket {
  const fields = (changes: Partial<Record<Field, number>>): TracePacket => ({
    ...packet,
    fields: { ...packet.fields, ...changes },
  });
  const wide = (field: WideField, value: string): TracePacket => ({
    ...packet,
    wide: { ...packet.wide, [field]: value },
  });
  switch (action.do) {
    case 'set':
      return fields({ [action.field]: action.value });
    case 'move':
      return fields({ [action.to.field]: written(packet, action.to, readBits(packet, action.from)) });
    case 'load':
      return fields({ [action.to.field]: written(packet, action.to, BigInt(action.value)) });
    case 'metadata': {
      const mask = BigInt(action.mask);
      const old = BigInt(packet.fields.metadata ?? 0);
      return fields({ metadata: Number((old & ~mask) | (BigInt(action.value) & mask)) });
    }
    case 'setWide':
      return wide(action.field, action.value);
    case 'moveWide':
      return wide(action.to, packet.wide[action.from] ?? ZERO);
    case 'pushVlan':
      return { ...packet, vlan: action.vlan };
    case 'popVlan': {
      const { vlan: _vlan, ...rest } = packet;
      return rest;
    }
    case 'meter':
    case 'output':
    case 'goto':
      return packet;
  }
}

const ZERO = '0'.repeat(32);
const ones = (length: number): bigint => (1n << BigInt(length)) - 1n;
const value = (packet: TracePacket, field: Field): bigint =>
  BigInt(field === 'inPort' ? packet.inPort : (packet.fields[field] ?? 0));

const readBits = (packet: TracePacket, { field, offset, length }: Bits): bigint =>
  (value(packet, field) >> BigInt(offset)) & ones(length);

function written(packet: TracePacket, { field, offset, length }: Bits, bits: bigint): number {
  const hole = ones(FIELD_BITS[field]) & ~(ones(length) << BigInt(offset));
  return Number((value(packet, field) & hole) | ((bits & ones(length)) << BigInt(offset)));
}

/** Fields of ARP and neighbour discovery: a UDP datagram has none of them. */
const OF_OTHERS = ['arpOp', 'arpTpa', 'icmp6Type', 'ndTarget'] as const;
const V4 = ['ipSrc', 'ipDst'] as const;
const V6 = ['ip6Src', 'ip6Dst'] as const;
const ANY = ['ethSrc', 'ethDst', 'udpSrc', 'udpDst', 'metadata'] as const;

function matches(match: Match, packet: TracePacket): boolean {
  const { family, vlan } = packet;
  const narrow = (name: (typeof V4 | typeof ANY)[number]): boolean => fits(match[name], value(packet, name));
  if (match.inPort !== undefined && match.inPort !== packet.inPort) return false;
  if (match.fragment === 'yes' || OF_OTHERS.some(name => match[name] !== undefined)) return false;
  if (match.etherType !== undefined && match.etherType !== family) return false;
  if (match.vlan !== undefined && match.vlan !== (vlan ?? 'none')) return false;
  if (match.ipProto !== undefined && match.ipProto !== UDP) return false;
  if (family === 'ipv6' && V4.some(name => match[name] !== undefined)) return false;
  if (family === 'ipv4' && V6.some(name => match[name] !== undefined)) return false;
  // an IP protocol alone means IPv4
  if (
    family === 'ipv6' &&
    match.ipProto !== undefined &&
    match.etherType !== 'ipv6' &&
    V6.every(name => match[name] === undefined)
  )
    return false;
  return [...V4, ...ANY].every(narrow) && V6.every(name => fitsWide(match[name], packet.wide[name] ?? ZERO));
}

const fits = (masked: Masked | undefined, found: bigint): boolean =>
  masked === undefined || (found & BigInt(masked.mask)) === BigInt(masked.value);

const fitsWide = (masked: WideMasked | undefined, found: string): boolean =>
  masked === undefined || (BigInt(`0x${found}`) & BigInt(`0x${masked.mask}`)) === BigInt(`0x${masked.value}`);
