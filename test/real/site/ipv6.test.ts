import assert from 'node:assert/strict';
import { join } from 'node:path';
import { packageRoot } from '../../../common/package-root.js';
import { ipv6Of } from '../../../lab/netns/address-plan.js';
import { CORE, carPlace } from '../../../lab/site/layout.js';
import type { SiteOptions } from '../../../lab/site/site.js';
import { signalAnswer } from '../../../protocol/api/vmd.js';
import { isIpv6 } from '../../../protocol/ipv6.js';
import { SiteJourney, needsSite } from './harness.js';

const SIX = 0;
const FOUR = 1;
/** Reads by CoAP, in a place of its own: MODULE HOST PATH. */
const READ = `
const [module, hostname, pathname] = process.argv.slice(1);
const asked = require(module).request({ hostname, pathname, query: 'maxAge=0' });
asked.on('response', ({ payload }) => process.stdout.write(payload, () => process.exit()));
asked.end();
`;

const SITES: Readonly<Record<string, SiteOptions>> = {
  'on one switch': {},
  'on two switches, where reports prove who sends': { switches: 2, trust: 'proof' },
};

for (const [where, options] of Object.entries(SITES))
  describe(`a car over IPv6, beside one over IPv4, ${where}`, () => {
    before(needsSite);
    let journey: SiteJourney;
    before(async () => {
      journey = await SiteJourney.open({ ...options, cars: 2, ipv6: true, overIpv6: [SIX] });
      for (const car of [SIX, FOUR]) await journey.actsIn(car, 'edge-1');
    });
    after(() => journey?.[Symbol.asyncDispose]());

    const sourceOf = async (car: number): Promise<string | undefined> =>
      (await journey.vehicle(car))?.attachment?.source.address;

    /** What the twin says when it has to ask the car. */
    const measured = async (car: number) => {
      const { vehicle, host } = (await journey.vehicle(car)) ?? {};
      const words = [
        join(packageRoot(), 'node_modules/coap'),
        host?.address ?? '',
        `/v/${vehicle}/s/Vehicle.OBD.Speed`,
      ];
      const printed = await journey.system.network.run(CORE, [process.execPath, '-e', READ, ...words]);
      return signalAnswer.parse(JSON.parse(printed));
    };

    it('each is registered, and reports, over its own family', async () => {
      const [six, four] = [await journey.vehicle(SIX), await journey.vehicle(FOUR)];
      const { network } = journey.system;
      assert.equal(six?.attachment?.source.address, ipv6Of(network.addressOf(carPlace(SIX))));
      assert.equal(four?.attachment?.source.address, network.addressOf(carPlace(FOUR)));
      for (const record of [six, four])
        assert.deepEqual(record?.twin6, { address: ipv6Of(record?.twin.address ?? ''), port: 5_683 });
    });

    it('by port: the twins follow into the other domain', async () => {
      await Promise.all([SIX, FOUR].map(car => journey.moveTo(car, 'edge-2')));
      for (const car of [SIX, FOUR]) {
        const { host } = await journey.actsIn(car, 'edge-2');
        assert.ok(host?.address6 !== undefined && isIpv6(host.address6));
        await journey.acknowledges(car);
      }
    });

    it('by address: the car keeps its twin, which knows it by its new address', async () => {
      await journey.readdress(SIX, '10.112.7.7');
      await journey.acknowledges(SIX);
      await journey.until('the move is known', async () => (await sourceOf(SIX)) === ipv6Of('10.112.7.7'));
      assert.equal((await journey.vehicle(SIX))?.acting?.domain, 'edge-2');
    });

    it('by both at once, while the other stays', async () => {
      await journey.readdress(SIX, '10.112.8.8');
      await journey.moveTo(SIX, 'edge-1');
      await journey.actsIn(SIX, 'edge-1');
      await journey.acknowledges(SIX);
      await journey.until('the move is known', async () => (await sourceOf(SIX)) === ipv6Of('10.112.8.8'));
      assert.equal((await journey.actsIn(FOUR, 'edge-2')).attachment?.source.address, await sourceOf(FOUR));
    });

    it('the twins ask their cars, each over the family that it reports by', async () => {
      for (const car of [SIX, FOUR]) {
        const { source, provisional } = await measured(car);
        assert.deepEqual([source, provisional], ['measured', false]);
      }
    });

    it('by family: a car that goes over to IPv6 keeps its twin', async () => {
      const { acting } = await journey.actsIn(FOUR, 'edge-2');
      const { supervisor, network } = journey.system;
      const part = supervisor.state('device-car-2')?.part;
      assert.ok(part !== undefined && part.argv.includes('ipv4'));
      await supervisor.stop(part.name);
      await supervisor.start({ ...part, argv: part.argv.map(word => (word === 'ipv4' ? 'ipv6' : word)) });
      await journey.until(
        'the change is known',
        async () => (await sourceOf(FOUR)) === ipv6Of(network.addressOf(carPlace(FOUR))),
      );
      await journey.acknowledges(FOUR);
      assert.deepEqual((await journey.actsIn(FOUR, 'edge-2')).acting, acting);
      assert.equal((await measured(FOUR)).source, 'measured');
    });

    it('and nothing is lost, doubled or left over', async () => {
      const outcome = await journey.endsClean();
      assert.equal(outcome.handovers.failed, 0);
    });
  });
