import assert from 'node:assert/strict';
import { openNetwork, type Network } from '../../../lab/netns/network.js';
import type { NetnsSpecInput } from '../../../lab/netns/spec.js';
import { openOpenVSwitch, type OpenVSwitch } from '../../../lab/open-vswitch/open-vswitch.js';
import { eventually } from '../../fakes/eventually.js';
import { COAP, SMALL, endAll, needsLab, openSocket } from './lab.js';

const TAGGED: NetnsSpecInput = structuredClone(SMALL);
const [first] = TAGGED.topology.switches[0]?.ports ?? [];
if (first?.role === 'access') first.vlan = 10;

describe('a link of the network lab', function () {
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

  it('doubles frames as the spec says, until it is told otherwise', async () => {
    await open({ ...SMALL, links: { 'access:ap-1': { doubled: 1 } } });
    await flows.addFlows(['actions=NORMAL']);
    const host = await openSocket(network, 'host-1', COAP);
    const car = await openSocket(network, 'car-1', COAP);
    const to = network.addressOf('host-1');
    const heard: string[] = [];
    car.send(to, COAP, 'doubled');
    for (let n = 0; n < 2; n++) heard.push((await host.next()).text);
    await network.setLink('access:ap-1', { delayMs: 0, loss: 0 });
    for (const text of ['once', 'the end']) {
      car.send(to, COAP, text);
      heard.push((await host.next()).text);
    }
    assert.deepEqual(heard, ['doubled', 'doubled', 'once', 'the end']);
  });

  it('delays frames as the spec says: a later datagram over another access point overtakes', async () => {
    await open({ ...SMALL, links: { 'access:ap-1': { delayMs: 500 } } });
    await flows.addFlows(['actions=NORMAL']);
    const host = await openSocket(network, 'host-1', COAP);
    const car = await openSocket(network, 'car-1', COAP);
    const to = network.addressOf('host-1');
    car.send(to, COAP, 'over the slow link');
    await left(network, 's1p1', 1);
    await network.moveTo('car-1', 'ap-2');
    car.send(to, COAP, 'over the other');
    assert.deepEqual([(await host.next()).text, (await host.next()).text], ['over the other', 'over the slow link']);
  });

  it('keeps the controller away from a switch where the spec says so, and from nobody else', async () => {
    await open({ ...SMALL, links: { 'control:1': { delayMs: 10_000 } } });
    const near = network.plan.stations.find(({ name }) => name === 'host-1')?.controlAddress ?? '';
    for (const place of ['sw-1', 'host-1']) await openSocket(network, place, COAP, 'echo');
    const manager = await openSocket(network, 'manager', COAP);
    manager.send(flows.address, COAP, 'the switch');
    // so many that any answer of the switch would be among them
    for (let n = 0; n < 50; n++) {
      manager.send(near, COAP, 'a host');
      assert.equal((await manager.next()).text, 'a host');
    }
  });

  it('loses what it is told to lose, and can be changed while frames flow', async () => {
    await open({ ...SMALL, links: { 'access:ap-1': { loss: 1 } } });
    await flows.addFlows(['actions=NORMAL']);
    const host = await openSocket(network, 'host-1', COAP);
    const car = await openSocket(network, 'car-1', COAP);
    for (let i = 0; i < 10; i++) car.send(network.addressOf('host-1'), COAP, 'lost');
    await left(network, 's1p1', 10);
    await network.setLink('access:ap-1', { delayMs: 0, loss: 0 });
    car.send(network.addressOf('host-1'), COAP, 'arrives');
    assert.equal((await host.next()).text, 'arrives');
    await assert.rejects(network.setLink('access:ap-2', { delayMs: 1, loss: 0 }), { code: 'LAB_FAILED' });
    await assert.rejects(network.setLink('access:ap-9', { up: false }), { code: 'LAB_FAILED' });
  });

  it('carries a VLAN tag on an access port that has one, and the car sees none of it', async () => {
    await open(TAGGED);
    await flows.addFlows([
      'in_port=1,dl_vlan=10,actions=strip_vlan,output:101',
      'in_port=101,actions=push_vlan:0x8100,set_field:4106->vlan_vid,output:1',
      'in_port=2,dl_vlan=0xffff,actions=drop',
    ]);
    const host = await openSocket(network, 'host-1', COAP, 'echo');
    const car = await openSocket(network, 'car-1', COAP);
    car.send(network.addressOf('host-1'), COAP, 'tagged');
    assert.deepEqual([(await host.next()).text, (await car.next()).text], ['tagged', 'tagged']);
  });

  for (const [what, links] of [
    ['a cable', {}],
    ['a relay', { 'access:ap-1': { delayMs: 1 } }],
  ] as const)
    it(`takes the carrier of the switch port when it is cut, and gives it back: ${what}`, async () => {
      await open({ ...SMALL, links });
      const state = async (): Promise<string> =>
        /1\(s1p1\)[\s\S]*?state: +(\S+)/.exec(await flows.ofctl('dump-ports-desc'))?.[1] ?? '';
      const becomes = (wanted: RegExp): Promise<void> =>
        eventually(`port 1 is ${wanted.source}`, async () => wanted.test(await state()));
      await becomes(/^(0|LIVE)$/);
      await network.setLink('access:ap-1', { up: false });
      await becomes(/LINK_DOWN/);
      await network.setLink('access:ap-1', { up: true });
      await becomes(/^(0|LIVE)$/);
    });
});

/** Waits until a car's device has sent `frames`: its own kernel counts them (/proc/net/dev, the tenth column). */
const left = (network: Network, device: string, frames: number): Promise<void> =>
  eventually(`${frames} frames have left ${device}`, async () => {
    const lines = (await network.run('car-1', ['cat', '/proc/net/dev'])).split('\n');
    const columns =
      lines
        .find(line => line.trim().startsWith(`${device}:`))
        ?.trim()
        .split(/\s+/) ?? [];
    return Number(columns[10]) >= frames;
  });
