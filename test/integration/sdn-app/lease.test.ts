import assert from 'node:assert/strict';
import { fault } from '../../../protocol/errors.js';
import { redirect } from '../../../sdn-app/commands.js';
import { checkSwitches } from '../../../sdn-app/rest/check.js';
import { SdnWorld, TWO_SWITCHES, edge1, edge2, headerOf, type App } from '../../fakes/sdn-world.js';

const TTL_MS = 3_000;

describe('two sdn-apps', () => {
  let world: SdnWorld;
  let first: App;
  let second: App;

  beforeEach(async () => {
    world = new SdnWorld();
    first = await world.openActive();
    second = await world.openActive();
    await world.install(first, 'car-1', 1, edge1);
    await world.frame(first, 1, { port: 1 });
    const { to } = await world.manager.reports.next();
    world.knows('car-1', { attachment: to });
  });

  afterEach(async () => {
    await first.stop();
    await second.stop();
  });

  const takeOver = async (): Promise<void> => {
    world.manager.leased = { holder: 'app-2', url: 'http://app-2', term: 2 };
    await world.clock.advance(TTL_MS);
  };
  const bundles = (): number => world.journal.length;

  it('have one active; the other one takes no command, says who does, and follows nothing', async () => {
    assert.throws(() => second.service.active, { code: 'NOT_ACTIVE', message: /http:\/\/app-1 is active in term 1/ });
    assert.equal(second.service.notReady, 'the lease: http://app-1 is active');
    assert.deepEqual(second.service.standing.active, { url: 'http://app-1', term: 1 });
    const before = bundles();
    await world.frame(second, 1, { port: 2 });
    assert.equal(bundles(), before);
    assert.equal(world.manager.reports.all.length, 1);
  });

  it('change places when the manager says so; the new one learns what there is and changes nothing in the switch', async () => {
    const before = bundles();
    await takeOver();
    const since = world.journal.slice(before).flatMap(({ batch }) => batch.flows);
    assert.deepEqual(since, []);
    assert.throws(() => first.service.active, { code: 'NOT_ACTIVE', message: /app-2 is active in term 2/ });
    const vehicle = second.service.active.vehicles.named('car-1');
    assert.deepEqual([vehicle.ref?.host, vehicle.state.at], ['edge-1/1', 'attached']);
    await world.frame(second, 1, { port: 2 });
    assert.equal((await world.manager.reports.next()).term, 2);
    const { missing, foreign } = await checkSwitches(second.service);
    assert.deepEqual([missing, foreign], [0, 0]);
  });

  it('one of them is started again, and has the lease at once with a higher term, before its time is over', async () => {
    const { url } = world.manager.leased ?? {};
    assert.ok(url);
    await first.stop();
    const again = world.open([], { holder: 'app-1-again', url });
    await world.clock.advance(10);
    assert.deepEqual([again.service.standing.at, again.service.standing.term], ['active', 2]);
    assert.equal(second.service.standing.at, 'standby');
    const words = world.manager.asked.all.filter(({ holder }) => holder === 'app-1-again').map(({ begins }) => begins);
    assert.equal(words[0], true);
    await world.clock.advance(TTL_MS);
    const later = world.manager.asked.all.filter(({ holder }) => holder === 'app-1-again').slice(1);
    assert.ok(later.length > 0 && later.every(({ begins }) => begins === undefined));
    await again.stop();
  });

  it('with one address by mistake: the later one acts, and the other does not take the lease back', async () => {
    const twin = world.open([], { holder: 'app-3', url: 'http://app-1' });
    await world.clock.advance(2 * TTL_MS);
    assert.deepEqual([twin.service.standing.at, first.service.standing.at], ['active', 'standby']);
    assert.equal(twin.service.standing.term, 2);
    await twin.stop();
  });

  it('are heard by a manager that does not know the word of a beginning', async () => {
    const lease = world.manager.lease.bind(world.manager);
    world.manager.lease = request =>
      request.begins === true ? Promise.reject(fault('REQUEST_INVALID', 'begins')) : lease(request);
    const third = world.open();
    await world.clock.advance(TTL_MS);
    assert.deepEqual(third.service.standing.active, { url: 'http://app-1', term: 1 });
    await third.stop();
  });

  it('ask for the lease three times while it lasts', async () => {
    const asked = world.manager.asked.all.length;
    await world.clock.advance(TTL_MS);
    const holders = world.manager.asked.all.slice(asked).map(({ holder }) => holder);
    assert.equal(holders.filter(holder => holder === 'app-1').length, 3);
  });

  it('are told apart by the switch: the old holder learns of its end by its first batch', async () => {
    // cut off from the manager, it goes on: nobody has told it, and nobody may have taken over
    world.manager.leased = { holder: 'app-2', url: 'http://app-2', term: 2 };
    const lease = world.manager.lease.bind(world.manager);
    world.manager.lease = request => (request.holder === 'app-1' ? Promise.reject(new Error('cut')) : lease(request));
    await world.clock.advance(2 * TTL_MS);
    assert.equal(first.service.standing.at, 'active');
    assert.equal(second.service.standing.at, 'active');
    const flows = [...(world.states.get(1)?.flows.values() ?? [])];
    await world.frame(first, 1, { port: 2 });
    assert.equal(first.service.standing.at, 'standby');
    assert.throws(() => first.service.active, { code: 'NOT_ACTIVE' });
    assert.deepEqual([...(world.states.get(1)?.flows.values() ?? [])], flows);
    assert.equal(world.manager.reports.all.length, 1);
  });

  it('do not fight: who was refused by the switch waits for a higher term, whatever the manager says of the old one', async () => {
    await takeOver();
    world.manager.leased = { holder: 'app-1', url: 'http://app-1', term: 1 };
    await world.clock.advance(TTL_MS);
    assert.equal(first.service.standing.at, 'standby');
    const state = world.states.get(1);
    assert.equal(state?.term, 2);
    world.manager.leased = { holder: 'app-1', url: 'http://app-1', term: 3 };
    await world.clock.advance(TTL_MS);
    assert.deepEqual([first.service.standing.term, second.service.standing.at, state.term], [3, 'standby', 3]);
  });

  it('go on re-routing without the manager, as long as it is away; its answer comes afterwards', async () => {
    world.manager.away = true;
    await world.clock.advance(10 * TTL_MS);
    await world.frame(first, 1, { port: 2 });
    const { vehicles } = first.service.active;
    assert.deepEqual(vehicles.named('car-1').state.at, 'attached');
    world.manager.away = false;
    await world.clock.advance(TTL_MS);
    assert.equal((await world.manager.reports.next()).to.port, 2);
    assert.throws(() => second.service.active, { code: 'NOT_ACTIVE' });
  });
});

