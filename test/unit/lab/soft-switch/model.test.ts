import assert from 'node:assert/strict';
import { applyBatch, createSwitch, process, readFlows, type Packet } from '../../../../lab/soft-switch/model.js';
import { Meter } from '../../../../lab/soft-switch/meter.js';
import type { Action, Flow } from '../../../../sdn-app/switch/flow-switch.js';

const ALL = { cookie: 0, mask: 0 };
const PACKET: Packet = {
  inPort: 5,
  ipProto: 17,
  fragment: false,
  ipSrc: 0xfffffffe,
  ipDst: 2,
  udpSrc: 0xffff,
  udpDst: 0x0a0b,
};
const flow = (actions: readonly Action[], change: Partial<Flow> = {}): Flow => ({
  table: 0,
  priority: 1,
  cookie: 1,
  match: { ipProto: 17 },
  actions,
  ...change,
});

function switchOf(...flows: Flow[]) {
  const state = createSwitch(1);
  assert.equal(applyBatch(state, { meters: [], flows: flows.map(each => ({ op: 'add', flow: each })) }), undefined);
  return state;
}

describe('soft switch model', () => {
  it('moves and loads bits without touching their neighbours, up to 32 bits wide', () => {
    const { outputs } = process(
      switchOf(
        flow([
          { do: 'move', from: { field: 'ipSrc', offset: 0, length: 32 }, to: { field: 'reg0', offset: 0, length: 32 } },
          {
            do: 'move',
            from: { field: 'inPort', offset: 0, length: 11 },
            to: { field: 'udpSrc', offset: 0, length: 11 },
          },
          { do: 'load', to: { field: 'udpDst', offset: 4, length: 4 }, value: 0xc },
          { do: 'move', from: { field: 'reg0', offset: 24, length: 8 }, to: { field: 'ipDst', offset: 24, length: 8 } },
          { do: 'output', to: { portFrom: { field: 'udpDst', offset: 8, length: 8 } } },
        ]),
      ),
      PACKET,
      0,
    );
    assert.equal(outputs[0]?.port, 0x0a);
    assert.deepEqual(
      [outputs[0]?.packet.udpSrc, outputs[0]?.packet.udpDst, outputs[0]?.packet.ipDst],
      [0xf805, 0x0acb, 0xff000002],
    );
  });

  it('sends a packet out as it is at that moment, whatever happens to it later', () => {
    const out: Action = { do: 'output', to: { port: 1 } };
    const { outputs } = process(switchOf(flow([out, { do: 'set', field: 'ipDst', value: 9 }, out])), PACKET, 0);
    assert.deepEqual(
      outputs.map(({ packet }) => packet.ipDst),
      [2, 9],
    );
  });

  it('carries metadata into the next table and drops where no flow matches', () => {
    const state = switchOf(
      flow([
        { do: 'metadata', value: 0xffff, mask: 0x0f },
        { do: 'goto', table: 4 },
      ]),
      flow([{ do: 'output', to: { port: 1 } }], { table: 4, match: { metadata: { value: 0x0f, mask: 0xff } } }),
    );
    assert.equal(process(state, PACKET, 0).outputs.length, 1);
    assert.deepEqual(process(createSwitch(1), PACKET, 0), { outputs: [], packetIns: [] });
  });

  it('counts the packets of each flow, the drops too', () => {
    const state = switchOf(flow([]));
    process(state, PACKET, 0);
    process(state, PACKET, 0);
    assert.equal(readFlows(state, ALL)[0]?.packets, 2);
  });

  it('loses the data of a flow that has a meter, and none of a flow that outputs before it', () => {
    const metered = switchOf();
    const out: Action = { do: 'output', to: { port: 1 } };
    const meters = [{ op: 'set', meter: 7, ratePerS: 1 }] as const;
    applyBatch(metered, { meters, flows: [{ op: 'add', flow: flow([{ do: 'meter', meter: 7 }, out]) }] });
    assert.deepEqual(
      [1, 2, 3].map(() => process(metered, PACKET, 0).outputs.length),
      [1, 0, 0],
    );
    const split = switchOf(flow([out, { do: 'goto', table: 9 }]));
    const copy = flow(
      [
        { do: 'meter', meter: 7 },
        { do: 'output', to: 'CONTROLLER' },
      ],
      { table: 9 },
    );
    applyBatch(split, { meters, flows: [{ op: 'add', flow: copy }] });
    const all = [1, 2, 3].map(() => process(split, PACKET, 0));
    assert.deepEqual(
      all.map(({ outputs, packetIns }) => [outputs.length, packetIns.length]),
      [
        [1, 1],
        [1, 0],
        [1, 0],
      ],
    );
  });

  it('takes the flows of a meter away with it', () => {
    const state = createSwitch(1);
    const add = { op: 'add', flow: flow([{ do: 'meter', meter: 7 }]) } as const;
    assert.equal(applyBatch(state, { meters: [], flows: [add] })?.code, 'UNKNOWN_METER');
    applyBatch(state, { meters: [{ op: 'set', meter: 7, ratePerS: 1 }], flows: [add] });
    applyBatch(state, { meters: [{ op: 'delete', meter: 7 }], flows: [] });
    assert.deepEqual(readFlows(state, ALL), []);
  });
});

describe('meter', () => {
  it('lets a burst of its rate through, then its rate a second, and never more after silence', () => {
    const meter = new Meter(5);
    const passed = (times: readonly number[]): number => times.filter(atMs => meter.take(atMs)).length;
    assert.equal(passed(Array.from({ length: 20 }, () => 0)), 5);
    assert.equal(passed(Array.from({ length: 100 }, (_, i) => (i + 1) * 10)), 5);
    assert.equal(passed(Array.from({ length: 20 }, () => 600_000)), 5);
  });

  it('stands when time steps back', () => {
    const meter = new Meter(1);
    assert.deepEqual([meter.take(1_000), meter.take(0), meter.take(999)], [true, false, false]);
  });
});
