import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Action, Batch, Flow } from '../../../../../sdn-app/switch/flow-switch.js';
import { namesOf } from '../../../../../sdn-app/switch/openflow/error-names.js';
import { bytesOf } from '../../../../../sdn-app/switch/openflow/messages.js';
import { phasesOf, type Part } from '../../../../../sdn-app/switch/openflow/phases.js';
import { metersOf, shapeOf } from '../../../../../sdn-app/switch/openflow/shapes.js';
import { arbitraryFlow } from '../../../../fakes/arbitrary-flows.js';

const flow = (change: Partial<Flow> = {}): Flow => ({
  ...{ table: 1, priority: 100, cookie: 5, actions: [{ do: 'output', to: { port: 3 } }] },
  match: { inPort: 1, ipProto: 17, ipDst: { value: 0x0a400001, mask: 0xffffffff } },
  ...change,
});
const add = (each: Flow) => ({ op: 'add', flow: each }) as const;

/** What each message of a phase is: its type, and of bundles what is done with them. */
const kinds = (parts: readonly Part[]): string[] =>
  parts.map(({ write }) => {
    const bytes = bytesOf(write, 1);
    if (bytes[1] === 14) return 'flow';
    if (bytes[1] === 29) return ['addMeter', 'modifyMeter', 'deleteMeter'][bytes[9] ?? 9] ?? '';
    if (bytes[15] === 0xfd) return 'flow in bundle';
    return ['open', '', '', '', 'commit', '', 'discard'][bytes[21] ?? 9] ?? '';
  });

describe('the phases of a batch', () => {
  const batch: Batch = {
    meters: [
      { op: 'delete', meter: 9 },
      { op: 'set', meter: 3, ratePerS: 5 },
    ],
    flows: [add(flow()), add(flow({ priority: 101 }))],
  };

  it('commit a bundle only once a switch has taken each of its messages', () => {
    assert.deepEqual(
      phasesOf(batch, 7, false).map(({ parts, undo, atOnce }) => [kinds(parts), kinds(undo), atOnce]),
      [
        [['addMeter', 'modifyMeter', 'open', 'flow in bundle', 'flow in bundle'], ['discard'], false],
        [['commit'], [], false],
        [['deleteMeter'], [], false],
      ],
    );
  });

  it('are one where the switch is known to take the like', () => {
    assert.deepEqual(
      phasesOf({ ...batch, meters: [] }, 7, true).map(({ parts, atOnce }) => [kinds(parts), atOnce]),
      [[['open', 'flow in bundle', 'flow in bundle', 'commit'], true]],
    );
  });

  it('have no bundle for a single change, nor where the switch knows none', () => {
    assert.deepEqual(
      phasesOf({ meters: [], flows: [add(flow())] }, 7, false).map(({ parts }) => kinds(parts)),
      [['flow']],
    );
    assert.deepEqual(
      phasesOf({ ...batch, meters: [] }, undefined, false).map(({ parts }) => kinds(parts)),
      [['flow', 'flow']],
    );
  });

  it('say of each message whose change it is, and that a meter may be there', () => {
    const [first] = phasesOf(batch, 7, false);
    assert.deepEqual(
      first?.parts.map(({ change, ignored }) => [change, ignored?.type]),
      [
        [0, 12],
        [0, undefined],
        [undefined, undefined],
        [1, undefined],
        [2, undefined],
      ],
    );
  });
});

describe('the shape of a flow', () => {
  it('is that of flows whose values alone differ', () => {
    const other = flow({
      ...{ cookie: 6, priority: 7 },
      match: { inPort: 9, ipProto: 17, ipDst: { value: 0x0a400099, mask: 0xffffffff } },
    });
    assert.equal(shapeOf(add(flow())), shapeOf(add(other)));
    const load = (value: number): Action => ({ do: 'load', to: { field: 'reg0', offset: 0, length: 8 }, value });
    assert.equal(shapeOf(add(flow({ actions: [load(1)] }))), shapeOf(add(flow({ actions: [load(2)] }))));
  });

  const others: readonly (readonly [string, Flow])[] = [
    ['another table', flow({ table: 2 })],
    ['another mask', flow({ match: { ...flow().match, ipDst: { value: 0x0a400000, mask: 0xfff00000 } } })],
    ['another protocol', flow({ match: { ...flow().match, ipProto: 6 } })],
    ['another field', flow({ match: { ...flow().match, vlan: 5 } })],
    ['another port', flow({ actions: [{ do: 'output', to: { port: 4 } }] })],
    ['another action', flow({ actions: [{ do: 'output', to: 'CONTROLLER' }] })],
    ['another table to go to', flow({ actions: [{ do: 'goto', table: 2 }] })],
  ];
  for (const [what, other] of others)
    it(`is another one with ${what}`, () => assert.notEqual(shapeOf(add(flow())), shapeOf(add(other))));

  it('is there for any flow, and the same each time; its meters are told apart', () => {
    fc.assert(
      fc.property(arbitraryFlow(), each => {
        assert.equal(shapeOf(add(each)), shapeOf(structuredClone(add(each))));
        const meters = each.actions.flatMap(action => (action.do === 'meter' ? [action.meter] : []));
        assert.deepEqual(metersOf(add(each)), meters);
      }),
    );
    assert.equal(shapeOf({ op: 'deleteSlice', cookie: 0, mask: 0 }), undefined);
    const metered = (meter: number): Flow => flow({ actions: [{ do: 'meter', meter }] });
    assert.equal(shapeOf(add(metered(1))), shapeOf(add(metered(2))));
  });
});

describe('errors of a switch', () => {
  it('have the names of OpenFlow 1.3, those of bundles among them', () => {
    const names = (type: number, code: number, experimenter?: number): string => {
      const { typeName, codeName } = namesOf({ type, code, ...(experimenter === undefined ? {} : { experimenter }) });
      return `${typeName}/${codeName}`;
    };
    assert.equal(names(1, 10), 'BAD_REQUEST/IS_SLAVE');
    assert.equal(names(2, 10), 'BAD_ACTION/MATCH_INCONSISTENT');
    assert.equal(names(3, 2), 'BAD_INSTRUCTION/BAD_TABLE_ID');
    assert.equal(names(4, 9), 'BAD_MATCH/BAD_PREREQ');
    assert.equal(names(5, 1), 'FLOW_MOD_FAILED/TABLE_FULL');
    assert.equal(names(11, 0), 'ROLE_REQUEST_FAILED/STALE');
    assert.equal(names(12, 2), 'METER_MOD_FAILED/INVALID_METER');
    assert.equal(names(0xffff, 2_313, 0x4f4e4600), 'BUNDLE_FAILED/MSG_FAILED');
    assert.equal(names(0xffff, 5, 0x2320), 'EXPERIMENTER/0x2320/5');
    assert.equal(names(77, 3), '77/3');
  });
});
