import assert from 'node:assert/strict';
import {
  BROADCAST_MAC,
  GATEWAY_MAC,
  NETWORK_PLAN,
  decodeTag,
  hostMac,
  ipv4ToNumber,
  twinAddress,
} from '../../../../protocol/addresses.js';
import { dropsOf } from '../../../../sdn-app/redirect/base.js';
import type { VehicleView } from '../../../../sdn-app/redirect/vehicle.js';
import {
  ALIAS,
  CAR,
  CAR6,
  CAR_MAC,
  CORE,
  EDGE1,
  EDGE2,
  ENTRANCES,
  NUMBER,
  TWIN,
  World,
  at,
  backAt,
  changes,
  apply,
  frame,
  from,
  networkOf,
  viewOf,
} from './world.js';

const OTHER = twinAddress(NETWORK_PLAN, NUMBER + 1);
const worldOf = (change: Partial<VehicleView> = {}, network = networkOf()): World => new World(network, viewOf(change));
const PLACES = ENTRANCES.map(([, port]) => at(port));

describe('tables', () => {
  for (const [what, source] of [
    ['IPv4', from(CAR)],
    ['IPv6', from(CAR6)],
  ] as const)
    describe(`over ${what}`, () => {
      const here = at(1, { source });

      it('take a frame from its port to the host, as the alias with a tag, with the MAC addresses of gateway and host, uncopied', () => {
        const world = worldOf({ place: here });
        const [out, ...more] = world.enter(here);
        assert.deepEqual([out?.datapath, out?.port, more.length, world.copies.length], [1, 13, 0, 0]);
        assert.deepEqual([out?.packet.ethSrc, out?.packet.ethDst], [GATEWAY_MAC, hostMac(CORE.address)]);
        assert.deepEqual(decodeTag(out!.packet.udpSrc), { unconfirmed: false, datapath: 1, inPort: 1 });
      });

      for (const [datapath, port] of ENTRANCES) {
        const there = at(port, { source });
        it(`serve the car at port ${port} of switch ${datapath} at once, and bring answers out there, by the data plane alone`, () => {
          const world = worldOf({ place: here });
          const [out, ...more] = world.enter(there);
          assert.deepEqual([out?.datapath, out?.port, out?.packet.vlan, more.length], [1, 13, 0, 0]);
          const [back] = world.answer(out!);
          assert.deepEqual([back?.packet.ethSrc, back?.packet.ethDst], [GATEWAY_MAC, CAR_MAC]);
          assert.deepEqual(world.answersTo(there), [backAt(there)]);
        });

        it(`reach a host behind the other switch or this one from port ${port}, and come back`, () => {
          for (const host of [EDGE1, EDGE2, CORE]) {
            const world = worldOf({ host, place: there });
            assert.equal(world.enter(there)[0]?.packet.ethDst, hostMac(host.address));
            assert.deepEqual(world.answersTo(there), [backAt(there)]);
            assert.equal(world.copies.length, 0);
          }
        });
      }

      it('copy the frame of a moved car with its source and MAC address, five times a second, and deliver every one', () => {
        const world = worldOf({ place: here });
        const there = at(3, { source, mac: 0x0a0b0c0d0e0f });
        for (let i = 0; i < 50; i++) assert.equal(world.enter(there, {}, i).length, 1);
        assert.equal(world.copies.length, 5);
        assert.deepEqual(world.lastCopy(), { of: 'vehicle', number: NUMBER, place: there, tag: 'confirmed' });
        world.enter(there, {}, 1_000);
        assert.equal(world.copies.length, 6);
      });

      it('serve an unknown source with the unconfirmed tag, and answer it only after its return flow is there', () => {
        const stranger = at(2, { source: { ...source, port: 6000 } });
        const world = worldOf({ place: here });
        const [out] = world.enter(stranger);
        assert.deepEqual(decodeTag(out!.packet.udpSrc), { unconfirmed: true, datapath: 1, inPort: 2 });
        assert.deepEqual(world.lastCopy(), { of: 'vehicle', number: NUMBER, place: stranger, tag: 'unconfirmed' });
        assert.deepEqual(world.answersTo(stranger), []);
        world.show(viewOf({ place: here, returns: [stranger] }));
        assert.deepEqual(world.answersTo(stranger), [backAt(stranger)]);
        assert.deepEqual(world.answersTo(here), [backAt(here)]);
      });

      it('drop fragments, in both directions', () => {
        const world = worldOf({ place: here });
        const [out] = world.enter(here);
        assert.deepEqual(world.where(here, { fragment: true }), []);
        assert.deepEqual(world.answer({ ...out!, packet: { ...out!.packet, fragment: true } }), []);
        const drops = dropsOf(world.network, 1, world.flows(1));
        assert.deepEqual([drops['fragment-to-twin'], drops['fragment-to-alias']], [1, 1]);
      });
    });

  it('let the family of the known source decide: the other one is a stranger', () => {
    const world = worldOf();
    const six = at(1, { source: from(CAR6) });
    assert.deepEqual(decodeTag(world.enter(six)[0]!.packet.udpSrc).unconfirmed, true);
    world.show(viewOf({ returns: [six] }));
    assert.deepEqual(world.answersTo(six), [backAt(six)]);
    assert.deepEqual(world.answersTo(at(1)), [backAt(at(1))]);
  });

  it('send nothing over IPv6 to a host that has no such address', () => {
    const { address6: _, ...four } = CORE;
    const world = worldOf({ host: four });
    assert.deepEqual(world.where(at(1, { source: from(CAR6) })), []);
    assert.equal(dropsOf(world.network, 1, world.flows(1))['unknown-vehicle'], 1);
  });

  it('send answers to everybody where the next hop is not known', () => {
    const { mac: _, ...place } = at(1);
    const world = worldOf({ place });
    assert.equal(world.answer(world.enter(place)[0]!)[0]?.packet.ethDst, BROADCAST_MAC);
  });

  it('drop and count by reason: other ports and protocols, strangers to the network, tags that lead nowhere', () => {
    const world = worldOf();
    const answer = (tag: number): ReturnType<World['send']> => {
      const [out] = world.enter(at(1));
      return world.answer({ ...out!, packet: { ...out!.packet, udpSrc: tag } });
    };
    const before = dropsOf(world.network, 1, world.flows(1));
    assert.ok(Object.values(before).every(packets => packets === 0));
    assert.deepEqual(world.where(at(1), { udpDst: 5684 }), []);
    assert.deepEqual(world.where(at(1), { ipProto: 6 }), []);
    assert.deepEqual(world.where(at(3), { vlan: 0 }), [], 'a frame without the tag of its VLAN');
    assert.deepEqual(world.where(at(1), { vlan: 30 }), [], 'a frame with a tag where there is no VLAN');
    assert.deepEqual(world.where(at(1), { ipDst: ipv4ToNumber(ALIAS) }), []);
    assert.deepEqual(world.where(at(1), { ipSrc: ipv4ToNumber(ALIAS), ipDst: ipv4ToNumber(CORE.address) }), []);
    assert.deepEqual(world.where(at(1), { ipSrc: ipv4ToNumber(TWIN), ipDst: ipv4ToNumber(CAR) }), []);
    assert.deepEqual(world.where(at(1), { ipDst: ipv4ToNumber(OTHER) }), []);
    assert.deepEqual(answer(0x800 + 2_000), [], 'a port that is none');
    assert.deepEqual(answer(0x800 + 13), [], 'a port where no devices are');
    assert.deepEqual(answer(0x800), [], 'port 0');
    assert.deepEqual(answer(0x7801), [], 'a switch that is none');
    assert.deepEqual(answer(0x8801), [], 'an unconfirmed tag without a return');
    assert.deepEqual(dropsOf(world.network, 1, world.flows(1)), {
      'fragment-to-twin': 0,
      'fragment-to-alias': 0,
      'from-alias': 1,
      'from-twin': 1,
      'other-to-twin': 4,
      'other-to-alias': 1,
      'unknown-vehicle': 1,
      'no-way-out': 2,
      'no-way-on': 0,
      'no-port': 3,
    });
  });

  it('take answers from the host alone, from the port that leads to it', () => {
    const world = worldOf();
    const [out] = world.enter(at(1));
    const packet = { ...out!.packet, ipDst: ipv4ToNumber(EDGE1.address) };
    assert.deepEqual(world.answer({ ...out!, packet }), []);
    assert.deepEqual(world.answer({ ...out!, port: 11 }), []);
    assert.equal(world.answer(out!).length, 1);
  });

  it('copy frames of unknown vehicles at the rate of one meter', () => {
    const world = worldOf();
    for (let i = 0; i < 40; i++) world.enter(at(1), { ipDst: ipv4ToNumber(twinAddress(NETWORK_PLAN, 100 + i)) });
    assert.equal(world.copies.length, 5);
    assert.deepEqual(world.lastCopy(), { of: 'nobody' });
  });

  it('forward what is no twin traffic as an ordinary switch does, with its VLAN', () => {
    const world = worldOf();
    const [out] = world.enter(at(3), { ipDst: 0x08080808 });
    assert.deepEqual([out?.port, out?.packet.vlan, out?.packet.ethSrc], ['NORMAL', 30, CAR_MAC]);
    for (const etherType of ['arp', 'other'] as const)
      assert.equal(world.enter(at(1), { etherType, ipProto: 0, ipDst: 0 })[0]?.port, 'NORMAL');
  });

  it('show a move back as a copy again after a re-route', () => {
    const world = worldOf();
    world.show(viewOf({ place: at(2) }));
    world.enter(at(2));
    assert.equal(world.copies.length, 0);
    world.enter(at(1));
    assert.equal(world.copies.length, 1);
    assert.deepEqual(world.answersTo(at(1)), [backAt(at(1))]);
  });

  it('send every frame to one host or the other during a swap, and answers of both come back until the old one is retired', () => {
    const world = worldOf();
    const after = viewOf({ host: EDGE2, epoch: 1, leaving: [{ host: CORE, epoch: 0 }] });
    // a switch without bundles takes the changes one by one, the destination's switch first: nothing is lost there either
    for (const datapath of [2, 1])
      for (const mod of changes(world.network, datapath, viewOf(), after)) {
        apply(world.states.get(datapath)!, { meters: [], flows: [mod] });
        for (const place of PLACES.filter(({ datapath: on }) => on === 1 || datapath === 1))
          assert.deepEqual(world.answersTo(place), [backAt(place)]);
      }
    assert.equal(world.enter(at(1))[0]?.packet.ipDst, ipv4ToNumber(EDGE2.address));
    const old = worldOf().enter(at(1))[0]!;
    assert.equal(world.answer(old).length, 1);
    world.show(viewOf());
    world.show(viewOf({ host: EDGE2, epoch: 1 }));
    assert.deepEqual(world.answer(old), []);
    const cookies = world.flows(1).filter(({ cookie }) => Math.floor(cookie / 2 ** 28) % 2 ** 20 === NUMBER);
    assert.ok(cookies.length > 0 && cookies.every(({ cookie }) => Math.floor(cookie / 16) % 2 ** 24 === 1));
  });

  it('keep frames apart that are on their way between the switches when the host changes', () => {
    const world = worldOf({ host: EDGE2 });
    const packet = frame(at(1));
    const { ethSrc: _, ...before } = world.send(1, packet)[0]!.packet;
    world.show(viewOf({ host: EDGE1, epoch: 1, leaving: [{ host: EDGE2, epoch: 0 }] }));
    const late = world.send(2, { ...before, inPort: 21 });
    assert.deepEqual([late[0]?.port, late[0]?.packet.ipDst], [12, ipv4ToNumber(EDGE2.address)]);
  });

  it('stop at a port that is down', () => {
    const world = worldOf();
    world.states.get(1)!.downPorts.add(13);
    assert.deepEqual(world.where(at(1)), []);
  });
});
