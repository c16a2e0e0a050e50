import assert from 'node:assert/strict';
import type { SiteOptions } from '../../../lab/site/site.js';
import { HttpClient } from '../../../protocol/api/http-client.js';
import { switchCheck } from '../../../protocol/api/sdn-app.js';
import { TABLE } from '../../../sdn-app/redirect/network.js';
import { FLOOD_EVERY_MS, impersonate, type Impersonator } from './impersonator.js';
import { SiteJourney, needsSite } from './harness.js';

const MALLORY = 'mallory';
/** Neither takes much of what the meter of a port lets through. */
const AS_OFTEN_AS_THE_CAR_MS = 500;
const AUTHENTICATED = ['ap-1', 'ap-2', 'ap-3'];

const open = (trust: SiteOptions['trust']): Promise<SiteJourney> =>
  SiteJourney.open({
    ...(trust === undefined ? {} : { trust }),
    fleets: [{ name: MALLORY, count: 1 }],
    points: Object.fromEntries(AUTHENTICATED.map(id => [id, { authenticated: true }])),
  });

/** Speaks as car-1 from another access point. */
async function attack(
  journey: SiteJourney,
  accessPoint: string,
  mac: 'his own' | "the car's",
  everyMs?: number,
): Promise<Impersonator> {
  const { network } = journey.system;
  const record = await journey.vehicle(0);
  assert.ok(record);
  const theirs = network.plan.mobiles.find(({ name }) => name === (mac === 'his own' ? MALLORY : 'car-1'))?.mac;
  return impersonate(network, MALLORY, record, {
    accessPoint,
    ...(theirs === undefined ? {} : { mac: theirs }),
    ...(everyMs === undefined ? {} : { everyMs }),
  });
}

/** While he goes on: the car is acknowledged and asked, he gets answers to what he asked and no others, nobody moves. */
async function isHarmless(journey: SiteJourney, he: Impersonator): Promise<void> {
  const before = await journey.vehicle(0);
  const moves = (await journey.handovers()).length;
  await journey.until('he is answered', () => Promise.resolve(he.heard.some(({ own }) => own)));
  for (let round = 0; round < 3; round++) {
    await journey.acknowledges(0);
    assert.equal(await journey.asksTheCar(0), 'measured');
  }
  assert.deepEqual(
    he.heard.filter(({ own }) => !own),
    [],
  );
  const after = await journey.vehicle(0);
  assert.deepEqual([after?.attachment, after?.acting], [before?.attachment, before?.acting]);
  assert.equal((await journey.handovers()).length, moves);
}

/** Frames that asked for a copy: those of ports where somebody is in doubt, and all others. */
async function copiesOf({ system: { urls, vehicles } }: SiteJourney): Promise<{ own: number; apart: number }> {
  await using sdn = new HttpClient(urls.sdn, { connections: 1 });
  const { flows } = await sdn.call('GET', `/v1/check?vehicle=${vehicles[0]?.vehicle}`, { answer: switchCheck });
  const copies = flows.filter(({ table }) => table === TABLE.copy);
  const sum = (of: readonly { packets: number }[]): number => of.reduce((total, { packets }) => total + packets, 0);
  const apart = copies.filter(({ matches }) => matches.some(words => words.startsWith('from port')));
  return { own: sum(copies.filter(row => !apart.includes(row))), apart: sum(apart) };
}

