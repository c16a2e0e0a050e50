import fc from 'fast-check';
import { refuseFlow } from '../../sdn-app/switch/flow-check.js';
import {
  FIELD_BITS,
  type Action,
  type Field,
  type Flow,
  type Masked,
  type Match,
  type WideField,
  type WideMasked,
} from '../../sdn-app/switch/flow-switch.js';
import { etherTypeOf } from '../../sdn-app/switch/flow-text.js';

/** Flows that can be installed, of every kind that there is: families, masks, tags, moves, outputs. */

const hex = (digits: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...'0123456789abcdef'), { minLength: digits, maxLength: digits }).map(all => all.join(''));
export const arbitraryWide = hex(32);

const uint = (bits: number): fc.Arbitrary<number> =>
  bits <= 53 ? fc.integer({ min: 0, max: 2 ** bits - 1 }) : fc.constant(0);
const and = (a: number, b: number): number => Number(BigInt(a) & BigInt(b));

const masked = (field: Field): fc.Arbitrary<Masked> => {
  const whole = 2 ** FIELD_BITS[field] - 1;
  const mask = fc.oneof(
    { weight: 3, arbitrary: fc.constant(whole) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: whole }) },
  );
  return fc.tuple(uint(FIELD_BITS[field]), mask).map(([value, bits]) => ({ value: and(value, bits), mask: bits }));
};
const wideMasked: fc.Arbitrary<WideMasked> = fc
  .tuple(
    arbitraryWide,
    fc.oneof(
      fc.constant('f'.repeat(32)),
      arbitraryWide.filter(mask => /[^0]/.test(mask)),
    ),
  )
  .map(([value, mask]) => ({
    value: (BigInt(`0x${value}`) & BigInt(`0x${mask}`)).toString(16).padStart(32, '0'),
    mask,
  }));
const whole = (field: Field, value: number): Masked => ({ value, mask: 2 ** FIELD_BITS[field] - 1 });

const NARROW: readonly Field[] = Object.keys(FIELD_BITS) as Field[];
const WIDE: readonly WideField[] = ['ip6Src', 'ip6Dst', 'ndTarget', 'wide1'];
const UDP = { ipProto: fc.constant(17), udpSrc: masked('udpSrc'), udpDst: masked('udpDst') };
const ND = { ipProto: fc.constant(58), ip6Src: wideMasked, ip6Dst: wideMasked, ndTarget: wideMasked };

const optional = <T extends object>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }, required: (keyof T)[]) =>
  fc.record(model, { requiredKeys: required, noNullPrototype: true }) as fc.Arbitrary<Partial<T>>;

/** The part of a match that is the packet's family, with what it asks for. */
const family: fc.Arbitrary<Match> = fc.oneof(
  fc.constant({}),
  fc.constantFrom<Match>({ etherType: 'ipv4' }, { etherType: 'ipv6' }, { etherType: 'arp' }),
  optional(
    {
      ...UDP,
      ipSrc: masked('ipSrc'),
      ipDst: masked('ipDst'),
      fragment: fc.constantFrom('yes' as const, 'no' as const),
    },
    ['ipProto'],
  ),
  optional({ ipSrc: masked('ipSrc'), ipDst: masked('ipDst'), ipProto: fc.integer({ min: 0, max: 255 }) }, []),
  optional({ ...UDP, ip6Src: wideMasked, ip6Dst: wideMasked }, ['ipProto']).map(match => ({
    etherType: 'ipv6' as const,
    ...match,
  })),
  optional({ ip6Src: wideMasked, fragment: fc.constantFrom('yes' as const, 'no' as const) }, ['ip6Src']),
  optional({ arpOp: uint(16).map(op => whole('arpOp', op)), arpTpa: masked('arpTpa') }, ['arpTpa']),
  optional({ ...ND, icmp6Type: fc.constantFrom(135, 136).map(type => whole('icmp6Type', type)) }, [
    'ipProto',
    'icmp6Type',
    'ip6Dst',
  ]),
) as fc.Arbitrary<Match>;

const layer2: fc.Arbitrary<Match> = fc.record(
  {
    inPort: fc.integer({ min: 1, max: 2047 }),
    ethSrc: masked('ethSrc'),
    ethDst: masked('ethDst'),
    vlan: fc.oneof(fc.constant('none' as const), fc.integer({ min: 0, max: 4094 })),
    metadata: masked('metadata'),
  },
  { requiredKeys: [], noNullPrototype: true },
) as fc.Arbitrary<Match>;

