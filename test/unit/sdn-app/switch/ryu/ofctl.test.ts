import assert from 'node:assert/strict';
import fc from 'fast-check';
import { inSlice, type Batch, type Flow } from '../../../../../sdn-app/switch/flow-switch.js';
import { outcomeOf, sliceOf, unconfirmed } from '../../../../../sdn-app/switch/ryu/ofctl-confirm.js';
import { readFlowRow, type FlowRow } from '../../../../../sdn-app/switch/ryu/ofctl-decode.js';
import { plainCommands, plainFlow, refusePlainBatch } from '../../../../../sdn-app/switch/ryu/ofctl-encode.js';
import { TERMS, highestTerm, isTermFlow, termFlow } from '../../../../../sdn-app/switch/ryu/ofctl-term.js';
import { arbitraryFlow } from '../../../../fakes/arbitrary-flows.js';

const MAC = { value: 0x02ed9e000001, mask: 2 ** 48 - 1 };
const FLOW: Flow = {
  table: 1,
  priority: 100,
  cookie: 2 ** 48 + 5,
  match: {
    inPort: 14,
    ipProto: 17,
    ipSrc: { value: 0x0a010002, mask: 0xffffffff },
    udpDst: { value: 5683, mask: 0xffff },
  },
  actions: [
    { do: 'meter', meter: 3 },
    { do: 'set', field: 'ethDst', value: MAC.value },
    { do: 'set', field: 'udpDst', value: 99 },
    { do: 'pushVlan', vlan: 5 },
    { do: 'output', to: { port: 13 } },
    { do: 'output', to: 'IN_PORT' },
    { do: 'metadata', value: 1, mask: 255 },
    { do: 'goto', table: 9 },
  ],
};
/** As Ryu 4.34 wrote it about that flow on Open vSwitch 3.1. */
const ROW: FlowRow = {
  table_id: 1,
  priority: 100,
  cookie: 2 ** 48 + 5,
  packet_count: 7,
  match: { in_port: 14, dl_type: 2048, nw_proto: 17, nw_src: '10.1.0.2', tp_dst: 5683 },
  actions: [
    'METER:3',
    'SET_FIELD: {eth_dst:02:ed:9e:00:00:01}',
    'SET_FIELD: {udp_dst:99}',
    'PUSH_VLAN:33024',
    'SET_FIELD: {vlan_vid:4101}',
    'OUTPUT:13',
    'OUTPUT:IN_PORT',
    'WRITE_METADATA:0x1/0xff',
    'GOTO_TABLE:9',
  ],
};
const adding = (...flows: Flow[]): Batch => ({ meters: [], flows: flows.map(flow => ({ op: 'add', flow })) });

describe('flows for ofctl_rest', () => {
  it('are written in its words', () =>
    assert.deepEqual(plainFlow(1, FLOW), {
      dpid: 1,
      table_id: 1,
      priority: 100,
      cookie: 2 ** 48 + 5,
      match: { in_port: 14, eth_type: 2048, ip_proto: 17, ipv4_src: '10.1.0.2', udp_dst: 5683 },
      actions: [
        { type: 'METER', meter_id: 3 },
        { type: 'SET_FIELD', field: 'eth_dst', value: '02:ed:9e:00:00:01' },
        { type: 'SET_FIELD', field: 'udp_dst', value: 99 },
        { type: 'PUSH_VLAN', ethertype: 33_024 },
        { type: 'SET_FIELD', field: 'vlan_vid', value: 4_101 },
        { type: 'OUTPUT', port: 13 },
        { type: 'OUTPUT', port: 'IN_PORT' },
        { type: 'WRITE_METADATA', metadata: 1, metadata_mask: 255 },
        { type: 'GOTO_TABLE', table_id: 9 },
      ],
    }));

  it('come back in those of OpenFlow 1.0', () => assert.deepEqual(readFlowRow(ROW), { ...FLOW, packets: 7 }));

  const matches: readonly (readonly [string, Flow['match'], object, FlowRow['match']])[] = [
    ['a tag', { vlan: 30 }, { vlan_vid: 30 }, { dl_vlan: '30' }],
    ['no tag', { vlan: 'none' }, { vlan_vid: '0x0000' }, { dl_vlan: '0x0000' }],
    [
      'masks',
      { ethDst: { value: 2 ** 40, mask: 2 ** 40 }, etherType: 'arp', arpTpa: { value: 0x0a400000, mask: 0xfff00000 } },
      { eth_dst: '01:00:00:00:00:00/01:00:00:00:00:00', eth_type: 2054, arp_tpa: '10.64.0.0/255.240.0.0' },
      { dl_dst: '01:00:00:00:00:00/01:00:00:00:00:00', dl_type: 2054, arp_tpa: '10.64.0.0/255.240.0.0' },
    ],
    ['metadata', { metadata: { value: 5, mask: 255 } }, { metadata: '5/255' }, { metadata: '5/255' }],
  ];
  for (const [what, match, sent, back] of matches)
    it(`match ${what}`, () => {
      const { etherType: _etherType, ...expected } = match;
      assert.deepEqual(plainFlow(1, { ...FLOW, match })['match'], sent);
      assert.deepEqual(readFlowRow({ ...ROW, match: back }).match, expected);
    });

  it('have neither true, false nor null, nor anything that ofctl_rest would forget', () => {
    const fields = new Set([
      ...[
        'in_port',
        'eth_src',
        'eth_dst',
        'eth_type',
        'vlan_vid',
        'ip_proto',
        'ipv4_src',
        'ipv4_dst',
        'udp_src',
        'udp_dst',
      ],
      ...['arp_op', 'arp_tpa', 'ipv6_src', 'ipv6_dst', 'icmpv6_type', 'ipv6_nd_target', 'metadata'],
    ]);
    const types = new Set(['METER', 'SET_FIELD', 'PUSH_VLAN', 'POP_VLAN', 'OUTPUT', 'WRITE_METADATA', 'GOTO_TABLE']);
    let plain = 0;
    fc.assert(
      fc.property(arbitraryFlow(), flow => {
        if (refusePlainBatch(adding(flow)) !== undefined) return;
        plain++;
        const body = plainFlow(1, flow);
        for (const name of Object.keys(body['match'] as object)) assert.ok(fields.has(name), name);
        for (const { type } of body['actions'] as { type: string }[]) assert.ok(types.has(type), type);
        assert.doesNotMatch(JSON.stringify(body), /:(true|false|null)|instructions/);
      }),
      { numRuns: 500 },
    );
    assert.ok(plain > 20);
  });

  const foreign: readonly (readonly [string, Partial<FlowRow>])[] = [
    ['ports of TCP', { match: { dl_type: 2048, nw_proto: 6, tp_dst: 80 } }],
    ['an instruction that flows do not have', { actions: [{ WRITE_ACTIONS: ['OUTPUT:1'] }] }],
    ['an action of Nicira', { actions: ['NX_REG_MOVE: {…}'] }],
    ['a port by another name', { actions: ['OUTPUT:FLOOD'] }],
    ['a tag of another kind', { actions: ['PUSH_VLAN:34984'] }],
    ['metadata of 64 bits', { actions: ['WRITE_METADATA:0x1'] }],
    ['a cookie that JavaScript rounds', { cookie: 2 ** 60 }],
  ];
  for (const [what, change] of foreign)
    it(`are foreign with ${what}`, () =>
      assert.throws(() => readFlowRow({ ...ROW, ...change }), { code: 'FLOW_INVALID' }));
});