describe('somebody else with the addresses of a car', () => {
  before(needsSite);

  describe('where ports authenticate', () => {
    let journey: SiteJourney;
    before(async () => {
      journey = await open('access');
      await journey.actsIn(0, 'edge-1');
    });
    after(() => journey?.[Symbol.asyncDispose]());

    it('gets nothing of its traffic at such a port, with a MAC address of his own', async () => {
      await using he = await attack(journey, 'ap-2', 'his own');
      await isHarmless(journey, he);
    });

    it('nor in its own domain', async () => {
      await using he = await attack(journey, 'ap-3', 'his own');
      await isHarmless(journey, he);
    });

    it('nor at a port that lets everybody in, not even with the MAC address of the car', async () => {
      await using he = await attack(journey, 'ap-4', "the car's");
      await isHarmless(journey, he);
    });

    it('the car itself is believed at such a port', async () => {
      await journey.move(0, 'ap-2');
      await journey.actsIn(0, 'edge-2');
      await journey.acknowledges(0);
      assert.equal((await journey.vehicle(0))?.attachment?.accessPoint, 'ap-2');
    });

    it('and nothing is lost, doubled or left over', async () => {
      assert.equal((await journey.endsClean()).handovers.failed, 0);
    });
  });

  describe('where reports prove themselves', () => {
    let journey: SiteJourney;
    before(async () => {
      journey = await open('proof');
      await journey.actsIn(0, 'edge-1');
    });
    after(() => journey?.[Symbol.asyncDispose]());

    it('gets nothing of its traffic at another port', async () => {
      await using he = await attack(journey, 'ap-2', 'his own');
      await isHarmless(journey, he);
    });

    it('nor with its MAC address', async () => {
      await using he = await attack(journey, 'ap-4', "the car's");
      await isHarmless(journey, he);
    });

    it('nor where the car comes to his own port, whose tag was his before', async () => {
      await using he = await attack(journey, 'ap-2', 'his own', AS_OFTEN_AS_THE_CAR_MS);
      await journey.until('he is answered', () => Promise.resolve(he.heard.some(({ own }) => own)));
      await journey.move(0, 'ap-2');
      await journey.actsIn(0, 'edge-2');
      await journey.acknowledges(0);
      assert.equal(await journey.asksTheCar(0), 'measured');
      await journey.move(0, 'ap-1');
      await journey.actsIn(0, 'edge-1');
      await isHarmless(journey, he);
    });

    it('the car moves, and its first report there confirms it, also while somebody else speaks as it', async () => {
      await journey.moveTo(0, 'edge-2');
      await journey.actsIn(0, 'edge-2');
      await journey.acknowledges(0);
      await using he = await attack(journey, 'ap-4', "the car's");
      await journey.moveTo(0, 'edge-1');
      await journey.actsIn(0, 'edge-1');
      await isHarmless(journey, he);
    });

    it('the car moves while somebody floods its addresses: his copies are not among those of the car', async () => {
      await using he = await attack(journey, 'ap-4', "the car's", FLOOD_EVERY_MS);
      await journey.until('he is in doubt, and has sent much', async () => (await copiesOf(journey)).apart > 400);
      const begun = await copiesOf(journey);
      await journey.until('he goes on', async () => (await copiesOf(journey)).apart > begun.apart + 400);
      const { own } = await copiesOf(journey);
      assert.ok(own - begun.own < 40, `${own - begun.own} frames took of the car's copies`);
      for (const [accessPoint, domain] of [
        ['ap-2', 'edge-2'],
        ['ap-1', 'edge-1'],
      ] as const) {
        await journey.move(0, accessPoint);
        await journey.actsIn(0, domain);
      }
      await isHarmless(journey, he);
    });

    it('so does a car with another address', async () => {
      await journey.readdress(0, '10.112.7.7');
      await journey.until(
        'the address is known',
        async () => (await journey.vehicle(0))?.attachment?.source.address === '10.112.7.7',
      );
      await journey.acknowledges(0);
      assert.equal(await journey.asksTheCar(0), 'measured');
    });

    it('and nothing is lost, doubled or left over', async () => {
      assert.equal((await journey.endsClean()).handovers.failed, 0);
    });
  });

  describe('where everybody is believed', () => {
    let journey: SiteJourney;
    before(async () => {
      journey = await open('lab');
      await journey.actsIn(0, 'edge-1');
    });
    after(() => journey?.[Symbol.asyncDispose]());

    it('gets what the twin asks the car: what the other levels are for', async () => {
      await using he = await attack(journey, 'ap-2', 'his own');
      await journey.until('he is asked', async () => {
        // each change of who is believed may be a hand-over, and while it runs no twin acts
        await journey.asksTheCar(0).catch(() => undefined);
        return he.heard.some(({ own }) => !own);
      });
      await journey.acknowledges(0);
    });

    it('and nothing is lost, doubled or left over', async () => {
      assert.equal((await journey.endsClean()).handovers.failed, 0);
    });
  });
});