/** What may stand alone in a flow of this match, by asking the check itself. */
const allowed = (match: Match, actions: readonly Action[]): readonly Action[] =>
  actions.filter(action => refuseFlow({ table: 0, priority: 0, cookie: 0, match, actions: [action] }) === undefined);

/** What may be done to packets of this match, and where they go. */
export function arbitraryAction(match: Match, ports = fc.integer({ min: 1, max: 2047 })): fc.Arbitrary<Action> {
  const fields = NARROW.filter(field => allowed(match, [{ do: 'set', field, value: 0 }]).length > 0);
  const sources = NARROW.filter(field => fields.includes(field) || field === 'inPort');
  const wides = WIDE.filter(field => allowed(match, [{ do: 'setWide', field, value: '0'.repeat(32) }]).length > 0);
  const bits = (field: Field, length: number) =>
    fc.integer({ min: 0, max: FIELD_BITS[field] - length }).map(offset => ({ field, offset, length }));
  const move = fc
    .tuple(fc.constantFrom(...sources), fc.constantFrom(...fields))
    .chain(([from, to]) =>
      fc
        .integer({ min: 1, max: Math.min(FIELD_BITS[from], FIELD_BITS[to]) })
        .chain(length =>
          fc.tuple(bits(from, length), bits(to, length)).map(([a, b]): Action => ({ do: 'move', from: a, to: b })),
        ),
    );
  const load = fc
    .constantFrom(...fields)
    .chain(field =>
      fc
        .integer({ min: 1, max: FIELD_BITS[field] })
        .chain(length =>
          fc.tuple(bits(field, length), uint(length)).map(([to, value]): Action => ({ do: 'load', to, value })),
        ),
    );
  const tags: Action[] = allowed(match, [{ do: 'popVlan' }]).slice();
  return fc.oneof(
    fc
      .constantFrom(...fields)
      .chain(field => uint(FIELD_BITS[field]).map((value): Action => ({ do: 'set', field, value }))),
    fc
      .tuple(fc.constantFrom(...wides), arbitraryWide)
      .map(([field, value]): Action => ({ do: 'setWide', field, value })),
    move,
    load,
    fc
      .tuple(fc.constantFrom(...wides), fc.constantFrom(...wides))
      .map(([from, to]): Action => ({ do: 'moveWide', from, to })),
    fc.integer({ min: 0, max: 4094 }).map((vlan): Action => ({ do: 'pushVlan', vlan })),
    ...tags.map(tag => fc.constant(tag)),
    fc.constantFrom<Action>(
      { do: 'output', to: 'IN_PORT' },
      { do: 'output', to: 'CONTROLLER' },
      { do: 'output', to: 'NORMAL' },
    ),
    ports.map((port): Action => ({ do: 'output', to: { port } })),
    fc
      .integer({ min: 1, max: 11 })
      .chain(length => bits('reg2', length).map((portFrom): Action => ({ do: 'output', to: { portFrom } }))),
  );
}

const metadata: fc.Arbitrary<Action[]> = fc
  .option(masked('metadata'), { nil: undefined })
  .map(part => (part === undefined ? [] : [{ do: 'metadata', ...part }]));

/** `meter` where flows may name one. */
export const arbitraryFlow = ({ meters = true } = {}): fc.Arbitrary<Flow> =>
  fc
    .tuple(layer2, family)
    .chain(([low, high]) => {
      const match: Match = { ...low, ...high };
      return fc
        .record({
          table: fc.integer({ min: 0, max: 252 }),
          priority: uint(16),
          cookie: uint(53),
          meter: meters ? fc.option(fc.integer({ min: 1, max: 1_000 }), { nil: undefined }) : fc.constant(undefined),
          applied: fc.array(arbitraryAction(match), { maxLength: 5 }),
          metadata,
          goto: fc.boolean(),
        })
        .map(row => ({
          table: row.table,
          priority: row.priority,
          cookie: row.cookie,
          match: sayOnce(match),
          actions: [
            ...(row.meter === undefined ? [] : [{ do: 'meter' as const, meter: row.meter }]),
            ...row.applied,
            ...row.metadata,
            ...(row.goto ? [{ do: 'goto' as const, table: row.table + 1 }] : []),
          ],
        }));
    })
    .filter(flow => refuseFlow(flow) === undefined);

/** `etherType` only where the other fields do not imply it, as it is read back. */
function sayOnce(match: Match): Match {
  const { etherType, ...rest } = match;
  return etherType === undefined || etherTypeOf(rest) === etherType ? rest : match;
}
