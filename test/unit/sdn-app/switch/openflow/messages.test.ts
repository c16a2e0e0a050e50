import assert from 'node:assert/strict';
import fc from 'fast-check';
import { fromHex, toHex } from '../../../../../common/hex.js';
import type { FlowMod, MeterMod } from '../../../../../sdn-app/switch/flow-switch.js';
import { Writer } from '../../../../../sdn-app/switch/openflow/bytes.js';
import { Framing } from '../../../../../sdn-app/switch/openflow/framing.js';
import { readMessage } from '../../../../../sdn-app/switch/openflow/incoming.js';
import { writeInstructions } from '../../../../../sdn-app/switch/openflow/instructions.js';
import { writeMatch } from '../../../../../sdn-app/switch/openflow/match.js';
import {
  TYPE,
  barrier,
  bundleAdd,
  bundleControl,
  bytesOf,
  flowMod,
  flowsRequest,
  leadRequest,
  meterMods,
  type Write,
} from '../../../../../sdn-app/switch/openflow/messages.js';
import { arbitraryFlow } from '../../../../fakes/arbitrary-flows.js';

const bytes = (hex: string): Uint8Array => fromHex(hex.replaceAll(/\s/g, '')) ?? new Uint8Array();
const same = (write: Write, xid: number, hex: string): void =>
  assert.equal(toHex(bytesOf(write, xid)), hex.replaceAll(/\s/g, ''));
const whole = (value: number) => ({ value, mask: 0xffff });

/** A message with this body and an xid of 9. */
function messageOf(type: number, body: (to: Writer) => void): Uint8Array {
  const to = new Writer();
  to.u8(4);
  to.u8(type);
  to.u16(0);
  to.u32(9);
  body(to);
  to.lengthAt(2, 0);
  return to.bytes;
}

/** An answer with these as struct ofp_flow_stats. */
const flowsAnswer = (more: boolean, rows: readonly ((to: Writer) => void)[]): Uint8Array =>
  messageOf(TYPE.multipartReply, to => {
    to.u16(1);
    to.u16(more ? 1 : 0);
    to.zeros(4);
    for (const row of rows) {
      const from = to.length;
      row(to);
      to.lengthAt(from, from);
    }
  });

function statsHead(to: Writer, table: number, priority: number, cookie: number, packets: number): void {
  to.u16(0);
  to.u8(table);
  to.zeros(9);
  to.u16(priority);
  to.zeros(10);
  to.uint(cookie, 8);
  to.uint(packets, 8);
  to.zeros(8);
}

