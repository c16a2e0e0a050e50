import assert from 'node:assert/strict';
import { decodeTag, ipv4ToNumber } from '../../../../protocol/addresses.js';
import { baseFlows } from '../../../../sdn-app/redirect/base.js';
import { vehicleFlows } from '../../../../sdn-app/redirect/vehicle.js';
import { CAR, EDGE2, NUMBER, PLAIN, World, at, backAt, from, networkOf, textOf, viewOf } from './world.js';

const network = networkOf({ abilities: () => PLAIN });

describe('tables of a switch without moves', () => {
  it('need nothing beyond OpenFlow 1.3', () => {
    const view = viewOf({
      armed: [{ domain: 'edge-2', host: EDGE2 }],
      left: [at(2)],
      returns: [at(2, { source: from(CAR, 9) })],
    });
    const flows = [1, 2].flatMap(datapath => [
      ...baseFlows(network, datapath),
      ...vehicleFlows(network, datapath, view),
    ]);
    const used = new Set(flows.flatMap(({ actions }) => actions.map(action => action.do)));
    for (const what of ['move', 'moveWide', 'load'] as const) assert.ok(!used.has(what));
    const set = flows.flatMap(({ actions }) => actions.flatMap(action => (action.do === 'set' ? [action.field] : [])));
    assert.ok(set.every(field => !field.startsWith('reg')));
    for (const { match } of flows) {
      assert.equal(match.fragment, undefined);
      for (const port of [match.udpSrc, match.udpDst]) assert.ok(port === undefined || port.mask === 0xffff);
    }
  });

  it('serve a moved car at once, with a copy of the frame as it came, and answer where the car was until the re-route', () => {
    const world = new World(network, viewOf());
    const moved = at(2, { mac: 0x0a0b0c0d0e0f });
    assert.equal(world.enter(moved)[0]?.packet.ipDst, ipv4ToNumber('10.96.0.1'));
    assert.deepEqual(world.lastCopy(), { of: 'vehicle', number: NUMBER, place: moved, tag: 'confirmed' });
    assert.deepEqual(world.answersTo(moved), [backAt(at(1))]);
  });

  it('answer at both places for a while after a move, then at the new one', () => {
    const world = new World(network, viewOf({ place: at(2), left: [at(1)] }));
    for (const place of [at(1), at(2)]) assert.deepEqual(world.answersTo(place), [backAt(at(1)), backAt(at(2))]);
    world.show(viewOf({ place: at(2) }));
    assert.deepEqual(world.answersTo(at(2)), [backAt(at(2))]);
  });

  it('put the tag of a VLAN on the last answer alone', () => {
    const world = new World(network, viewOf({ place: at(3), left: [at(1)] }));
    assert.deepEqual(world.answersTo(at(3)), [backAt(at(1)), backAt(at(3))]);
    world.show(viewOf({ place: at(1), left: [at(3)] }));
    assert.deepEqual(world.answersTo(at(1)), [backAt(at(1)), backAt(at(3))]);
  });

  it('say the port in the tag where they know it, and answer a stranger once its return is there', () => {
    const stranger = at(2, { source: from(CAR, 6000) });
    const world = new World(network, viewOf());
    const tag = (place: typeof stranger) => decodeTag(world.enter(place)[0]!.packet.udpSrc);
    assert.deepEqual(tag(at(1)), { unconfirmed: false, datapath: 1, inPort: 1 });
    assert.deepEqual(tag(stranger), { unconfirmed: true, datapath: 1, inPort: 0 });
    assert.deepEqual(world.lastCopy(), { of: 'vehicle', number: NUMBER, place: stranger, tag: 'unconfirmed' });
    assert.deepEqual(world.answersTo(stranger), []);
    world.show(viewOf({ returns: [stranger] }));
    assert.deepEqual(tag(stranger), { unconfirmed: true, datapath: 1, inPort: 2 });
    assert.deepEqual(world.answersTo(stranger), [backAt(stranger)]);
  });

  it('take a frame to an armed host, and reach hosts behind the other switch', () => {
    const world = new World(network, viewOf({ armed: [{ domain: 'edge-2', host: EDGE2 }] }));
    const [out] = world.enter(at(2));
    assert.deepEqual([out?.datapath, out?.port], [2, 12]);
    assert.deepEqual(world.answer(out!).map(textOf), [backAt(at(1))]);
  });

  it('copy nothing where nobody would get it', () => {
    const deaf = networkOf({ abilities: () => ({ ...PLAIN, packetIns: false }) });
    const flows = [...baseFlows(deaf, 1), ...vehicleFlows(deaf, 1, viewOf())];
    assert.ok(
      flows.every(({ actions }) => actions.every(action => action.do !== 'output' || action.to !== 'CONTROLLER')),
    );
  });
});
