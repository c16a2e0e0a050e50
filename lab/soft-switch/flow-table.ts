import type { Flow, FlowStats, Match } from '../../sdn-app/switch/flow-switch.js';
import { etherTypeOf } from '../../sdn-app/switch/flow-text.js';
import type { Headers } from './packet.js';

export interface Entry {
  readonly flow: Flow;
  packets: number;
}

/** Flows of one shape (same fields, same masks): a hash from the masked values to the entries, best first. */
interface Shape {
  readonly name: string;
  readonly keyOf: (headers: Headers) => string;
  readonly entries: Map<string, Entry[]>;
}

const MASKED = [
  'ipSrc',
  'ipDst',
  'udpSrc',
  'udpDst',
  'metadata',
  'ethSrc',
  'ethDst',
  'arpOp',
  'arpTpa',
  'icmp6Type',
] as const;
const WIDE = ['ip6Src', 'ip6Dst', 'ndTarget'] as const;

/** One part of a shape: what a packet has there, as the text or number that flows of the shape are found by. */
type Reader = (headers: Headers) => string | number;

/**
 * One table, searched as Open vSwitch does it: one hash look-up per shape of match, so that the number of vehicles does
 * not matter.
 */
export class FlowTable {
  readonly #shapes = new Map<string, Shape>();

  /** The flow of the highest priority that matches. */
  lookup(headers: Headers): Entry | undefined {
    let best: Entry | undefined;
    for (const shape of this.#shapes.values()) {
      const entry = shape.entries.get(shape.keyOf(headers))?.[0];
      if (entry !== undefined && (best === undefined || entry.flow.priority > best.flow.priority)) best = entry;
    }
    return best;
  }

  /** Adds, or replaces the flow of the same match and priority; its counter begins anew. */
  add(flow: Flow): void {
    const shape = this.#shapeOf(flow.match);
    const key = keyOfMatch(flow.match);
    const row = (shape.entries.get(key) ?? []).filter(entry => entry.flow.priority !== flow.priority);
    row.push({ flow, packets: 0 });
    shape.entries.set(
      key,
      row.sort((a, b) => b.flow.priority - a.flow.priority),
    );
  }

  delete(flow: Pick<Flow, 'priority' | 'match'>): void {
    const shape = this.#shapes.get(shapeName(flow.match));
    const key = keyOfMatch(flow.match);
    const row = shape?.entries.get(key);
    if (shape === undefined || row === undefined) return;
    const rest = row.filter(entry => entry.flow.priority !== flow.priority);
    if (rest.length > 0) shape.entries.set(key, rest);
    else shape.entries.delete(key);
    if (shape.entries.size === 0) this.#shapes.delete(shape.name);
  }

  *flows(): Generator<FlowStats> {
    for (const shape of this.#shapes.values())
      for (const row of shape.entries.values()) for (const { flow, packets } of row) yield { ...flow, packets };
  }

  #shapeOf(match: Match): Shape {
    const name = shapeName(match);
    const found = this.#shapes.get(name);
    if (found !== undefined) return found;
    const readers = readersOf(match);
    const shape: Shape = {
      name,
      entries: new Map(),
      keyOf: headers => {
        let key = '';
        for (const read of readers) key += `:${read(headers)}`;
        return key;
      },
    };
    this.#shapes.set(name, shape);
    return shape;
  }
}

/** What tells packets of one shape apart, in the order of {@link keyOfMatch}. */
function readersOf(match: Match): Reader[] {
  const readers: Reader[] = [];
  if (match.inPort !== undefined) readers.push(headers => headers.inPort);
  if (etherTypeOf(match) !== undefined) readers.push(headers => headers.etherType);
  if (match.vlan !== undefined) readers.push(headers => headers.vlan);
  if (match.ipProto !== undefined) readers.push(headers => headers.ipProto);
  if (match.fragment !== undefined) readers.push(headers => (headers.fragment ? 'yes' : 'no'));
  for (const field of MASKED) {
    const mask = match[field]?.mask;
    if (mask !== undefined) readers.push(headers => andMask(headers[field], mask));
  }
  for (const field of WIDE) {
    const mask = match[field]?.mask;
    if (mask !== undefined) readers.push(headers => andWide(headers[field], mask));
  }
  return readers;
}

const shapeName = (match: Match): string =>
  [
    match.inPort === undefined ? '' : 'port',
    etherTypeOf(match) === undefined ? '' : 'type',
    match.vlan === undefined ? '' : 'vlan',
    match.ipProto === undefined ? '' : 'proto',
    match.fragment === undefined ? '' : 'fragment',
    ...[...MASKED, ...WIDE].map(field => match[field]?.mask ?? ''),
  ].join(':');

const keyOfMatch = (match: Match): string =>
  [
    match.inPort,
    etherTypeOf(match),
    match.vlan === 'none' ? 0 : match.vlan,
    match.ipProto,
    match.fragment,
    ...[...MASKED, ...WIDE].map(field => match[field]?.value),
  ]
    .filter(part => part !== undefined)
    .map(part => `:${part}`)
    .join('');

const TWO_32 = 2 ** 32;

/** Bit-wise and of up to 53 bits: JavaScript's own takes 32. */
const andMask = (value: number, mask: number): number =>
  mask < TWO_32
    ? (value & mask) >>> 0
    : ((Math.floor(value / TWO_32) & Math.floor(mask / TWO_32)) >>> 0) * TWO_32 + ((value & mask) >>> 0);

const ALL_ONES = 'f'.repeat(32);

function andWide(value: string, mask: string): string {
  if (mask === ALL_ONES) return value;
  return (BigInt(`0x${value}`) & BigInt(`0x${mask}`)).toString(16).padStart(32, '0');
}
