import assert from 'node:assert/strict';
import { HttpClient } from '../../../protocol/api/http-client.js';
import { reservationList } from '../../../protocol/api/pools.js';
import { SiteJourney, needsSite } from './harness.js';

const LEASE_MS = 6_000;

describe('standby slots on Open vSwitch', () => {
  before(needsSite);
  let journey: SiteJourney;
  before(async () => {
    journey = await SiteJourney.open({
      // From ap-2 a car is not expected in edge-1: only a ticket is there for it.
      points: { 'ap-2': { neighbours: ['ap-4'] } },
      extra: { 'md-manager': ['--arming-lease-ms', String(LEASE_MS)] },
    });
  });
  after(() => journey?.[Symbol.asyncDispose]());

  /** Puts the car under ap-1, its twin with it, and waits for the slot in edge-2; gives the host that keeps it. */
  const armed = async (): Promise<{ readonly control: string }> => {
    await journey.moveTo(0, 'edge-1');
    await journey.actsIn(0, 'edge-1');
    await journey.until('edge-2 is armed', async () => (await journey.flows(0))?.armed.includes('edge-2'));
    const { armed: kept } = await journey.manager.call('GET', '/v1/reservations', { answer: reservationList });
    const slot = kept.find(({ domain }) => domain === 'edge-2');
    const hosts = (await journey.pools()).flatMap(pool => pool.hosts);
    const found = hosts.find(({ host }) => host.host === slot?.host)?.host;
    assert.ok(found, 'the slot has a host');
    return found;
  };

  /** Moves under ap-2 and waits until the standby host itself has stored a report. */
  const movesIntoTheSlot = async ({ control }: { readonly control: string }): Promise<void> => {
    assert.equal(await journey.storedBy(control, 0), 0);
    await journey.moveTo(0, 'edge-2');
    await journey.until('the standby host has a report', async () => (await journey.storedBy(control, 0)) > 0);
    await journey.acknowledges(0);
  };

  const wentArmed = async (): Promise<void> => {
    await journey.actsIn(0, 'edge-2');
    const [latest] = await journey.movesOf(0);
    assert.equal(`${latest?.way} ${latest?.result}`, 'armed completed');
    assert.equal(latest?.phases.rerouted, undefined);
    await journey.acknowledges(0);
  };

  it('into the neighbouring domain: armed, and nothing was re-routed', async () => {
    await movesIntoTheSlot(await armed());
    await wentArmed();
    const [latest] = await journey.movesOf(0);
    assert.equal(latest?.standby?.reason, 'neighbour ap-2');
  });

  it('into a domain that nobody expected: by a ticket', async () => {
    // The word that it may take one is the last that md-manager says of a car at rest, and no API shows it.
    await journey.until('a ticket takes the car', async () => {
      await journey.move(0, 'ap-2');
      await journey.actsIn(0, 'edge-2');
      await ticketsFor('edge-1');
      await journey.moveTo(0, 'edge-1');
      await journey.actsIn(0, 'edge-1');
      return (await journey.movesOf(0))[0]?.way === 'ticket';
    });
    assert.equal((await journey.movesOf(0))[0]?.result, 'completed');
    await journey.acknowledges(0);
  });

  it('and back before anybody has claimed: the twin is where the car is', async () => {
    await armed();
    await journey.moveTo(0, 'edge-2');
    await journey.moveTo(0, 'edge-1');
    await journey.actsIn(0, 'edge-1');
    await journey.acknowledges(0);
  });

  it('md-manager is dead: the move goes on, and is claimed when it is back', async () => {
    const host = await armed();
    await journey.without('md-manager', async () => {
      await movesIntoTheSlot(host);
      await journey.until('the swap is done', async () => (await journey.flows(0))?.host.domain === 'edge-2');
    });
    await wentArmed();
  });

  for (const name of ['ryu', 'sdn-app'])
    it(`${name} is dead: the first frame is with the standby host all the same`, async function () {
      // an sdn-app that is its own controller has no Ryu
      if (journey.system.supervisor.state(name) === undefined) this.skip();
      const host = await armed();
      await journey.without(name, () => movesIntoTheSlot(host));
      await wentArmed();
    });

  it('nobody renews a lease: its route goes, and the car is served as before', async () => {
    const { control } = await armed();
    await journey.without('md-manager', async () => {
      await journey.until('nothing is armed', async () => (await journey.flows(0))?.armed.length === 0);
      await journey.moveTo(0, 'edge-2');
      await journey.acknowledges(0);
      assert.equal(await journey.storedBy(control, 0), 0);
    });
    await journey.actsIn(0, 'edge-2');
    assert.notEqual((await journey.movesOf(0))[0]?.way, 'armed');
    await journey.acknowledges(0);
  });

  it('and nothing is lost, doubled or left over', async () => {
    const outcome = await journey.endsClean();
    assert.equal(outcome.handovers.failed, 0);
  });

  async function ticketsFor(wanted: string): Promise<void> {
    await using manager = new HttpClient(journey.system.urls.manager, { connections: 1 });
    await journey.until(`there is a ticket for ${wanted}`, async () => {
      const { tickets } = await manager.call('GET', '/v1/reservations', { answer: reservationList });
      return tickets.some(({ domain }) => domain === wanted);
    });
  }
});