describe('messages to a switch', () => {
  // as the Ryu app packs them, which its own tests hold against the classes of Ryu
  const way: FlowMod = {
    op: 'add',
    flow: {
      ...{ table: 1, priority: 100, cookie: 2 ** 48 + 1 },
      match: {
        ...{ inPort: 3, ipProto: 17, metadata: { value: 1, mask: 0xffffffff } },
        ipSrc: { value: 0x0a700005, mask: 0xffffffff },
        ipDst: { value: 0x0a40004d, mask: 0xffffffff },
        ...{ udpSrc: whole(5683), udpDst: whole(5683) },
      },
      actions: [
        {
          do: 'move',
          from: { field: 'inPort', offset: 0, length: 11 },
          to: { field: 'udpSrc', offset: 0, length: 11 },
        },
        { do: 'load', to: { field: 'udpSrc', offset: 11, length: 5 }, value: 1 },
        { do: 'set', field: 'ipSrc', value: 0x0a50004d },
        { do: 'set', field: 'ipDst', value: 0x0a601001 },
        { do: 'set', field: 'ethSrc', value: 0x02ed9e000001 },
        { do: 'output', to: { port: 100 } },
      ],
    },
  };
  const copy: FlowMod = {
    op: 'add',
    flow: {
      ...{ table: 9, priority: 1, cookie: 5 },
      match: {
        ip6Dst: { value: `fd01${'0'.repeat(28)}`, mask: `${'f'.repeat(16)}${'0'.repeat(16)}` },
        fragment: 'no',
      },
      actions: [
        { do: 'meter', meter: 77 },
        { do: 'moveWide', from: 'ip6Src', to: 'wide1' },
        { do: 'output', to: 'CONTROLLER' },
        { do: 'metadata', value: 2, mask: 0xff },
        { do: 'goto', table: 10 },
      ],
    },
  };
  const tagged: FlowMod = {
    op: 'add',
    flow: {
      ...{ table: 2, priority: 5, cookie: 0 },
      match: {
        ...{ vlan: 'none', ipProto: 17, udpDst: { value: 0x800, mask: 0xf800 } },
        ethDst: { value: 0x010000000000, mask: 0x010000000000 },
      },
      actions: [
        { do: 'pushVlan', vlan: 0x64 },
        { do: 'popVlan' },
        { do: 'output', to: { portFrom: { field: 'reg2', offset: 0, length: 11 } } },
        { do: 'output', to: 'IN_PORT' },
        { do: 'output', to: 'NORMAL' },
      ],
    },
  };
  const solicitation: FlowMod = {
    op: 'delete',
    flow: {
      ...{ table: 0, priority: 9 },
      match: {
        ipProto: 58,
        icmp6Type: { value: 135, mask: 0xff },
        ndTarget: { value: `fd${'0'.repeat(29)}9`, mask: 'f'.repeat(32) },
      },
    },
  };
  const arp: FlowMod = {
    op: 'delete',
    flow: {
      ...{ table: 0, priority: 9 },
      match: { arpOp: whole(1), arpTpa: { value: 0x0a400000, mask: 0xfff00000 } },
    },
  };
  const flowMods: readonly (readonly [string, FlowMod, string])[] = [
    [
      'a way in',
      way,
      `040e00f0 00000000 0001000000000001 0000000000000000 01000000 00000064 ffffffffffffffffffffffff 00000000
       00010047 80000004 00000003 80000510 000000000000000100000000ffffffff 80000a020800 8000140111 80001604 0a700005
       80001804 0a40004d 80001e02 1633 80002002 1633 00 0004007800000000
       ffff00180000232000 06000b00000000 80000004 80001e02 ffff0018000023200007 02c4 80001e02 0000000000000001
       00190010 80001604 0a50004d 00000000 00190010 80001804 0a601001 00000000 00190010 80000806 02ed9e000001 0000
       00000010 00000064 ffff000000000000`,
    ],
    [
      'a metered copy',
      copy,
      `040e00c0 00000000 0000000000000005 0000000000000000 09000000 00000001 ffffffffffffffffffffffff 00000000
       00010034 80000a0286dd 80003720 fd010000000000000000000000000000 ffffffffffffffff0000000000000000 00013502 0003 00000000
       00060008 0000004d 0004003000000000 ffff0018000023200006 0080 0000 0000 80003410 0001e010
       00000010 fffffffd ffff000000000000 0002001800000000 0000000000000002 00000000000000ff 00010008 0a000000`,
    ],
    [
      'a tag',
      tagged,
      `040e00c0 00000000 0000000000000000 0000000000000000 02000000 00000005 ffffffffffffffffffffffff 00000000
       0001002d 8000070c 010000000000 010000000000 80000a020800 80000c020000 8000140111 80002104 0800 f800 000000
       0004006000000000 00110008 81000000 00190010 80000c02 1064 000000000000 0012000800000000
       ffff001800002320000f 000a 00010404 ffff 000000000000
       00000010 fffffff8 ffff000000000000 00000010 fffffffa ffff000000000000`,
    ],
    [
      'a solicitation',
      solicitation,
      `040e0058 00000000 0000000000000000 0000000000000000 00040000 00000009 ffffffffffffffffffffffff 00000000
       00010028 80000a0286dd 800014013a 80003a0187 80003e10 fd000000000000000000000000000009`,
    ],
    [
      'an ARP request',
      arp,
      `040e0050 00000000 0000000000000000 0000000000000000 00040000 00000009 ffffffffffffffffffffffff 00000000
       0001001c 80000a020806 80002a020001 80002f08 0a400000 fff00000 00000000`,
    ],
    [
      'a slice above 32 bits',
      { op: 'deleteSlice', cookie: 3 * 2 ** 40, mask: 7 * 2 ** 40 },
      `040e0038 00000000 0000030000000000 0000070000000000 ff030000 00000000 ffffffffffffffffffffffff 00000000
       00010004 00000000`,
    ],
  ];
  for (const [what, mod, hex] of flowMods) it(`change flows: ${what}`, () => same(flowMod(mod), 0, hex));

  it('set a meter by adding and by changing it, and delete it', () => {
    const set: MeterMod = { op: 'set', meter: 3, ratePerS: 5 };
    assert.deepEqual(
      meterMods(set).map(write => toHex(bytesOf(write, 0))),
      [
        '041d002000000000000000060000000300010010000000050000000500000000',
        '041d002000000000000100060000000300010010000000050000000500000000',
      ],
    );
    const [gone] = meterMods({ op: 'delete', meter: 3 });
    assert.ok(gone);
    same(gone, 0, '041d0010 00000000 00020006 00000003');
  });

  it('open, fill, commit and discard a bundle, the message in it with the same xid', () => {
    same(bundleControl('open', 7), 1, '04040018 00000001 4f4e4600 000008fc 00000007 00000003');
    same(bundleControl('commit', 7), 1, '04040018 00000001 4f4e4600 000008fc 00000007 00040003');
    same(bundleControl('discard', 7), 1, '04040018 00000001 4f4e4600 000008fc 00000007 00060003');
    same(
      bundleAdd(7, flowMod({ op: 'deleteSlice', cookie: 0, mask: 0 })),
      9,
      `04040050 00000009 4f4e4600 000008fd 00000007 0000 0003
       040e0038 00000009 0000000000000000 0000000000000000 ff030000 00000000 ffffffffffffffffffffffff 00000000
       00010004 00000000`,
    );
  });

  it('ask for a role by term, for flows by cookie, and for a barrier', () => {
    same(leadRequest(12), 3, '04180018 00000003 00000002 00000000 000000000000000c');
    same(
      flowsRequest({ cookie: 5, mask: 2 ** 53 - 1 }),
      4,
      `04120038 00000004 0001000000000000 ff000000 ffffffff ffffffff 00000000 0000000000000005 001fffffffffffff
       00010004 00000000`,
    );
    same(barrier, 6, '04140008 00000006');
  });
});

