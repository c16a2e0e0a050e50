import type { Flow, FlowStats, Masked, Match } from '../../sdn-app/switch/flow-switch.js';

/** A packet on its way through the tables; metadata and registers begin at 0. */
export interface Headers {
  inPort: number;
  ipProto: number;
  fragment: boolean;
  ipSrc: number;
  ipDst: number;
  /** 0 where the packet is not UDP. */
  udpSrc: number;
  udpDst: number;
  metadata: number;
  reg0: number;
  reg1: number;
  reg2: number;
}

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

const MASKED = ['ipSrc', 'ipDst', 'udpSrc', 'udpDst', 'metadata'] as const;
const masked = (part: Masked | undefined): number => (part === undefined ? 0 : part.mask >>> 0);

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
    const masks = MASKED.filter(field => match[field] !== undefined).map(
      field => [field, masked(match[field])] as const,
    );
    const { inPort, ipProto, fragment } = match;
    const shape: Shape = {
      name,
      entries: new Map(),
      keyOf: headers => {
        let key = inPort === undefined ? '' : String(headers.inPort);
        key += ipProto === undefined ? ':' : `:${headers.ipProto}`;
        key += fragment === undefined ? ':' : headers.fragment ? ':yes' : ':no';
        for (const [field, mask] of masks) key += `:${(headers[field] & mask) >>> 0}`;
        return key;
      },
    };
    this.#shapes.set(name, shape);
    return shape;
  }
}

const shapeName = (match: Match): string =>
  [
    match.inPort === undefined ? '' : 'port',
    match.ipProto === undefined ? '' : 'proto',
    match.fragment === undefined ? '' : 'fragment',
    ...MASKED.map(field => masked(match[field])),
  ].join(':');

const keyOfMatch = (match: Match): string =>
  [
    match.inPort ?? '',
    match.ipProto ?? '',
    match.fragment ?? '',
    ...MASKED.flatMap(field => (match[field] === undefined ? [] : [match[field].value])),
  ].join(':');
