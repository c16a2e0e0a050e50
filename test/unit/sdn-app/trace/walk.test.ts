import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ipv4ToNumber } from '../../../../protocol/addresses.js';
import { ipv6ToHex } from '../../../../protocol/ipv6.js';
import type { Action, FlowStats, Match } from '../../../../sdn-app/switch/flow-switch.js';
import { walk, type TracePacket } from '../../../../sdn-app/trace/walk.js';
import { actionWords, matchWords } from '../../../../sdn-app/trace/words.js';

const flow = (table: number, priority: number, match: Match, ...actions: Action[]): FlowStats => ({
  table,
  priority,
  cookie: 0,
  match,
  actions,
  packets: 0,
});
const PACKET: TracePacket = {
  family: 'ipv4',
  inPort: 3,
  fields: { ipSrc: ipv4ToNumber('10.0.0.1'), ipDst: ipv4ToNumber('10.64.0.7'), udpSrc: 40_000, udpDst: 5683 },
  wide: {},
};
const PACKET6: TracePacket = {
  family: 'ipv6',
  inPort: 3,
  fields: { udpSrc: 40_000, udpDst: 5683 },
  wide: { ip6Src: ipv6ToHex('fd00::1'), ip6Dst: ipv6ToHex('fd00:64::7') },
};
const out = (port: number): Action => ({ do: 'output', to: { port } });
const outputsOf = (packet: TracePacket, ...flows: FlowStats[]): unknown[] =>
  walk(flows, packet).outputs.map(({ to }) => to);

describe('the walk of a packet through flows', () => {
  it('takes the flow of the highest priority that matches, table by table, and ends where none does', () => {
    const { steps, outputs } = walk(
      [
        flow(0, 1, {}, out(9)),
        flow(0, 2, { inPort: 3 }, { do: 'goto', table: 2 }),
        flow(0, 3, { inPort: 4 }, out(8)),
        flow(1, 5, {}, out(7)),
      ],
      PACKET,
    );
    assert.deepEqual(
      steps.map(({ table, flow: found }) => [table, found?.priority]),
      [
        [0, 2],
        [2, undefined],
      ],
    );
    assert.deepEqual(outputs, []);
  });

  for (const [what, match, hits] of [
    ['an address', { ipDst: { value: ipv4ToNumber('10.64.0.0'), mask: 0xfff00000 } }, true],
    ['another address', { ipDst: { value: ipv4ToNumber('10.80.0.0'), mask: 0xfff00000 } }, false],
    ['UDP', { ipProto: 17 }, true],
    ['ICMP', { ipProto: 1 }, false],
    ['a port', { udpDst: { value: 5683, mask: 0xffff } }, true],
    ['fragments', { fragment: 'yes' }, false],
    ['whole packets', { fragment: 'no' }, true],
    ['ARP', { etherType: 'arp' }, false],
    ['a question for a neighbour', { arpTpa: { value: 0, mask: 0 } }, false],
    ['packets without a tag', { vlan: 'none' }, true],
    ['a VLAN', { vlan: 5 }, false],
    ['IPv6', { etherType: 'ipv6' }, false],
    ['any IPv6 address', { ip6Dst: { value: '0'.repeat(32), mask: '0'.repeat(32) } }, false],
  ] as const satisfies readonly (readonly [string, Match, boolean])[])
    it(`${hits ? 'finds' : 'passes over'} a flow for ${what}`, () =>
      assert.deepEqual(outputsOf(PACKET, flow(0, 1, match, out(1))), hits ? [1] : []));

  it('matches IPv6 by its wide fields, and not by what implies IPv4', () => {
    const twin = { value: ipv6ToHex('fd00:64::'), mask: `${'f'.repeat(16)}${'0'.repeat(16)}` };
    assert.deepEqual(outputsOf(PACKET6, flow(0, 1, { ip6Dst: twin, ipProto: 17 }, out(1))), [1]);
    assert.deepEqual(outputsOf(PACKET6, flow(0, 1, { ipProto: 17 }, out(1))), []);
    assert.deepEqual(outputsOf(PACKET6, flow(0, 1, { ipDst: { value: 0, mask: 0 } }, out(1))), []);
  });

  it('rewrites in the order of the actions; an output has what was there before it', () => {
    const { outputs } = walk(
      [
        flow(
          0,
          1,
          {},
          { do: 'output', to: 'CONTROLLER' },
          { do: 'set', field: 'udpSrc', value: 1 },
          {
            do: 'move',
            from: { field: 'inPort', offset: 0, length: 11 },
            to: { field: 'udpSrc', offset: 0, length: 11 },
          },
          { do: 'load', to: { field: 'udpSrc', offset: 11, length: 5 }, value: 17 },
          { do: 'pushVlan', vlan: 7 },
          { do: 'output', to: 'IN_PORT' },
        ),
      ],
      PACKET,
    );
    assert.deepEqual(
      outputs.map(({ to, packet }) => [to, packet.fields.udpSrc, packet.vlan]),
      [
        ['CONTROLLER', 40_000, undefined],
        [3, 17 * 0x800 + 3, 7],
      ],
    );
  });

  it('finds the port to go out by in a field, and carries metadata to the next table', () => {
    const flows = [
      flow(0, 1, {}, { do: 'metadata', value: 2, mask: 0xff }, { do: 'goto', table: 1 }),
      flow(
        1,
        1,
        { metadata: { value: 2, mask: 0xff } },
        { do: 'output', to: { portFrom: { field: 'udpDst', offset: 0, length: 11 } } },
      ),
    ];
    assert.deepEqual(outputsOf(PACKET, ...flows), [5683 % 2048]);
  });

  it('ends where flows lead in a circle', () => {
    const { steps } = walk([flow(0, 1, {}, { do: 'goto', table: 0 })], PACKET);
    assert.ok(steps.length < 100);
  });

  it('moves bits as arithmetic does, whatever their place', () =>
    fc.assert(
      fc.property(
        fc.record({
          offset: fc.integer({ min: 0, max: 31 }),
          at: fc.integer({ min: 0, max: 31 }),
          value: fc.nat(2 ** 31),
        }),
        fc.integer({ min: 1, max: 32 }),
        ({ offset, at, value }, wide) => {
          const length = Math.min(wide, 32 - offset, 32 - at);
          const move: Action = {
            do: 'move',
            from: { field: 'ipSrc', offset, length },
            to: { field: 'reg0', offset: at, length },
          };
          const packet = { ...PACKET, fields: { ipSrc: value } };
          const [only] = walk([flow(0, 1, {}, move, out(1))], packet).outputs;
          const bits = Math.floor(value / 2 ** offset) % 2 ** length;
          assert.equal(only?.packet.fields.reg0, bits * 2 ** at);
        },
      ),
    ));
});

