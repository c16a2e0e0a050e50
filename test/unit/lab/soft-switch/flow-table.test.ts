import assert from 'node:assert/strict';
import fc from 'fast-check';
import { FlowTable } from '../../../../lab/soft-switch/flow-table.js';
import { headersOf, type Headers } from '../../../../lab/soft-switch/packet.js';
import type { Flow, Masked, Match } from '../../../../sdn-app/switch/flow-switch.js';
import { flowKey } from '../../../../sdn-app/switch/flow-switch.js';

const MASKS = [0xffffffff, 0xfff00000, 0x80000001];
const address: fc.Arbitrary<Masked | undefined> = fc
  .option(fc.record({ value: fc.constantFrom(0x7f400001, 0x7f400002, 0xff400001), mask: fc.constantFrom(...MASKS) }), {
    nil: undefined,
  })
  .map(part => (part === undefined ? undefined : { value: (part.value & part.mask) >>> 0, mask: part.mask }));

const matches: fc.Arbitrary<Match> = fc
  .record({
    inPort: fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined }),
    fragment: fc.option(fc.constantFrom('yes' as const, 'no' as const), { nil: undefined }),
    ipSrc: address,
    ipDst: address,
  })
  .map(match => Object.fromEntries(Object.entries(match).filter(([, value]) => value !== undefined)) as Match);

const flows: fc.Arbitrary<Flow> = fc
  .record({ priority: fc.integer({ min: 0, max: 3 }), cookie: fc.nat(1_000), match: matches })
  .map(flow => ({ ...flow, table: 0, actions: [] }));

const headers: fc.Arbitrary<Headers> = fc
  .record({
    inPort: fc.integer({ min: 1, max: 2 }),
    fragment: fc.boolean(),
    ipSrc: fc.constantFrom(0x7f400001, 0x7f400002, 0xff400001),
    ipDst: fc.constantFrom(0x7f400001, 0x7f400002, 0xff400001),
  })
  .map(some => headersOf({ ...some, ipProto: 17, udpSrc: 1, udpDst: 1 }));

const fits = ({ match }: Flow, packet: Headers): boolean =>
  (match.inPort ?? packet.inPort) === packet.inPort &&
  (match.fragment === undefined || (match.fragment === 'yes') === packet.fragment) &&
  (['ipSrc', 'ipDst'] as const).every(field => {
    const part = match[field];
    return part === undefined || (packet[field] & part.mask) >>> 0 === part.value;
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
