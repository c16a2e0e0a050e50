import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DOMAINS, StandbyWorld, type Wire } from '../../../fakes/standby-world.js';

const domainsOf = (world: StandbyWorld, vehicle: string): string[] =>
  world
    .usable(vehicle)
    .map(({ domain }) => domain)
    .sort();

describe('the keeper of standby slots', () => {
  it('offers a slot in each domain next to a vehicle at rest, once its dwell is over', async () => {
    await using world = new StandbyWorld();
    world.rest('a', 'edge-1');
    await world.clock.advance(1_500);
    assert.deepEqual(world.usable('a'), []);
    await world.clock.advance(1_000);
    assert.deepEqual(domainsOf(world, 'a'), ['edge-2', 'edge-3']);
  });

  it('renews what it offered for as long as the vehicle stays, and what is on disk outlives it', async () => {
    await using world = new StandbyWorld();
    world.rest('a', 'edge-1');
    await world.clock.advance(3_000);
    const leases = world.usable('a').map(({ lease }) => lease);
    await world.clock.advance(300_000);
    assert.deepEqual(
      world.usable('a').map(({ lease }) => lease),
      leases,
    );
  });

  it('gives back what it keeps at a host that is to be empty, and says what it keeps for whom', async () => {
    await using world = new StandbyWorld();
    world.rest('a', 'edge-1');
    await world.clock.advance(3_000);
    const [slot] = world.usable('a');
    assert.ok(slot);
    assert.equal(world.standby.claims('a', slot.host.host), true);
    assert.equal(world.standby.claims('b', slot.host.host), false);
    assert.equal(world.standby.giveBack('b', slot.host.host), false);
    world.standby.leave(slot.host.host);
    await world.clock.advance(1_000);
    assert.ok(!world.usable('a').some(({ lease }) => lease === slot.lease));
    assert.ok(
      world.usable('a').some(({ domain }) => domain === slot.domain),
      'another one is kept in its place',
    );
  });

  it('tells the pool how many slots are foreseen to be needed', async () => {
    await using world = new StandbyWorld({ by: 'prediction', budget: 0 });
    world.rest('a', 'edge-1');
    await world.clock.advance(3_000);
    world.standby.foresee('a', { domain: 'edge-2', reason: 'predicted ap-2 in 9 s' }, 'forecast', 10_000);
    await world.clock.advance(1_000);
    assert.deepEqual([...world.expected], [['edge-2', 1]]);
    await world.clock.advance(10_000);
    assert.deepEqual([...world.expected], []);
  });

  it('tells the pool of a slot that a hand-over has used', async () => {
    await using world = new StandbyWorld();
    world.rest('a', 'edge-1');
    await world.clock.advance(3_000);
    const [slot] = world.usable('a');
    assert.ok(slot);
    world.use('a', slot);
    assert.deepEqual(world.used, [`armed ${slot.host.host}`]);
  });

  it('withdraws everything when a hand-over begins, and frees a slot when sdn-app has confirmed', async () => {
    await using world = new StandbyWorld();
    world.rest('a', 'edge-1');
    await world.clock.advance(3_000);
    world.busy('a');
    await world.clock.advance(500);
    assert.deepEqual([world.usable('a'), world.standby.view().armed, world.rows.size], [[], [], 0]);
  });

  it('keeps a withdrawn slot until sdn-app cannot use it any more, where it does not answer', async () => {
    await using world = new StandbyWorld();
    world.rest('a', 'edge-1');
    await world.clock.advance(3_000);
    world.wire = 'request lost';
    world.busy('a');
    await world.clock.advance(25_000);
    assert.equal(world.rows.size, 2);
    assert.equal(domainsOf(world, 'a').length, 2);
    await world.clock.advance(15_000);
    assert.deepEqual([world.rows.size, world.usable('a')], [0, []]);
    assert.equal(await world.metrics.total('standby_ended_total'), 2);
  });

  it('keeps a withdrawn slot where sdn-app says that the flow goes there, until it tells of it', async () => {
    await using world = new StandbyWorld();
    world.rest('a', 'edge-1');
    await world.clock.advance(3_000);
    const [slot] = world.usable('a');
    world.send('a', slot!);
    world.busy('a');
    await world.clock.advance(100_000);
    assert.deepEqual([...world.rows.keys()], [slot!.lease]);
    world.tell('a', slot!);
    await world.clock.advance(1_000);
    assert.equal(world.rows.size, 0, 'claimed: its row has done its work');
  });

  it('never takes the last slots of a domain', async () => {
    await using world = new StandbyWorld({ reserve: 3 });
    for (const vehicle of ['a', 'b', 'c']) world.rest(vehicle, 'edge-1');
    await world.clock.advance(5_000);
    assert.deepEqual(
      ['a', 'b', 'c'].flatMap(vehicle => domainsOf(world, vehicle)),
      ['edge-2', 'edge-3'],
    );
    world.busy('a');
    await world.clock.advance(3_000);
    assert.equal(['b', 'c'].flatMap(vehicle => domainsOf(world, vehicle)).length, 2, 'the next one gets them');
  });

  it('gives back what it kept when it no longer knows the network', async () => {
    await using world = new StandbyWorld();
    world.rest('a', 'edge-1');
    await world.clock.advance(3_000);
    world.restart();
    await world.clock.advance(1_000);
    assert.equal(world.rows.size, 2);
    await using blind = new StandbyWorld({ topology: undefined });
    for (const [lease, row] of world.rows) blind.rows.set(lease, row);
    blind.rest('a', 'edge-1');
    blind.restart();
    await blind.clock.advance(1_000);
    assert.equal(blind.rows.size, 0);
  });

  const vehicles = fc.constantFrom('a', 'b', 'c', 'd');
  const hosts = fc.tuple(fc.constantFrom(...DOMAINS), fc.nat(3));
  type Act = (world: StandbyWorld) => void | Promise<void>;
  const acts: fc.Arbitrary<Act> = fc.oneof(
    fc.tuple(vehicles, fc.constantFrom(...DOMAINS)).map(([vehicle, domain]) => (world: StandbyWorld) => {
      world.rest(vehicle, domain);
    }),
    vehicles.map(vehicle => (world: StandbyWorld) => world.busy(vehicle)),
    {
      weight: 4,
      arbitrary: fc.tuple(vehicles, fc.nat(5)).map(([vehicle, n]) => (world: StandbyWorld) => {
        const usable = world.usable(vehicle);
        const slot = usable[n % Math.max(1, usable.length)];
        if (slot !== undefined) world.use(vehicle, slot);
      }),
    },
    hosts.map(([domain, n]) => (world: StandbyWorld) => {
      const found = [...world.pool.keys()].filter(host => host.startsWith(domain));
      const host = found[n % found.length]!;
      if (![...world.states.values()].some(({ twin }) => twin.host.host === host)) world.lose(host);
    }),
    fc.constantFrom<Wire>('well', 'answer lost', 'request lost').map(wire => (world: StandbyWorld) => {
      world.wire = wire;
    }),
    fc.constant((world: StandbyWorld) => world.restart()),
    { weight: 6, arbitrary: fc.nat(12_000).map(ms => (world: StandbyWorld) => world.clock.advance(ms)) },
  );

  it('has every slot that sdn-app may use there for it, and no slot twice, whatever happens', async function () {
    this.timeout(120_000);
    await fc.assert(
      fc.asyncProperty(fc.array(acts, { maxLength: 25, size: 'max' }), fc.nat(2), async (script, ticketsPerDomain) => {
        await using world = new StandbyWorld({ ticketsPerDomain, reserve: 0, leaseMs: 5_000 });
        for (const act of script) {
          await act(world);
          world.check();
        }
        world.wire = 'well';
        for (const vehicle of world.states.keys()) world.busy(vehicle);
        await world.clock.advance(60_000);
        assert.deepEqual(world.standby.view().armed, []);
      }),
      { numRuns: 60 },
    );
  });
});
