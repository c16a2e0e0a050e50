import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { openNetwork, type Network } from '../../../lab/netns/network.js';
import { processesOf } from '../../../lab/netns/sweep.js';
import { openOpenVSwitch, type OpenVSwitch } from '../../../lab/open-vswitch/open-vswitch.js';
import { ALIAS, COAP, SMALL, TWIN, handMade, needsLab, openSocket } from './lab.js';

const TAG = 0x800; // datapath 1

describe('a network of namespaces', function () {
  this.timeout(60_000);
  let network: Network;
  let flows: OpenVSwitch;
  before(needsLab);
  beforeEach(async () => {
    network = await openNetwork(SMALL);
    flows = await openOpenVSwitch(network, 1);
  });
  afterEach(async () => {
    const errors = await network.checksumErrors();
    await network[Symbol.asyncDispose]();
    assert.deepEqual(errors, {});
    assert.deepEqual([processesOf(network.folder), existsSync(network.folder)], [[], false]);
  });

  it('carries a datagram to a host under rewritten addresses, and the answer back', async () => {
    await flows.addFlows(handMade(network, 'host-1', 101));
    const host = await openSocket(network, 'host-1', COAP, 'echo');
    const car = await openSocket(network, 'car-1', COAP);
    car.send(TWIN, COAP, 'a report');
    assert.deepEqual(await host.next(), { text: 'a report', address: ALIAS, port: TAG + 1 });
    assert.deepEqual(await car.next(), { text: 'a report', address: TWIN, port: COAP });
  });

  it('moves a car to another port, which its next datagram comes in by and its answer leaves by', async () => {
    await flows.addFlows(handMade(network, 'host-1', 101));
    const host = await openSocket(network, 'host-1', COAP, 'echo');
    const car = await openSocket(network, 'car-1', COAP);
    for (const [accessPoint, port] of [
      ['ap-2', 2],
      ['ap-1', 1],
      ['ap-2', 2],
    ] as const) {
      await network.moveTo('car-1', accessPoint);
      car.send(TWIN, COAP, accessPoint);
      assert.deepEqual(await host.next(), { text: accessPoint, address: ALIAS, port: TAG + port });
      assert.equal((await car.next()).text, accessPoint);
    }
  });

  it('changes the address of a car whose socket stays open', async () => {
    await flows.addFlows(['actions=NORMAL']);
    const host = await openSocket(network, 'host-1', COAP, 'echo');
    const car = await openSocket(network, 'car-1', COAP);
    const before = network.addressOf('car-1');
    car.send(network.addressOf('host-1'), COAP, 'before');
    assert.equal((await host.next()).address, before);
    await network.setAddress('car-1', '10.112.7.7');
    car.send(network.addressOf('host-1'), COAP, 'after');
    assert.equal((await host.next()).address, '10.112.7.7');
    assert.deepEqual([(await car.next()).text, (await car.next()).text], ['before', 'after']);
    assert.equal(network.addressOf('car-1'), '10.112.7.7');
  });

  it('comes back empty when ovs-vswitchd was killed and started again', async () => {
    await flows.addFlows(handMade(network, 'host-1', 101));
    assert.equal((await flows.dumpFlows()).length, 3);
    const before = flows.pid;
    await flows.kill();
    await assert.rejects(flows.dumpFlows(), { code: 'SWITCH_REFUSED' });
    await flows.restart();
    assert.notEqual(flows.pid, before);
    assert.deepEqual(await flows.dumpFlows(), []);
    await flows.addFlows(handMade(network, 'host-1', 101));
    const host = await openSocket(network, 'host-1', COAP);
    const car = await openSocket(network, 'car-1', COAP);
    car.send(TWIN, COAP, 'again');
    assert.equal((await host.next()).text, 'again');
  });
});
