import assert from 'node:assert/strict';
import { decodeTag, ipv4ToNumber } from '../../../../protocol/addresses.js';
import type { VehicleView } from '../../../../sdn-app/redirect/vehicle.js';
import { CAR, CAR_MAC, CORE, EDGE2, NUMBER, World, at, backAt, from, networkOf, viewOf } from './world.js';

const OTHER_MAC = 0x02000000bad0;
const worldOf = (change: Partial<VehicleView> = {}, network = networkOf()): World => new World(network, viewOf(change));

describe('tags and routes', () => {
  describe('armed', () => {
    const armed = { armed: [{ domain: 'edge-2', host: EDGE2, lease: 'lease-1' }] };

    it('take the first frame in the domain to the standby host, copied as armed, and answer it there', () => {
      const world = worldOf(armed);
      for (const place of [at(2), at(4)]) {
        assert.equal(world.enter(place)[0]?.packet.ipDst, ipv4ToNumber(EDGE2.address));
        assert.deepEqual(world.lastCopy(), { of: 'vehicle', number: NUMBER, place, tag: 'confirmed' });
        assert.deepEqual(world.answersTo(place), [backAt(place)]);
      }
      assert.equal(world.copies.length, 4);
      const armedCopies = world.copies.filter(({ cookie, metadata }) => cookie % 16 === 7 && (metadata & 0xff) === 3);
      assert.equal(armedCopies.length, 4);
    });

    it('leave frames of other domains, of the place itself and of strangers with the current host', () => {
      const world = worldOf(armed);
      for (const place of [at(1), at(3), at(2, { source: from(CAR, 6000) })])
        assert.equal(world.enter(place)[0]?.packet.ipDst, ipv4ToNumber(CORE.address));
      const there = worldOf({ ...armed, place: at(2) });
      assert.equal(there.enter(at(2))[0]?.packet.ipDst, ipv4ToNumber(CORE.address));
    });

    for (const trust of ['access', 'proof'] as const)
      it(`carry the unconfirmed bit where trust is ${trust}, and are answered all the same`, () => {
        const world = worldOf(armed, networkOf({ trust }));
        for (const place of [at(2), at(3)]) {
          assert.equal(decodeTag(world.enter(place)[0]!.packet.udpSrc).unconfirmed, true);
          assert.deepEqual(world.answersTo(place), [backAt(place)]);
        }
        assert.equal(decodeTag(world.enter(at(1))[0]!.packet.udpSrc).unconfirmed, false);
        assert.deepEqual(world.answersTo(at(1)), [backAt(at(1))]);
      });
  });

  describe('of a vehicle with two homes', () => {
    it('copy frames of neither, and answer each where it came in', () => {
      const world = worldOf({ also: at(4) });
      for (const place of [at(1), at(4)]) assert.deepEqual(world.answersTo(place), [backAt(place)]);
      assert.equal(world.copies.length, 0);
      world.enter(at(2));
      assert.equal(world.copies.length, 1);
    });

    it('answer each at its own source where the sources differ, and let neither have answers of the other', () => {
      const other = at(2, { source: from('10.112.0.9', 7000), mac: 0x020000000009 });
      const world = worldOf({ also: other });
      for (const place of [at(1), other]) assert.deepEqual(world.answersTo(place), [backAt(place)]);
      assert.equal(world.copies.length, 0);
      const crossed = at(2);
      assert.equal(world.enter(crossed).length, 1);
      assert.deepEqual(world.answersTo(crossed), []);
    });
  });

  describe('where trust is proof', () => {
    const network = networkOf({ trust: 'proof' });

    it('give a stranger a tag that leads nowhere until its return is there, and then one of its own', () => {
      const stranger = at(2, { source: from('10.112.0.66') });
      const world = worldOf({}, network);
      assert.deepEqual(decodeTag(world.enter(stranger)[0]!.packet.udpSrc), {
        unconfirmed: true,
        datapath: 1,
        inPort: 0,
      });
      assert.deepEqual(world.answersTo(stranger), []);
      world.show(viewOf({ returns: [stranger] }));
      assert.deepEqual(decodeTag(world.enter(stranger)[0]!.packet.udpSrc).inPort, 2);
      assert.deepEqual(world.answersTo(stranger), [backAt(stranger)]);
      // the known source at that very port would have the same tag
      assert.deepEqual(world.answersTo(at(2)), []);
      assert.deepEqual(world.answersTo(at(3)), [backAt(at(3))]);
    });

    it('lead from a port to the one station there that is asked, and not with the answers to another of the same source', () => {
      const [car, other] = [at(2), at(2, { mac: OTHER_MAC })];
      const world = worldOf({ returns: [other] }, network);
      assert.deepEqual(decodeTag(world.enter(car)[0]!.packet.udpSrc).inPort, 0);
      assert.deepEqual(world.stationsAnswered(car), []);
      assert.deepEqual(world.stationsAnswered(other), [OTHER_MAC]);
      assert.deepEqual(world.stationsAnswered(at(3)), [CAR_MAC]);
      world.show(viewOf({ returns: [car] }));
      assert.deepEqual(world.stationsAnswered(car), [CAR_MAC]);
      assert.deepEqual(world.stationsAnswered(other), [CAR_MAC]);
      world.show(viewOf({ place: car, returns: [other] }));
      assert.deepEqual(world.stationsAnswered(car), [CAR_MAC]);
    });

    it('tell two stations with one new source at a port apart, too, also of a vehicle without a place', () => {
      const { place: _, ...waiting } = viewOf();
      const first = at(2, { source: from('10.112.0.66') });
      const second = { ...first, mac: OTHER_MAC };
      for (const view of [waiting, viewOf()]) {
        const world = new World(network, { ...view, returns: [second] });
        assert.deepEqual(world.stationsAnswered(second), [OTHER_MAC]);
        assert.deepEqual(world.stationsAnswered(first), []);
      }
    });

    it('take frames of somebody who shares a port to the standby host of its domain like all others', () => {
      const armed = [{ domain: 'edge-2', host: EDGE2 }];
      const other = at(2, { mac: OTHER_MAC });
      const world = worldOf({ armed, returns: [other] }, network);
      for (const place of [at(2), other])
        assert.equal(world.enter(place)[0]?.packet.ipDst, ipv4ToNumber(EDGE2.address));
    });

    it('let the first frame of a vehicle without a place name its port, so that it can be confirmed', () => {
      const { place: _, ...waiting } = viewOf();
      const world = new World(network, waiting);
      assert.deepEqual(decodeTag(world.enter(at(2))[0]!.packet.udpSrc), { unconfirmed: true, datapath: 1, inPort: 2 });
    });
  });

  it('let who floods one port keep nobody at another from being seen, once he is in doubt there', () => {
    for (const [doubted, seen] of [
      [[], 0],
      [[{ datapath: 1, port: 2 }], 1],
    ] as const) {
      const world = worldOf({ doubted }, networkOf({ trust: 'proof' }));
      for (let frame = 0; frame < 100; frame++) world.enter(at(2));
      assert.ok(world.copies.length < 20, 'his copies are metered, too');
      const before = world.copies.length;
      world.enter(at(3));
      assert.equal(world.copies.length - before, seen);
    }
  });

  it('give only the last of two strangers at one port an answer, and neither that of the other', () => {
    const [a, b] = [at(2, { source: from(CAR, 6000) }), at(2, { source: from(CAR, 6001) })];
    const world = worldOf({ returns: [a, b] });
    assert.deepEqual(world.answersTo(b), [backAt(b)]);
    assert.equal(world.enter(a).length, 1);
    assert.deepEqual(world.answersTo(a), []);
  });

  it('let somebody at another port with the addresses of the car have none of the answers to it', () => {
    for (const trust of ['access', 'proof'] as const) {
      const world = worldOf({}, networkOf({ trust }));
      world.enter(at(2, { mac: 0x02000000bad0 }));
      assert.deepEqual(world.answersTo(at(1)), [backAt(at(1))]);
    }
  });
});
