import assert from 'node:assert/strict';
import fc from 'fast-check';
import { refuseFlow } from '../../../../../sdn-app/switch/flow-check.js';
import type { Action, Flow } from '../../../../../sdn-app/switch/flow-switch.js';
import { actionsText, flowKey } from '../../../../../sdn-app/switch/flow-text.js';
import { refuseBatch } from '../../../../../sdn-app/switch/batch-check.js';
import { decodeRefusal } from '../../../../../sdn-app/switch/refusal.js';
import { decodeFlow, decodeMatch } from '../../../../../sdn-app/switch/ryu/decode.js';
import { encodeBatch, encodeFlow, encodeMatch } from '../../../../../sdn-app/switch/ryu/encode.js';
import { wireFlow, type WireMatch } from '../../../../../sdn-app/switch/ryu/wire.js';
import { arbitraryFlow } from '../../../../fakes/arbitrary-flows.js';

const IP6 = { value: `fd00${'0'.repeat(27)}9`, mask: 'f'.repeat(32) };
const NET6 = { value: `fd00${'0'.repeat(28)}`, mask: `ffff${'0'.repeat(28)}` };
const encoded = (actions: Action[]): unknown =>
  encodeFlow({ table: 1, priority: 2, cookie: 3, match: {}, actions }).instructions;