describe('batches for ofctl_rest', () => {
  it('are commands one by one: meters that are set, flows in their order, meters that go', () => {
    const batch: Batch = {
      meters: [
        { op: 'delete', meter: 1 },
        { op: 'set', meter: 2, ratePerS: 5 },
      ],
      flows: [
        { op: 'delete', flow: FLOW },
        { op: 'deleteSlice', cookie: 4, mask: 6 },
        { op: 'add', flow: FLOW },
      ],
    };
    const commands = plainCommands(7, batch);
    assert.deepEqual(
      commands.map(({ path }) => path),
      [
        'meterentry/add',
        'meterentry/modify',
        'flowentry/delete_strict',
        'flowentry/delete',
        'flowentry/add',
        'meterentry/delete',
      ],
    );
    assert.deepEqual(commands[0]?.body, {
      dpid: 7,
      meter_id: 2,
      flags: ['PKTPS', 'BURST'],
      bands: [{ type: 'DROP', rate: 5, burst_size: 5 }],
    });
    assert.deepEqual(commands[3]?.body, { dpid: 7, table_id: 255, cookie: 4, cookie_mask: 6, match: {} });
  });

  it('are confirmed by what is there afterwards', () => {
    const other: Flow = { ...FLOW, priority: 1, cookie: 9 };
    const wanted = outcomeOf({ meters: [], flows: [...adding(FLOW, other).flows, { op: 'delete', flow: FLOW }] });
    assert.equal(unconfirmed(wanted, [other]), undefined);
    assert.match(String(unconfirmed(wanted, [])), /^not there/);
    assert.match(String(unconfirmed(wanted, [other, FLOW])), /^still there/);
    assert.match(String(unconfirmed(wanted, [{ ...other, cookie: 8 }])), /^not there/);
    assert.match(String(unconfirmed(wanted, [{ ...other, actions: [] }])), /^not there/);
    const swept = outcomeOf({
      meters: [],
      flows: [...adding(FLOW, other).flows, { op: 'deleteSlice', cookie: 9, mask: 15 }],
    });
    assert.equal(unconfirmed(swept, [FLOW]), undefined);
  });

  it('are read back by a slice that holds every cookie in them', () => {
    const cookie = fc.integer({ min: 0, max: 2 ** 53 - 1 });
    fc.assert(
      fc.property(fc.array(cookie, { minLength: 1 }), cookies => {
        const slice = sliceOf(cookies.map(each => ({ cookie: each })));
        for (const each of cookies) assert.ok(inSlice(each, slice));
        if (new Set(cookies).size === 1) assert.equal(slice.mask, 2 ** 53 - 1);
      }),
    );
  });

  it('keep the term as a flow that is found among others', () => {
    assert.equal(highestTerm([FLOW, termFlow(3), termFlow(70_000)]), 70_000);
    assert.equal(highestTerm([FLOW]), 0);
    assert.ok(isTermFlow(termFlow(1)) && !isTermFlow(FLOW));
    assert.ok(inSlice(termFlow(1).cookie, TERMS) && !inSlice(FLOW.cookie, TERMS));
  });
});