describe('messages of a switch', () => {
  it('have any flow as it was sent, with its packets', () => {
    fc.assert(
      fc.property(arbitraryFlow(), fc.nat(), fc.boolean(), (flow, packets, more) => {
        const { table, priority, cookie, match, actions } = flow;
        const answer = flowsAnswer(more, [
          to => {
            statsHead(to, table, priority, cookie, packets);
            writeMatch(to, match);
            writeInstructions(to, actions);
          },
        ]);
        assert.deepEqual(readMessage(answer), {
          ...{ xid: 9, type: 'flows', flows: [{ ...flow, packets }], foreign: 0, more },
        });
      }),
      { numRuns: 200 },
    );
  });

  const foreign: readonly (readonly [string, (to: Writer) => void])[] = [
    [
      'an action to a group',
      to => {
        statsHead(to, 0, 0, 1, 0);
        writeMatch(to, {});
        to.raw(bytes('00040010 00000000 00160008 00000001'));
      },
    ],
    [
      'a match on a port of TCP',
      to => {
        statsHead(to, 0, 0, 1, 0);
        to.raw(bytes('0001000a 80001a02 0050 000000000000'));
      },
    ],
    [
      'a cookie of 2^63',
      to => {
        statsHead(to, 0, 0, 0, 0);
        writeMatch(to, {});
      },
    ],
  ];
  for (const [what, row] of foreign)
    it(`leave out and count what nothing of ours says: ${what}`, () => {
      const ours = (to: Writer): void => {
        statsHead(to, 0, 0, 1, 0);
        writeMatch(to, {});
      };
      const answer = Uint8Array.from(flowsAnswer(false, [row, ours]));
      if (what.includes('cookie')) answer[16 + 24] = 0x80;
      const found = readMessage(answer);
      assert.ok(found.type === 'flows');
      assert.deepEqual([found.flows.length, found.foreign], [1, 1]);
    });

  it('are a copy with registers and metadata, as Open vSwitch 3.1 sent it', () => {
    const { type, ...message } = readMessage(
      bytes(`040a0078 00000000 ffffffff 002e 01 09 0001000010000016 00010030 80000004 00000002 00010004 0a700001
             00010204 02ed1633 00010604 9e010000 80000408 0000000000000003 0000 02ed0a602002 02ed9e000001 0800
             45000020eb23400040111af7 0a500001 0a602002 0802 1633 000c 6bc7 40000127`),
    );
    assert.equal(type, 'packetIn');
    assert.deepEqual(message, {
      xid: 0,
      copy: {
        ...{ inPort: 2, table: 9, cookie: 2 ** 48 + 2 ** 28 + 0x16, metadata: 3 },
        registers: [0x0a700001, 0x02ed1633, 0, 0x9e010000],
        packet: {
          ...{ ethDst: 0x02ed0a602002, ethSrc: 0x02ed9e000001, family: 'ipv4' },
          ...{ ipSrc: 0x0a500001, ipDst: 0x0a602002, udpSrc: 0x0802, udpDst: 5683 },
        },
      },
    });
  });

  it('are an error with its numbers, of an experimenter, too', () => {
    assert.deepEqual(readMessage(bytes('0401002c d4af30b3 000c0001 041d0020d4af30b300000006')), {
      ...{ xid: 0xd4af30b3, type: 'error', error: { type: 12, code: 1 } },
    });
    assert.deepEqual(readMessage(bytes('04010010 00000005 ffff0909 4f4e4600')), {
      ...{ xid: 5, type: 'error', error: { type: 0xffff, code: 0x909, experimenter: 0x4f4e4600 } },
    });
  });

  it('tell ports that are up, down or gone, and not the port of the switch itself', () => {
    const port = (number: string, config: string, state: string): string =>
      `${number} 00000000 020000000001 0000 ${'00'.repeat(16)} ${config} ${state} ${'00'.repeat(24)}`;
    const [up, off, unplugged] = [
      port('00000001', '00000000', '00000004'),
      port('00000002', '00000001', '00000000'),
      port('00000003', '00000000', '00000001'),
    ];
    const local = port('fffffffe', '00000000', '00000000');
    assert.deepEqual(readMessage(bytes(`04130110 00000001 000d0000 00000000 ${up} ${off} ${unplugged} ${local}`)), {
      ...{ xid: 1, type: 'ports', more: false },
      ports: [
        { port: 1, up: true },
        { port: 2, up: false },
        { port: 3, up: false },
      ],
    });
    const status = (reason: string, body: string) =>
      readMessage(bytes(`040c0050 00000000 ${reason}00000000000000 ${body}`));
    assert.deepEqual(status('02', up), { xid: 0, type: 'portStatus', port: 1, up: true });
    assert.deepEqual(status('01', up), { xid: 0, type: 'portStatus', port: 1, up: false });
    assert.deepEqual(status('02', local), { xid: 0, type: 'other' });
  });

  it('are read or refused, whatever their bytes are', () => {
    const types = fc.constantFrom(...Object.values(TYPE));
    fc.assert(
      fc.property(types, fc.uint8Array({ maxLength: 200 }), (type, body) => {
        try {
          readMessage(messageOf(type, to => to.raw(body)));
        } catch (error) {
          assert.ok(error instanceof RangeError || (error as { code?: string }).code === 'FLOW_INVALID', String(error));
        }
      }),
      { numRuns: 2_000 },
    );
  });

  it('come one by one, however their bytes are cut', () => {
    const messages = fc.array(
      fc.uint8Array({ maxLength: 40 }).map(body => Uint8Array.from(messageOf(TYPE.echoReply, to => to.raw(body)))),
    );
    fc.assert(
      fc.property(messages, fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }), (sent, sizes) => {
        const stream = Uint8Array.from(sent.flatMap(message => [...message]));
        const got: string[] = [];
        const framing = new Framing(message => got.push(toHex(message)));
        for (let at = 0, turn = 0; at < stream.length; turn++) {
          const size = sizes[turn % sizes.length] ?? 1;
          assert.ok(framing.push(stream.subarray(at, at + size)));
          at += size;
        }
        assert.deepEqual(got, sent.map(toHex));
      }),
    );
    assert.equal(new Framing(() => undefined).push(bytes('04000007 00000000')), false);
  });
});
