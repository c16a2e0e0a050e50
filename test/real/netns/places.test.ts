import assert from 'node:assert/strict';
import { ipv6Of } from '../../../lab/netns/address-plan.js';
import { installed } from '../../../lab/netns/namespaces.js';
import { openNetwork, type Network } from '../../../lab/netns/network.js';
import type { NetnsSpecInput } from '../../../lab/netns/spec.js';
import { openOpenVSwitch, type OpenVSwitch } from '../../../lab/open-vswitch/open-vswitch.js';
import { TWO_SWITCHES } from '../../fakes/netns-specs.js';
import { COAP, SMALL, TWIN, handMade, endAll, needsLab, openSocket } from './lab.js';

describe('places of the network lab', function () {
  this.timeout(60_000);
  let network: Network;
  let flows: OpenVSwitch;
  const opened: Network[] = [];
  before(needsLab);
  afterEach(() => endAll(opened));
  const open = async (spec: NetnsSpecInput): Promise<void> => {
    network = await openNetwork(spec);
    opened.push(network);
    flows = await openOpenVSwitch(network, 1);
  };

  it('show a car behind a router under the router’s addresses, and another port after a rebinding', async function () {
    if (!installed('nft')) this.skip();
    await open({
      ...SMALL,
      cars: [{ name: 'car-1', at: 'router-1' }],
      routers: [
        { name: 'router-1', at: 'ap-1' },
        { name: 'router-2', at: 'ap-2' },
      ],
    });
    const [router1, router2] = network.plan.mobiles;
    await flows.addFlows([
      `in_port=1,dl_src=${router1?.mac},actions=NORMAL`,
      `in_port=2,dl_src=${router2?.mac},actions=NORMAL`,
      'in_port=101,actions=NORMAL',
    ]);
    const host = await openSocket(network, 'host-1', COAP, 'echo');
    const car = await openSocket(network, 'car-1', COAP);
    const report = async (text: string): Promise<{ address: string; port: number }> => {
      car.send(network.addressOf('host-1'), COAP, text);
      const came = await host.next();
      assert.deepEqual([came.text, (await car.next()).text], [text, text]);
      return came;
    };
    const first = await report('behind router-1');
    assert.equal(first.address, network.addressOf('router-1'));
    assert.deepEqual(await report('the same mapping'), { ...first, text: 'the same mapping' });
    await network.rebind('router-1');
    const rebound = await report('after a rebinding');
    assert.equal(rebound.address, first.address);
    assert.notEqual(rebound.port, first.port);
    await network.moveTo('car-1', 'router-2');
    assert.equal((await report('behind router-2')).address, network.addressOf('router-2'));
    await network.setAddress('router-2', '10.112.99.99');
    assert.equal((await report('router-2 with another address')).address, '10.112.99.99');
  });

  it('move by themselves in a fleet, one address after the other', async () => {
    await open({ ...SMALL, cars: [{ name: 'fleet', at: 'ap-1', count: 20 }] });
    await flows.addFlows(handMade(network, 'host-1', 101, 'fleet'));
    const [fleet] = network.plan.mobiles;
    const [one = '', two = ''] = fleet?.addresses.slice(17) ?? [];
    const host = await openSocket(network, 'host-1', COAP);
    const first = await openSocket(network, 'fleet', COAP, 'quiet', one);
    const second = await openSocket(network, 'fleet', COAP, 'quiet', two);
    const ports = async (): Promise<readonly number[]> => {
      first.send(TWIN, COAP, 'first');
      const { port } = await host.next();
      second.send(TWIN, COAP, 'second');
      return [port & 0x7ff, (await host.next()).port & 0x7ff];
    };
    assert.deepEqual(await ports(), [1, 1]);
    await network.moveAddress('fleet', two, 'ap-2');
    assert.deepEqual(await ports(), [1, 2]);
    await network.moveAddress('fleet', one, 'ap-2');
    await network.moveAddress('fleet', two, 'ap-1');
    assert.deepEqual(await ports(), [2, 1]);
    await network.moveTo('fleet', 'ap-2');
    assert.deepEqual(await ports(), [2, 2]);
    await assert.rejects(network.moveAddress('fleet', '10.112.200.1', 'ap-1'), { code: 'LAB_FAILED' });
  });

  it('find one another by ARP where the spec says so; a car answers at its own access point alone', async () => {
    await open({ ...SMALL, neighbours: 'arp' });
    await flows.addFlows(['actions=NORMAL']);
    const car = await openSocket(network, 'car-1', COAP, 'echo');
    const host = await openSocket(network, 'host-1', COAP);
    const [{ mac = '' } = {}] = network.plan.mobiles;
    const learnedAt = async (): Promise<readonly (string | undefined)[]> => {
      const rows = (await flows.appctl('fdb/show', flows.bridge)).split('\n').map(row => row.trim().split(/\s+/));
      return rows.filter(row => row[2] === mac).map(([port]) => port);
    };
    for (const [at, port] of [
      ['ap-1', '1'],
      ['ap-2', '2'],
    ] as const) {
      await network.moveTo('car-1', at);
      await network.run('host-1', ['ip', 'neigh', 'flush', 'dev', 'data']);
      host.send(network.addressOf('car-1'), COAP, at);
      assert.deepEqual([(await car.next()).text, (await host.next()).text], [at, at]);
      assert.deepEqual(await learnedAt(), [port]);
    }
  });

  it('have IPv6 addresses beside the others where the spec says so, and move with them', async () => {
    await open({ ...SMALL, ipv6: true });
    await flows.addFlows(['actions=NORMAL']);
    const host = await openSocket(network, 'host-1', COAP, 'echo6');
    const car = await openSocket(network, 'car-1', COAP, '6');
    const to = ipv6Of(network.addressOf('host-1'));
    for (const at of ['ap-1', 'ap-2', 'ap-1']) {
      await network.moveTo('car-1', at);
      car.send(to, COAP, at);
      assert.deepEqual(await host.next(), { text: at, address: ipv6Of(network.addressOf('car-1')), port: COAP });
      assert.equal((await car.next()).text, at);
    }
    await network.setAddress('car-1', '10.112.7.7');
    car.send(to, COAP, 'another address');
    assert.equal((await host.next()).address, ipv6Of('10.112.7.7'));
    assert.equal((await car.next()).text, 'another address');
  });

  it('reach over a trunk what is at the other switch; each switch can be killed by itself', async () => {
    await open(TWO_SWITCHES);
    const second = await openOpenVSwitch(network, 2);
    await flows.addFlows(['actions=NORMAL']);
    await second.addFlows(['actions=NORMAL']);
    const far = await openSocket(network, 'host-1', COAP, 'echo');
    const near = await openSocket(network, 'host-2', COAP, 'echo');
    const car = await openSocket(network, 'car-1', COAP);
    car.send(network.addressOf('host-1'), COAP, 'over the trunk');
    assert.deepEqual([(await far.next()).text, (await car.next()).text], ['over the trunk', 'over the trunk']);
    await flows.kill();
    car.send(network.addressOf('host-2'), COAP, 'at its own switch');
    assert.deepEqual([(await near.next()).text, (await car.next()).text], ['at its own switch', 'at its own switch']);
    assert.equal((await second.dumpFlows()).length, 1);
  });
});
