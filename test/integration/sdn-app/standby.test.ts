import assert from 'node:assert/strict';
import { arm, giveTickets, redirect } from '../../../sdn-app/commands.js';
import { decodeCookie } from '../../../sdn-app/redirect/cookie.js';
import { checkSwitches } from '../../../sdn-app/rest/check.js';
import { SdnWorld, core, edge1, edge2, headerOf, slotOf, type App } from '../../fakes/sdn-world.js';

const LEASE_MS = 5_000;

describe('standby slots of sdn-app', () => {
  let world: SdnWorld;
  let app: App;

  beforeEach(async () => {
    world = new SdnWorld();
    app = await world.openActive();
    await world.install(app, 'car-1', 1, edge1);
    await world.frame(app, 1, { port: 1 });
    const { to } = await world.manager.reports.next();
    world.knows('car-1', { attachment: to });
  });

  afterEach(() => app.stop());

  const armed = (lease = 'lease-1', tickets = false): Promise<unknown> =>
    arm(app.service.active, 'car-1', { term: 1, slots: [slotOf(lease, edge2)], tickets, leaseMs: LEASE_MS });
  const armedFlows = (): number =>
    [...(world.states.get(1)?.flows.values() ?? [])].filter(({ cookie }) => decodeCookie(cookie)?.kind === 'armed')
      .length;
  const wrong = async (): Promise<number> => {
    const { missing, foreign } = await checkSwitches(app.service);
    return missing + foreign;
  };

  it('are in the switch when the command is answered, and out of it when their withdrawal is', async () => {
    await armed();
    assert.ok(armedFlows() > 0);
    await arm(app.service.active, 'car-1', { term: 1, slots: [], tickets: false, leaseMs: LEASE_MS });
    assert.equal(armedFlows(), 0);
    assert.equal(await wrong(), 0);
  });

  it('are not confirmed before the switch has confirmed', async () => {
    let open = (): void => undefined;
    const [one] = app.switches;
    assert.ok(one);
    one.gate = new Promise(resolve => (open = resolve));
    let done = false;
    const answer = armed().then(() => (done = true));
    await world.clock.advance(10);
    assert.equal(done, false);
    open();
    await answer;
    assert.ok(armedFlows() > 0);
  });

  it('are withdrawn when nobody renews their lease, and stay when somebody does', async () => {
    await armed();
    await world.clock.advance(LEASE_MS - 1_000);
    await armed();
    await world.clock.advance(LEASE_MS - 1_000);
    assert.ok(armedFlows() > 0);
    await world.clock.advance(2_000);
    assert.equal(armedFlows(), 0);
  });

  it('take the vehicle with its first frame: one bundle re-routes and swaps, and the report names lease and epoch', async () => {
    await armed();
    const before = world.journal.length;
    await world.frame(app, 1, { port: 2 });
    assert.equal(world.journal.length, before + 1);
    const change = await world.manager.reports.next();
    assert.deepEqual([change.to.domain, change.detector, change.redirected?.way], ['edge-2', 'port', 'armed']);
    assert.deepEqual(
      [change.redirected?.lease, change.redirected?.epoch, change.redirected?.host],
      ['lease-1', 1, edge2],
    );
    assert.equal(change.reroutedAtMs, undefined);
    assert.equal(armedFlows(), 0);
    assert.equal(await wrong(), 0);
    const vehicle = app.service.active.vehicles.named('car-1');
    assert.deepEqual([vehicle.ref?.host, vehicle.epoch, vehicle.leaving.length], ['edge-2/1', 1, 1]);
    await assert.rejects(redirect(app.service.active, 'car-1', { header: headerOf(1), host: core }), {
      code: 'EPOCH_STALE',
    });
  });

  it('are not used by a move inside the domain', async () => {
    await armed();
    await world.frame(app, 1, { port: 3 });
    assert.equal((await world.manager.reports.next()).redirected, undefined);
    assert.ok(armedFlows() > 0);
  });

  it('are used by a move although the manager is away, which is told when it is back', async () => {
    await armed();
    world.manager.away = true;
    await world.frame(app, 1, { port: 2 });
    await world.clock.advance(100);
    await world.frame(app, 1, { port: 1 });
    await world.clock.advance(60_000);
    world.manager.away = false;
    await world.clock.advance(5_000);
    const [, used, back] = world.manager.reports.all;
    assert.deepEqual([used?.to.port, used?.redirected?.lease], [2, 'lease-1']);
    assert.deepEqual([back?.from?.port, back?.to.port, back?.redirected], [2, 1, undefined]);
  });

  it('are taken from the tickets of the domain, each by one vehicle', async () => {
    await world.install(app, 'car-2', 2, edge1);
    await world.frame(app, 2, { port: 1, source: '127.0.1.2' });
    await world.manager.reports.next();
    giveTickets(app.service.active, {
      term: 1,
      tickets: [slotOf('ticket-1', edge2), slotOf('ticket-2', edge2)],
      leaseMs: LEASE_MS,
    });
    for (const id of ['car-1', 'car-2'])
      await arm(app.service.active, id, { term: 1, slots: [], tickets: true, leaseMs: LEASE_MS });
    await world.frame(app, 1, { port: 2 });
    await world.frame(app, 2, { port: 2, source: '127.0.1.2' });
    const changes = [await world.manager.reports.next(), await world.manager.reports.next()];
    assert.deepEqual(
      changes.map(({ redirected }) => [redirected?.way, redirected?.lease]),
      [
        ['ticket', 'ticket-1'],
        ['ticket', 'ticket-2'],
      ],
    );
    assert.deepEqual(app.service.standing.tickets, {});
    assert.equal(await wrong(), 0);
  });

  it('are refused to a manager whose term is over, for two of a domain, and for hosts that no switch reaches', async () => {
    const tenure = app.service.active;
    await arm(tenure, 'car-1', { term: 2, slots: [], tickets: false, leaseMs: LEASE_MS });
    await assert.rejects(armed(), { code: 'TERM_STALE' });
    assert.throws(() => giveTickets(tenure, { term: 1, tickets: [], leaseMs: 1 }), { code: 'TERM_STALE' });
    const twice = [slotOf('a', edge2), slotOf('b', edge2)];
    await assert.rejects(arm(tenure, 'car-1', { term: 2, slots: twice, tickets: false, leaseMs: 1 }), {
      code: 'REQUEST_INVALID',
    });
    const far = slotOf('far', { ...edge2, host: 'edge-9/1', domain: 'edge-9' });
    await assert.rejects(arm(tenure, 'car-1', { term: 2, slots: [far], tickets: false, leaseMs: 1 }), {
      code: 'FLOW_INVALID',
    });
    assert.equal(armedFlows(), 0);
  });

  describe('after another sdn-app has taken over', () => {
    const takeOver = async (): Promise<void> => {
      await app.stop();
      world.manager.expireLease();
      world.manager.hosts = [core, edge1, edge2];
      app = await world.openActive();
    };

    it('are kept in the switch without a gap, and used with the lease that the manager tells', async () => {
      await armed();
      world.manager.reserved = {
        armed: [
          {
            lease: 'lease-1',
            vehicle: 'car-1',
            domain: 'edge-2',
            host: 'edge-2/1',
            reason: 'neighbour ap-2',
            untilMs: world.clock.nowMs() + LEASE_MS,
          },
        ],
        tickets: [],
      };
      const before = world.journal.length;
      await takeOver();
      const since = world.journal.slice(before).flatMap(({ batch }) => batch.flows);
      assert.deepEqual(since, []);
      await world.frame(app, 1, { port: 2 });
      const change = await world.manager.reports.next();
      assert.deepEqual([change.term, change.redirected?.lease, change.redirected?.epoch], [2, 'lease-1', 1]);
    });

    it('are left alone while their lease is not known: a copy that came by one moves nothing before', async () => {
      await armed();
      await app.stop();
      world.manager.expireLease();
      world.manager.hosts = [core, edge1, edge2];
      const untilMs = world.clock.nowMs() + LEASE_MS;
      world.manager.reserved = {
        armed: [{ lease: 'lease-1', vehicle: 'car-1', domain: 'edge-2', host: 'edge-2/1', reason: '', untilMs }],
        tickets: [],
      };
      let tell = (): void => undefined;
      const told = new Promise<void>(resolve => (tell = resolve));
      const reservations = world.manager.reservations.bind(world.manager);
      world.manager.reservations = () => told.then(reservations);
      const before = world.journal.length;
      app = await world.openActive();
      await world.frame(app, 1, { port: 2 });
      assert.deepEqual(
        world.journal.slice(before).flatMap(({ batch }) => batch.flows),
        [],
      );
      tell();
      await world.clock.advance(10);
      await world.frame(app, 1, { port: 2 });
      assert.equal((await world.manager.reports.next()).redirected?.lease, 'lease-1');
    });

    it('are withdrawn where the manager knows no lease of them', async () => {
      await armed();
      await takeOver();
      assert.equal(armedFlows(), 0);
      assert.equal(await wrong(), 0);
    });

    it('were used before it by a move that was not told: the manager hears of lease and epoch', async () => {
      await armed();
      world.manager.away = true;
      await world.frame(app, 1, { port: 2 });
      await app.stop();
      world.manager.away = false;
      world.manager.expireLease();
      world.manager.hosts = [core, edge1, edge2];
      const untilMs = world.clock.nowMs() + LEASE_MS;
      world.manager.reserved = {
        armed: [{ lease: 'lease-1', vehicle: 'car-1', domain: 'edge-2', host: 'edge-2/1', reason: '', untilMs }],
        tickets: [],
      };
      app = await world.openActive();
      const change = await world.manager.reports.next();
      assert.deepEqual([change.from?.port, change.to.port, change.redirected?.way], [1, 2, 'armed']);
      assert.deepEqual([change.redirected?.lease, change.redirected?.epoch], ['lease-1', 1]);
      assert.equal(await wrong(), 0);
    });

    it('were used before it without a lease that is left: the vehicle goes back to the host that the manager knows', async () => {
      await armed();
      world.manager.away = true;
      await world.frame(app, 1, { port: 2 });
      world.manager.away = false;
      await takeOver();
      const change = await world.manager.reports.next();
      assert.deepEqual([change.to.port, change.redirected], [2, undefined]);
      const vehicle = app.service.active.vehicles.named('car-1');
      assert.deepEqual([vehicle.ref?.host, vehicle.epoch, vehicle.highestEpoch], ['edge-1/1', 0, 0]);
      assert.equal(await wrong(), 0);
    });
  });
});