describe('an action in words', () => {
  for (const [action, words] of [
    [{ do: 'set', field: 'ipDst', value: ipv4ToNumber('10.96.0.1') }, 'ipDst ← 10.96.0.1'],
    [{ do: 'set', field: 'ethDst', value: 0x02ed9e000001 }, 'ethDst ← 02:ed:9e:00:00:01'],
    [{ do: 'setWide', field: 'ip6Dst', value: ipv6ToHex('fd00::1') }, 'ip6Dst ← fd00::1'],
    [{ do: 'load', to: { field: 'udpSrc', offset: 11, length: 5 }, value: 1 }, 'udpSrc[11..15] ← 1'],
    [{ do: 'output', to: 'IN_PORT' }, 'out of the port that it came in by'],
    [{ do: 'goto', table: 9 }, 'table 9'],
  ] as const satisfies readonly (readonly [Action, string])[])
    it(`says ${words}`, () => assert.equal(actionWords(action), words));
});

describe('a match in words', () => {
  const all32 = 2 ** 32 - 1;
  const wide = (mask: string): string => mask.padEnd(32, '0');
  for (const [match, words] of [
    [{}, ''],
    [{ inPort: 3, etherType: 'arp' }, 'from port 3, arp'],
    [{ ipDst: { value: ipv4ToNumber('10.96.0.1'), mask: all32 } }, 'ipv4, ipDst 10.96.0.1'],
    [{ ipDst: { value: ipv4ToNumber('10.96.0.0'), mask: 0xfff00000 } }, 'ipv4, ipDst 10.96.0.0/12'],
    [{ ipDst: { value: ipv4ToNumber('10.0.0.1'), mask: 0xff0000ff } }, 'ipv4, ipDst 10.0.0.1/255.0.0.255'],
    [{ ipProto: 17, udpDst: { value: 5683, mask: 0xffff } }, 'ipv4, udp, udpDst 5683'],
    [{ ipProto: 17, udpDst: { value: 2048, mask: 0xf800 } }, 'ipv4, udp, udpDst 2048/0xf800'],
    [{ ip6Dst: { value: ipv6ToHex('fd00::1'), mask: 'f'.repeat(32) } }, 'ipv6, ip6Dst fd00::1'],
    [{ ip6Dst: { value: ipv6ToHex('fd00::'), mask: wide('f'.repeat(16)) } }, 'ipv6, ip6Dst fd00::/64'],
    [{ ip6Dst: { value: ipv6ToHex('fd00::'), mask: wide('fff8') } }, 'ipv6, ip6Dst fd00::/13'],
    [{ ethSrc: { value: 0x02ed9e000001, mask: 2 ** 48 - 1 }, vlan: 7 }, 'ethSrc 02:ed:9e:00:00:01, VLAN 7'],
    [{ ethDst: { value: 2 ** 40, mask: 2 ** 40 } }, 'ethDst 01:00:00:00:00:00/01:00:00:00:00:00'],
    [{ vlan: 'none', metadata: { value: 2, mask: 0xff } }, 'no VLAN tag, metadata 2/0xff'],
    [{ etherType: 'ipv6', ipProto: 58, icmp6Type: { value: 135, mask: 0xff } }, 'ipv6, icmpv6, icmp6Type 135'],
    [{ ipProto: 132, fragment: 'yes' }, 'ipv4, protocol 132, a fragment'],
  ] as const satisfies readonly (readonly [Match, string])[])
    it(`says ${words === '' ? 'nothing of what any packet meets' : words}`, () =>
      assert.equal(matchWords(match).join(', '), words));
});