describe('flows for Ryu', () => {
  it('come back as they were sent, whatever they say', () => {
    fc.assert(
      fc.property(arbitraryFlow(), flow => {
        const wire = wireFlow.parse(JSON.parse(JSON.stringify(encodeFlow(flow))));
        const back = decodeFlow(wire);
        assert.deepEqual(back, flow);
        assert.equal(flowKey(back), flowKey(flow));
        assert.equal(actionsText(back.actions), actionsText(flow.actions));
      }),
      { numRuns: 1_000 },
    );
  });

  const matches: readonly (readonly [string, Flow['match'], WireMatch])[] = [
    ['nothing', {}, {}],
    [
      'UDP over IPv4, with what it asks for before it',
      { inPort: 7, ipProto: 17, ipSrc: { value: 0x0a400000, mask: 0xfff00000 }, udpDst: { value: 5683, mask: 0xffff } },
      { in_port: 7, eth_type: 0x800, ip_proto: 17, ipv4_src: ['10.64.0.0', '255.240.0.0'], udp_dst: 5683 },
    ],
    [
      'part of a UDP port',
      { ipProto: 17, udpDst: { value: 0x800, mask: 0xf800 } },
      { eth_type: 0x800, ip_proto: 17, udp_dst: [0x800, 0xf800] },
    ],
    [
      'IPv6',
      { ip6Src: IP6, ip6Dst: NET6 },
      {
        eth_type: 0x86dd,
        ipv6_src: 'fd00:0000:0000:0000:0000:0000:0000:0009',
        ipv6_dst: ['fd00:0000:0000:0000:0000:0000:0000:0000', 'ffff:0000:0000:0000:0000:0000:0000:0000'],
      },
    ],
    [
      'a solicitation',
      { ipProto: 58, icmp6Type: { value: 135, mask: 0xff }, ndTarget: IP6 },
      {
        eth_type: 0x86dd,
        ip_proto: 58,
        icmpv6_type: 135,
        ipv6_nd_target: 'fd00:0000:0000:0000:0000:0000:0000:0009',
      },
    ],
    [
      'an ARP request',
      { arpOp: { value: 1, mask: 0xffff }, arpTpa: { value: 0x0a400001, mask: 0xffffffff } },
      { eth_type: 0x806, arp_op: 1, arp_tpa: '10.64.0.1' },
    ],
    ['a tag', { vlan: 100 }, { vlan_vid: 0x1064 }],
    ['no tag', { vlan: 'none' }, { vlan_vid: 0 }],
    [
      'MAC addresses',
      { ethSrc: { value: 0x02ed9e000001, mask: 2 ** 48 - 1 }, ethDst: { value: 0x010000000000, mask: 0x010000000000 } },
      { eth_src: '02:ed:9e:00:00:01', eth_dst: ['01:00:00:00:00:00', '01:00:00:00:00:00'] },
    ],
    [
      'a fragment',
      { ipDst: { value: 1, mask: 0xffffffff }, fragment: 'yes' },
      { eth_type: 0x800, ipv4_dst: '0.0.0.1', ip_frag: [1, 1] },
    ],
    ['metadata, of which there are 64 bits', { metadata: { value: 2, mask: 0xff } }, { metadata: [2, 0xff] }],
  ];
  for (const [what, match, wire] of matches)
    it(`match ${what}`, () => {
      assert.deepEqual(encodeMatch(match), wire);
      assert.deepEqual(decodeMatch(wire), match);
    });

  it('say by themselves what Open vSwitch answers in other words', () => {
    assert.deepEqual(decodeMatch({ ip_frag: 0, eth_type: 0x800 }), { etherType: 'ipv4', fragment: 'no' });
    assert.deepEqual(decodeMatch({ vlan_vid: [0x1064, 0x1fff] }), { vlan: 100 });
    assert.deepEqual(
      decodeMatch({ eth_type: 0x86dd, ipv6_src: '::ffff:10.0.0.1' }).ip6Src?.value,
      `${'0'.repeat(20)}ffff0a000001`,
    );
    const { actions } = decodeFlow({
      table: 0,
      priority: 0,
      cookie: 0,
      match: {},
      instructions: [['apply', [['move', 'in_port_nxm', 0, 'udp_src_nxm', 0, 11]]]],
    });
    assert.deepEqual(actions, [
      { do: 'move', from: { field: 'inPort', offset: 0, length: 11 }, to: { field: 'udpSrc', offset: 0, length: 11 } },
    ]);
  });

  it('do in the order of OpenFlow what their actions say', () => {
    assert.deepEqual(
      encoded([
        { do: 'meter', meter: 4 },
        { do: 'set', field: 'ipSrc', value: 0x0a500001 },
        { do: 'setWide', field: 'wide1', value: `${'0'.repeat(31)}a` },
        { do: 'moveWide', from: 'ip6Src', to: 'wide1' },
        { do: 'load', to: { field: 'udpSrc', offset: 11, length: 5 }, value: 17 },
        { do: 'pushVlan', vlan: 5 },
        { do: 'output', to: { portFrom: { field: 'reg2', offset: 0, length: 11 } } },
        { do: 'output', to: 'CONTROLLER' },
        { do: 'metadata', value: 1, mask: 255 },
        { do: 'goto', table: 9 },
      ]),
      [
        ['meter', 4],
        [
          'apply',
          [
            ['set', 'ipv4_src', '10.80.0.1'],
            ['set', 'xxreg1', `0x${'0'.repeat(31)}a`],
            ['move', 'ipv6_src', 0, 'xxreg1', 0, 128],
            ['load', 'udp_src', 11, 5, 17],
            ['pushVlan'],
            ['set', 'vlan_vid', 0x1005],
            ['outputReg', 'reg2', 0, 11],
            ['output', 'CONTROLLER'],
          ],
        ],
        ['metadata', 1, 255],
        ['goto', 9],
      ],
    );
  });

  it('have no instruction where they drop', () => assert.deepEqual(encoded([]), []));

  const foreign: readonly (readonly [string, Partial<Parameters<typeof decodeFlow>[0]>])[] = [
    ['a field that flows do not have', { match: { tcp_dst: 80 } }],
    ['another kind of packet', { match: { eth_type: 0x8847 } }],
    ['some bits of a tag', { match: { vlan_vid: [0x1000, 0x1000] } }],
    ['later fragments alone', { match: { ip_frag: [3, 3] } }],
    ['a register in its match', { match: { reg0: 1 } }],
    ['an address that is none', { match: { eth_type: 0x86dd, ipv6_src: '1::2::3' } }],
    ['a set of a field that flows do not have', { instructions: [['apply', [['set', 'ip_dscp', 1]]]] }],
    ['a tag without an id', { instructions: [['apply', [['pushVlan'], ['output', 1]]]] }],
    ['a move out of half an IPv6 address', { instructions: [['apply', [['move', 'ipv6_src', 64, 'xxreg1', 0, 64]]]] }],
  ];
  for (const [what, change] of foreign)
    it(`are foreign with ${what}`, () =>
      assert.throws(() => decodeFlow({ table: 0, priority: 0, cookie: 0, match: {}, instructions: [], ...change }), {
        code: 'FLOW_INVALID',
      }));
});

