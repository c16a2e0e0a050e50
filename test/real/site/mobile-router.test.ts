import assert from 'node:assert/strict';
import { SiteJourney, needsSite } from './harness.js';

const ROUTER = 'router-1';

describe('a car behind a router with NAT', () => {
  before(needsSite);
  let journey: SiteJourney;
  before(async () => {
    journey = await SiteJourney.open({ routers: [ROUTER], points: { 'ap-3': { vlan: 30 }, 'ap-4': { vlan: 40 } } });
    await journey.actsIn(0, 'edge-1');
  });
  after(() => journey?.[Symbol.asyncDispose]());

  const isKnownAt = async (accessPoint: string, address: string): Promise<number> => {
    const source = await journey.until(`it is known at ${accessPoint}`, async () => {
      const found = (await journey.vehicle(0))?.attachment;
      return found?.accessPoint === accessPoint && found.source.address === address && found.source;
    });
    return source.port;
  };

  it('gets behind it: new MAC address, new source; its twin stays', async () => {
    const { network } = journey.system;
    await journey.move(0, ROUTER);
    await isKnownAt('ap-1', network.addressOf(ROUTER));
    await journey.acknowledges(0);
    assert.equal((await journey.vehicle(0))?.acting?.domain, 'edge-1');
  });

  it('moves with it into the other domain', async () => {
    const { network } = journey.system;
    await network.moveTo(ROUTER, 'ap-2');
    await isKnownAt('ap-2', network.addressOf(ROUTER));
    await journey.actsIn(0, 'edge-2');
    await journey.acknowledges(0);
  });

  it('is known by the port that the router chooses next', async () => {
    const { network } = journey.system;
    const before = await isKnownAt('ap-2', network.addressOf(ROUTER));
    await network.rebind(ROUTER);
    await journey.until('the source port is another', async () => {
      const port = (await journey.vehicle(0))?.attachment?.source.port;
      return port !== undefined && port !== before;
    });
    await journey.acknowledges(0);
    assert.equal((await journey.vehicle(0))?.acting?.domain, 'edge-2');
  });

  it('moves with it to a VLAN access port, and inside the VLANs', async () => {
    const { network } = journey.system;
    await network.moveTo(ROUTER, 'ap-3');
    await journey.actsIn(0, 'edge-1');
    await isKnownAt('ap-3', network.addressOf(ROUTER));
    await journey.acknowledges(0);
    await network.moveTo(ROUTER, 'ap-4');
    await journey.actsIn(0, 'edge-2');
    await journey.acknowledges(0);
  });

  it('leaves it in the other domain, for an access port with and one without a VLAN', async () => {
    const { network } = journey.system;
    await journey.move(0, 'ap-3');
    await isKnownAt('ap-3', network.addressOf('car-1'));
    await journey.actsIn(0, 'edge-1');
    await journey.acknowledges(0);
    await journey.move(0, 'ap-2');
    await isKnownAt('ap-2', network.addressOf('car-1'));
    await journey.actsIn(0, 'edge-2');
    await journey.acknowledges(0);
  });

  it('and nothing is lost, doubled or left over', async () => {
    const outcome = await journey.endsClean();
    assert.equal(outcome.handovers.failed, 0);
  });
});