describe('an sdn-app without a lease', () => {
  it('leaves the switches alone until it has one', async () => {
    const world = new SdnWorld(TWO_SWITCHES);
    world.manager.away = true;
    const app = await world.openActive();
    await world.clock.advance(60_000);
    assert.deepEqual(world.journal, []);
    assert.equal(app.service.notReady, 'the lease');
    assert.throws(() => app.service.active, { code: 'NOT_ACTIVE', message: /nobody has the lease/ });
    world.manager.away = false;
    await world.clock.advance(2_000);
    assert.equal(app.service.notReady, undefined);
    await app.stop();
  });
});

describe('a command to an sdn-app', () => {
  it('that has just become active waits for its first look at the switches', async () => {
    const world = new SdnWorld();
    const app = world.open();
    let open = (): void => undefined;
    const [one] = app.switches;
    assert.ok(one);
    one.gate = new Promise(resolve => (open = resolve));
    await world.clock.advance(10);
    assert.equal(app.service.standing.at, 'active');
    assert.throws(() => app.service.active, { code: 'SWITCH_AWAY' });
    open();
    await world.clock.advance(10);
    await world.install(app, 'car-1', 1, edge1);
    const shown = await redirect(app.service.active, 'car-1', { header: headerOf(1), host: edge2 });
    assert.equal(shown.host.host, 'edge-2/1');
    await app.stop();
  });
});
