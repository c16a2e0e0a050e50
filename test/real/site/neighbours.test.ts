import assert from 'node:assert/strict';
import { GATEWAY, GATEWAY_MAC, ipv6Of } from '../../../lab/netns/address-plan.js';
import { carPlace, hostsPlace } from '../../../lab/site/layout.js';
import { SiteJourney, needsSite } from './harness.js';

const ROUTER = 'router-1';
const SIX = 2;

describe('on a network where everybody has to ask for MAC addresses', () => {
  before(needsSite);
  let journey: SiteJourney;
  before(async () => {
    journey = await SiteJourney.open({ cars: 3, neighbours: 'arp', ipv6: true, overIpv6: [SIX], routers: [ROUTER] });
    for (const car of [0, 1, SIX]) await journey.actsIn(car, 'edge-1');
  });
  after(() => journey?.[Symbol.asyncDispose]());

  const askedFor = async (place: string, gateway: string): Promise<string> =>
    journey.system.network.run(place, ['ip', 'neigh', 'show', 'to', gateway]);

  it('the gateway is found by ARP and by ND, by cars and by hosts', async () => {
    for (const [place, gateway] of [
      [carPlace(0), GATEWAY],
      [hostsPlace('edge-1'), GATEWAY],
      [carPlace(SIX), ipv6Of(GATEWAY)],
      [hostsPlace('edge-1'), ipv6Of(GATEWAY)],
    ] as const) {
      const found = await askedFor(place, gateway);
      assert.match(found, new RegExp(`lladdr ${GATEWAY_MAC} `), `${place} found ${gateway}`);
      assert.doesNotMatch(found, /PERMANENT/);
    }
  });

  it('a car asks anew at the port that it moves to, over either family', async () => {
    for (const car of [0, SIX]) {
      await journey.moveTo(car, 'edge-2');
      await journey.actsIn(car, 'edge-2');
      await journey.acknowledges(car);
    }
  });

  it('two cars behind one router have one source address, and a twin each', async () => {
    const { network } = journey.system;
    const behind = async (car: number): Promise<number> =>
      journey.until(`car ${car} is known behind the router`, async () => {
        const source = (await journey.vehicle(car))?.attachment?.source;
        return source?.address === network.addressOf(ROUTER) && source.port;
      });
    for (const car of [0, 1]) await journey.move(car, ROUTER);
    const ports = [await behind(0), await behind(1)];
    assert.notEqual(ports[0], ports[1]);
    for (const car of [0, 1]) {
      await journey.actsIn(car, 'edge-1');
      await journey.acknowledges(car);
    }
    await network.moveTo(ROUTER, 'ap-2');
    for (const car of [0, 1]) {
      await journey.actsIn(car, 'edge-2');
      await journey.acknowledges(car);
    }
    assert.deepEqual([await behind(0), await behind(1)], ports);
  });

  it('the port of a car goes down, and it comes by another one: the detector says so', async () => {
    const { network } = journey.system;
    await network.setLink('access:ap-2', { up: false });
    await journey.moveTo(SIX, 'edge-1');
    await journey.actsIn(SIX, 'edge-1');
    await journey.acknowledges(SIX);
    await network.setLink('access:ap-2', { up: true });
    for (const car of [0, 1]) await journey.acknowledges(car);
    assert.equal((await journey.flows(SIX))?.lastMove?.detector, 'port-down');
  });

  it('and nothing is lost, doubled or left over', async () => {
    const outcome = await journey.endsClean();
    assert.equal(outcome.handovers.failed, 0);
  });
});
