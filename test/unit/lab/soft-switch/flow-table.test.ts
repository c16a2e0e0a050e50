import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FlowTable } from '../../../../lab/soft-switch/flow-table.js';
import { headersOf, type Headers } from '../../../../lab/soft-switch/packet.js';
import type { Flow, Masked, Match } from '../../../../sdn-app/switch/flow-switch.js';
import { etherTypeOf, flowKey } from '../../../../sdn-app/switch/flow-text.js';

const MASKS = [0xffffffff, 0xfff00000, 0x80000001];
const address: fc.Arbitrary<Masked | undefined> = fc
  .option(fc.record({ value: fc.constantFrom(0x7f400001, 0x7f400002, 0xff400001), mask: fc.constantFrom(...MASKS) }), {
    nil: undefined,
  })
  .map(part => (part === undefined ? undefined : { value: (part.value & part.mask) >>> 0, mask: part.mask }));

const MACS = [0x0280_0000_0001, 0xfd80_8000_0001, 0x0280_0000_8001];
const MAC_MASKS = [0xffff_ffff_ffff, 0xff00_0000_0000, 0x0000_8000_ffff];
const mac = fc
  .option(fc.record({ value: fc.constantFrom(...MACS), mask: fc.constantFrom(...MAC_MASKS) }), { nil: undefined })
  .map(part => part && { value: Number(BigInt(part.value) & BigInt(part.mask)), mask: part.mask });
const WIDES = [`fd${'0'.repeat(29)}1`, `fd${'0'.repeat(13)}1${'0'.repeat(15)}1`, `fd${'0'.repeat(30)}`].map(text =>
  text.slice(0, 32),
);
const WIDE_MASKS = ['f'.repeat(32), 'f'.repeat(16) + '0'.repeat(16), `${'0'.repeat(31)}1`];
const andWide = (value: string, mask: string): string =>
  (BigInt(`0x${value}`) & BigInt(`0x${mask}`)).toString(16).padStart(32, '0');
const wide = fc
  .option(fc.record({ value: fc.constantFrom(...WIDES), mask: fc.constantFrom(...WIDE_MASKS) }), { nil: undefined })
  .map(part => part && { value: andWide(part.value, part.mask), mask: part.mask });

const present = (match: object): Match =>
  Object.fromEntries(Object.entries(match).filter(([, value]) => value !== undefined)) as Match;
const matches: fc.Arbitrary<Match> = fc
  .record({
    inPort: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
    vlan: fc.option(fc.constantFrom(7, 8, 'none' as const), { nil: undefined }),
    ethDst: mac,
    of: fc.oneof(
      fc.record({
        etherType: fc.constant('ipv4'),
        fragment: fc.option(fc.constantFrom('yes', 'no'), { nil: undefined }),
        ipSrc: address,
        ipDst: address,
      }),
      fc.record({ etherType: fc.constant('ipv6'), ip6Src: wide, ip6Dst: wide }),
      fc.record({ ipSrc: address }),
      fc.record({ ip6Dst: wide }),
      fc.constant({ etherType: 'arp' }),
    ),
  })
  .map(({ of, ...match }) => present({ ...match, ...of }));

const flows: fc.Arbitrary<Flow> = fc
  .record({ priority: fc.integer({ min: 0, max: 3 }), cookie: fc.nat(1_000), match: matches })
  .map(flow => ({ ...flow, table: 0, actions: [] }));

const headers: fc.Arbitrary<Headers> = fc
  .record({
    inPort: fc.integer({ min: 1, max: 2 }),
    vlan: fc.constantFrom(0, 7, 8),
    etherType: fc.constantFrom('ipv4' as const, 'ipv6' as const, 'arp' as const, 'other' as const),
    ethDst: fc.constantFrom(...MACS),
    fragment: fc.boolean(),
    ipSrc: fc.constantFrom(0x7f400001, 0x7f400002, 0xff400001),
    ipDst: fc.constantFrom(0x7f400001, 0x7f400002, 0xff400001),
    ip6Src: fc.constantFrom(...WIDES),
    ip6Dst: fc.constantFrom(...WIDES),
  })
  .map(some => headersOf({ ...some, ipProto: 17, udpSrc: 1, udpDst: 1 }));

const fits = ({ match }: Flow, packet: Headers): boolean =>
  (match.inPort ?? packet.inPort) === packet.inPort &&
  (etherTypeOf(match) ?? packet.etherType) === packet.etherType &&
  (match.vlan === undefined || (match.vlan === 'none' ? 0 : match.vlan) === packet.vlan) &&
  (match.fragment === undefined || (match.fragment === 'yes') === packet.fragment) &&
  (['ipSrc', 'ipDst', 'ethDst'] as const).every(field => {
    const part = match[field];
    return part === undefined || BigInt(part.value) === (BigInt(packet[field]) & BigInt(part.mask));
  }) &&
  (['ip6Src', 'ip6Dst'] as const).every(field => {
    const part = match[field];
    return part === undefined || andWide(packet[field], part.mask) === part.value;
  });

describe('flow table', () => {
  it('finds the same priority as a look at every flow would, after any adds and deletes', () =>
    fc.assert(
      fc.property(
        fc.array(fc.record({ flow: flows, gone: fc.boolean() }), { maxLength: 30 }),
        fc.array(headers, { maxLength: 20 }),
        (changes, packets) => {
          const table = new FlowTable();
          const plain = new Map<string, Flow>();
          for (const { flow, gone } of changes) {
            if (gone) table.delete(flow);
            else table.add(flow);
            if (gone) plain.delete(flowKey(flow));
            else plain.set(flowKey(flow), flow);
          }
          assert.deepEqual([...table.flows()].map(flowKey).sort(), [...plain.keys()].sort());
          for (const packet of packets) {
            const best = [...plain.values()].filter(flow => fits(flow, packet)).map(({ priority }) => priority);
            const found = table.lookup(packet);
            assert.equal(found?.flow.priority, best.length === 0 ? undefined : Math.max(...best));
            if (found !== undefined) assert.ok(fits(found.flow, packet));
          }
        },
      ),
    ));
});