describe('batches for Ryu', () => {
  it('set meters before the bundle and delete them after it, in the order given', () => {
    const flow: Flow = { table: 0, priority: 1, cookie: 2, match: { inPort: 1 }, actions: [] };
    assert.deepEqual(
      encodeBatch({
        meters: [
          { op: 'delete', meter: 1 },
          { op: 'set', meter: 2, ratePerS: 5 },
        ],
        flows: [
          { op: 'add', flow },
          { op: 'delete', flow },
          { op: 'deleteSlice', cookie: 1, mask: 3 },
        ],
      }),
      {
        before: [{ op: 'meter', meter: 2, ratePerS: 5 }],
        bundle: [
          { op: 'add', flow: { table: 0, priority: 1, cookie: 2, match: { in_port: 1 }, instructions: [] } },
          { op: 'deleteStrict', table: 0, priority: 1, match: { in_port: 1 } },
          { op: 'deleteCookie', cookie: 1, mask: 3 },
        ],
        after: [{ op: 'deleteMeter', meter: 1 }],
      },
    );
  });

  const bad = { table: 0, priority: 1, match: { udpDst: { value: 1, mask: 0xffff } } };
  it('are refused before anything is sent', () => {
    const flows = (op: 'add' | 'delete') =>
      op === 'add' ? [{ op, flow: { ...bad, cookie: 1, actions: [] } }] : [{ op, flow: bad }];
    assert.equal(refuseFlow({ ...bad, cookie: 1, actions: [] })?.code, 'BAD_PREREQ');
    assert.equal(refuseBatch({ meters: [], flows: flows('add') })?.code, 'BAD_PREREQ');
    assert.equal(refuseBatch({ meters: [], flows: flows('delete') })?.code, 'BAD_PREREQ');
    assert.equal(refuseBatch({ meters: [{ op: 'set', meter: 1, ratePerS: 0.5 }], flows: [] })?.code, 'BAD_RATE');
    assert.equal(refuseBatch({ meters: [{ op: 'delete', meter: 0 }], flows: [] })?.code, 'INVALID_METER');
    assert.equal(refuseBatch({ meters: [{ op: 'set', meter: 1, ratePerS: 5 }], flows: [] }), undefined);
  });

  it('name the error of the flow, not the bundle that failed because of it', () => {
    const errors = [
      { type: 0xffff, code: 2300, typeName: 'EXPERIMENTER', codeName: 'MSG_FAILED' },
      { type: 4, code: 9, typeName: 'BAD_MATCH', codeName: 'BAD_PREREQ', index: 3 },
    ];
    const { type, code, detail } = decodeRefusal(errors, 'refused');
    assert.deepEqual([type, code], ['BAD_MATCH', 'BAD_PREREQ']);
    assert.match(detail, /change 3/);
    assert.deepEqual(decodeRefusal(errors.slice(0, 1), 'x'), {
      type: 'BAD_REQUEST',
      code: 'MSG_FAILED',
      detail: 'EXPERIMENTER: x',
    });
    assert.equal(decodeRefusal([], 'no such op').detail, 'no such op');
  });
});
