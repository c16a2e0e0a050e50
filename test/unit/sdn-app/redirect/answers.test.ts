import assert from 'node:assert/strict';
import type { Packet } from '../../../../lab/soft-switch/packet.js';
import { GATEWAY_MAC, NETWORK_PLAN, ipv4ToNumber } from '../../../../protocol/addresses.js';
import { ipv6ToHex } from '../../../../protocol/ipv6.js';
import { ALIAS, CAR, CAR6, CAR_MAC, PLAIN, TWIN, TWIN6, World, networkOf, textOf } from './world.js';

const GATEWAYS = NETWORK_PLAN.gateways!;
const asking = (target: string, change: Partial<Packet> = {}): Packet => ({
  inPort: 3,
  vlan: 30,
  etherType: 'arp',
  ethSrc: CAR_MAC,
  ethDst: 0xffffffffffff,
  arpOp: 1,
  arpSha: CAR_MAC,
  arpSpa: ipv4ToNumber(CAR),
  arpTpa: ipv4ToNumber(target),
  ...change,
});
const soliciting = (target: string): Packet => ({
  inPort: 1,
  etherType: 'ipv6',
  ipProto: 58,
  icmp6Type: 135,
  ethSrc: CAR_MAC,
  ethDst: 0x3333ff00004d,
  ip6Src: ipv6ToHex(CAR6),
  ip6Dst: ipv6ToHex('ff02::1:ff00:4d'),
  ndTarget: ipv6ToHex(target),
  ndSll: CAR_MAC,
  ndOptionsType: 1,
});

describe('addresses without a machine', () => {
  for (const target of [TWIN, ALIAS, GATEWAYS[0]!])
    it(`are answered by a flow where somebody asks for ${target} by ARP, with the tag of its VLAN`, () => {
      const [out, ...more] = new World().send(1, asking(target));
      const { arpOp, arpSha, arpSpa, arpTha, arpTpa, ethSrc, ethDst, vlan } = out!.packet;
      assert.deepEqual([out?.port, more.length, arpOp, vlan], [3, 0, 2, 30]);
      assert.deepEqual([arpSha, arpSpa, ethSrc], [GATEWAY_MAC, ipv4ToNumber(target), GATEWAY_MAC]);
      assert.deepEqual([arpTha, arpTpa, ethDst], [CAR_MAC, ipv4ToNumber(CAR), CAR_MAC]);
    });

  for (const target of [TWIN6, GATEWAYS[1]!])
    it(`are answered by flows where somebody solicits ${target}`, () => {
      const [out, ...more] = new World().send(1, soliciting(target));
      const { icmp6Type, ndTarget, ndTll, ndOptionsType, ndReserved, ip6Src, ip6Dst, ethSrc, ethDst } = out!.packet;
      assert.deepEqual([out?.port, more.length, icmp6Type, ndOptionsType, ndReserved], [1, 0, 136, 2, 0x6000_0000]);
      assert.deepEqual([ndTarget, ip6Src, ip6Dst], [ipv6ToHex(target), ipv6ToHex(target), ipv6ToHex(CAR6)]);
      assert.deepEqual([ndTll, ethSrc, ethDst], [GATEWAY_MAC, GATEWAY_MAC, CAR_MAC]);
    });

  it('leave ARP for machines, replies and advertisements to ordinary forwarding', () => {
    const world = new World();
    for (const packet of [
      asking('10.112.0.9'),
      asking('10.127.255.253'),
      asking(TWIN, { arpOp: 2 }),
      soliciting('fded:9e00:0:96::1'),
      { ...soliciting(CAR6), icmp6Type: 136 },
    ])
      assert.equal(world.send(1, packet)[0]?.port, 'NORMAL');
  });

  it('never reach the controller or another switch', () => {
    const world = new World();
    for (const packet of [asking(TWIN), soliciting(TWIN6)])
      assert.ok(world.send(1, packet).every(({ datapath }) => datapath === 1));
    assert.equal(world.copies.length, 0);
  });

  it('are left to static neighbours on a switch without moves', () => {
    const world = new World(networkOf({ abilities: () => PLAIN }));
    assert.deepEqual(world.send(1, asking(TWIN)).map(textOf), ['1/NORMAL.30 0.0.0.0:0 > 0.0.0.0:0']);
  });
});
