import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Flow } from '../../../../sdn-app/switch/flow-switch.js';
import { actionsText, flowKey } from '../../../../sdn-app/switch/flow-text.js';
import { sameActions, sameFlow } from '../../../../sdn-app/switch/same-flow.js';
import { arbitraryFlow } from '../../../fakes/arbitrary-flows.js';

/** Whole, or one part of it from the other: pairs that differ in everything say little. */
const pair = fc
  .tuple(arbitraryFlow(), arbitraryFlow(), fc.integer({ min: 0, max: 31 }))
  .map(([a, b, from]): readonly [Flow, Flow] => {
    const take = (bit: number): Flow => ((from >> bit) % 2 === 0 ? a : b);
    const actions = [...take(4).actions.slice(0, 2), ...a.actions.slice(2)];
    const mixed = { ...a, table: take(0).table, priority: take(1).priority, match: take(2).match, actions };
    return [a, take(3) === a ? structuredClone(mixed) : mixed];
  });

describe('flows that are the same', () => {
  it('are those whose texts are, whatever the flows', () => {
    fc.assert(
      fc.property(pair, ([a, b]) => {
        assert.equal(sameFlow(a, b), flowKey(a) === flowKey(b));
        assert.equal(sameActions(a.actions, b.actions), actionsText(a.actions) === actionsText(b.actions));
      }),
    );
  });

  it('differ where one field of the match does', () => {
    const flow = { table: 1, priority: 1, match: { ipProto: 17, udpDst: { value: 5683, mask: 0xffff } } };
    assert.ok(sameFlow(flow, structuredClone(flow)));
    for (const match of [
      { ipProto: 17 },
      { ...flow.match, ipProto: 6 },
      { ...flow.match, udpDst: { value: 5683, mask: 0xfffe } },
      { ...flow.match, etherType: 'ipv6' as const },
      { ...flow.match, inPort: 1 },
    ])
      assert.ok(!sameFlow(flow, { ...flow, match }), JSON.stringify(match));
  });

  it('say IPv4 or imply it', () => {
    const match = { ipProto: 17 };
    assert.ok(
      sameFlow({ table: 1, priority: 1, match }, { table: 1, priority: 1, match: { ...match, etherType: 'ipv4' } }),
    );
  });
});
