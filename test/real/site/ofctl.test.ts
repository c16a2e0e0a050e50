import { HttpClient } from '../../../protocol/api/http-client.js';
import { SiteJourney, needsSite } from './harness.js';

const PORTS = { 'ap-1': 1, 'ap-2': 2 } as const;

describe('with the stock ofctl_rest alone', () => {
  before(needsSite);
  let journey: SiteJourney;
  after(() => journey?.[Symbol.asyncDispose]());

  const isAt = async (accessPoint: keyof typeof PORTS): Promise<void> => {
    const { network, urls } = journey.system;
    await using sdn = new HttpClient(urls.sdn, { connections: 1 });
    const source = { address: network.addressOf('car-1'), port: 5683 };
    await sdn.call('PUT', '/v1/attachments/car-1', { body: { datapath: 1, port: PORTS[accessPoint], source } });
  };

  it('a car that somebody says where it is gets its acknowledgements', async () => {
    journey = await SiteJourney.opened({
      controller: 'ryu',
      extra: {
        'sdn-app': ['--switch-ryu-app', 'absent'],
        'md-manager': ['--arming-enabled', 'false'],
      },
    });
    await journey.until('the car is registered', async () => (await journey.vehicle(0)) !== undefined);
    await isAt('ap-1');
    await journey.acknowledges(0);
    await journey.actsIn(0, 'edge-1');
  });

  it('so does one that has moved, whose twin follows', async () => {
    await journey.moveTo(0, 'edge-2');
    await isAt('ap-2');
    await journey.actsIn(0, 'edge-2');
    await journey.acknowledges(0);
  });

  it('and nothing is lost, doubled or left over', async () => {
    await journey.endsClean();
  });
});
