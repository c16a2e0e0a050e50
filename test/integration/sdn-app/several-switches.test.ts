import assert from 'node:assert/strict';
import { fault } from '../../../protocol/errors.js';
import { install, redirect, retire } from '../../../sdn-app/commands.js';
import { decodeCookie } from '../../../sdn-app/redirect/cookie.js';
import { vehicleMeter } from '../../../sdn-app/redirect/network.js';
import { checkSwitches } from '../../../sdn-app/rest/check.js';
import { traceVehicle } from '../../../sdn-app/rest/trace.js';
import type { MemorySwitch } from '../../fakes/memory-switch.js';
import { SdnWorld, TWO_SWITCHES, core, edge1, edge2, headerOf, type App } from '../../fakes/sdn-world.js';

describe('sdn-app with two switches', () => {
  let world: SdnWorld;
  let app: App;
  let two: MemorySwitch;

  const open = async (away: readonly number[] = []): Promise<void> => {
    app = world.open(away);
    await world.clock.advance(10);
    const [, second] = app.switches;
    assert.ok(second);
    two = second;
  };

  beforeEach(async () => {
    world = new SdnWorld(TWO_SWITCHES);
    await open();
    await world.install(app, 'car-1', 1, edge1);
    await world.frame(app, 1, { datapath: 1, port: 1 });
    const { to } = await world.manager.reports.next();
    world.knows('car-1', { attachment: to });
  });

  afterEach(() => app.stop());

  const wrong = async (): Promise<number> => {
    const { missing, foreign } = await checkSwitches(app.service);
    return missing + foreign;
  };
  const kinds = (datapath: number, kind: string): number =>
    [...(world.states.get(datapath)?.flows.values() ?? [])].filter(({ cookie }) => decodeCookie(cookie)?.kind === kind)
      .length;

  it('follows a car from one to the other; its path is on the switch that it enters by, and there alone', async () => {
    assert.deepEqual([kinds(1, 'path'), kinds(2, 'path')], [1, 0]);
    await world.frame(app, 1, { datapath: 2, port: 1 });
    assert.deepEqual([kinds(1, 'path'), kinds(2, 'path')], [0, 1]);
    const change = await world.manager.reports.next();
    assert.deepEqual([change.from?.datapath, change.to.datapath, change.detector], [1, 2, 'datapath']);
    assert.equal(await wrong(), 0);
  });

  it('swaps in order: what the others lack, then the switch that the car enters by, then what the others hold too much', async () => {
    const before = world.journal.length;
    await redirect(app.service.active, 'car-1', { header: headerOf(1), host: edge2 });
    await retire(app.service.active, 'car-1', { header: headerOf(1), host: edge1 });
    const since = world.journal.slice(before);
    const first = since.findIndex(({ datapath }) => datapath === 1);
    assert.ok(first > 0, 'the switch of the car is not the first');
    assert.ok(since.slice(0, first).every(({ batch }) => batch.flows.every(mod => mod.op === 'add')));
    assert.ok(since.slice(first + 1).some(({ batch }) => batch.flows.some(mod => mod.op === 'delete')));
    assert.equal(await wrong(), 0);
  });

  it('does not touch the switch that the car enters by before the other one has confirmed', async () => {
    let letGo = (): void => undefined;
    two.gate = new Promise(resolve => (letGo = resolve));
    const before = world.journal.length;
    const swap = redirect(app.service.active, 'car-1', { header: headerOf(1), host: edge2 });
    await world.clock.advance(10);
    assert.equal(world.journal.length, before);
    letGo();
    await swap;
    assert.equal(await wrong(), 0);
  });

  it('keeps the order of the changes of a vehicle when they come faster than a switch answers', async () => {
    let letGo = (): void => undefined;
    two.gate = new Promise(resolve => (letGo = resolve));
    const swap = redirect(app.service.active, 'car-1', { header: headerOf(1), host: edge2 });
    const back = redirect(app.service.active, 'car-1', { header: headerOf(2), host: core });
    await world.frame(app, 1, { datapath: 1, port: 2 });
    letGo();
    await Promise.all([swap, back]);
    await world.clock.advance(10);
    assert.equal(app.service.active.vehicles.named('car-1').ref?.host, 'core/1');
    assert.equal(await wrong(), 0);
  });

  it('re-routes on one while the other is away, which is corrected when it is back', async () => {
    two.cut();
    assert.equal(app.service.notReady, 'switch 2');
    await world.frame(app, 1, { datapath: 1, port: 2 });
    assert.equal((await world.manager.reports.next()).to.port, 2);
    const { switches } = await checkSwitches(app.service);
    assert.deepEqual(
      switches.map(({ datapath, state }) => [datapath, state]),
      [
        [1, 'read'],
        [2, 'away'],
      ],
    );
    world.states.get(2)?.flows.clear();
    two.mend();
    await world.clock.advance(10);
    assert.equal(app.service.notReady, undefined);
    assert.equal(await wrong(), 0);
  });

  it('does not send a car to a host behind a switch that is away; it does when that is back', async () => {
    two.cut();
    const before = [...(world.states.get(1)?.flows.values() ?? [])];
    await assert.rejects(redirect(app.service.active, 'car-1', { header: headerOf(1), host: edge2 }), {
      code: 'SWITCH_AWAY',
    });
    assert.deepEqual([...(world.states.get(1)?.flows.values() ?? [])], before);
    two.mend();
    await world.clock.advance(10);
    assert.equal(await wrong(), 0);
    const { legs } = await traceVehicle(app.service, 'car-1', 'port');
    assert.match(legs[0]?.ends.join() ?? '', /host edge-2\/1 at 127\.96\.0\.21:5683 by port 12 of switch 2/);
  });

  it('takes a car over that has its path on the switch which comes up last, without a moment without it', async () => {
    await world.frame(app, 1, { datapath: 2, port: 1 });
    const { to } = await world.manager.reports.next();
    world.knows('car-1', { attachment: to });
    await app.stop();
    world.manager.expireLease();
    world.manager.away = false;
    const before = world.journal.length;
    await open([2]);
    assert.equal(app.service.notReady, 'switch 1, 2');
    await world.clock.advance(1_500);
    assert.equal(app.service.notReady, 'switch 2');
    two.mend();
    await world.clock.advance(100);
    assert.equal(app.service.notReady, undefined);
    assert.deepEqual(
      world.journal.slice(before).flatMap(({ batch }) => batch.flows),
      [],
    );
  });

  it('tells where a frame and its answer go, over the trunk and back', async () => {
    await redirect(app.service.active, 'car-1', { header: headerOf(1), host: edge2 });
    for (const from of ['port', 'elsewhere', 'stranger'] as const) {
      const { legs } = await traceVehicle(app.service, 'car-1', from);
      const [way, back] = legs;
      assert.match(way?.ends.join() ?? '', /host edge-2\/1/);
      assert.equal(
        way?.ends.some(end => end.startsWith('a copy')),
        from !== 'port',
      );
      const out = {
        port: /port 1 of switch 1 \(ap-1\)/,
        elsewhere: /port 1 of switch 2 \(ap-3\)/,
        stranger: /dropped/,
      };
      assert.match(back?.ends.join() ?? '', out[from]);
    }
  });

  it('removes a vehicle that nobody knows from both', async () => {
    await install(app.service.active, 'car-9', { header: headerOf(0), number: 9, host: core });
    await app.stop();
    world.manager.expireLease();
    await open();
    const found = [1, 2].flatMap(datapath => [...(world.states.get(datapath)?.flows.values() ?? [])]);
    assert.deepEqual(
      found.filter(({ cookie }) => decodeCookie(cookie)?.number === 9),
      [],
    );
    assert.deepEqual([...(world.states.get(1)?.meters ?? [])].includes(11), false);
  });
});

describe('sdn-app with many vehicles', () => {
  it('reads and corrects them in slices, whatever their number', async () => {
    const world = new SdnWorld(TWO_SWITCHES);
    const vehicles = 4_200;
    for (let number = 1; number <= vehicles; number++)
      world.manager.records.set(`car-${number}`, {
        vehicle: `car-${number}`,
        number,
        twin: { address: '127.64.0.1', port: 5683 },
        host: core,
        hostEpoch: 0,
        highestEpoch: 0,
      });
    const app = await world.openActive();
    await world.clock.advance(1_000);
    const { missing, foreign } = await checkSwitches(app.service);
    assert.deepEqual([missing, foreign, app.service.active.vehicles.size], [0, 0, vehicles]);
    const perVehicle = (world.states.get(1)?.flows.size ?? 0) / vehicles;
    const largest = Math.max(...world.journal.map(({ batch }) => batch.flows.length));
    assert.ok(largest <= 64 * Math.ceil(perVehicle), `a bundle of ${largest} changes`);
    for (const one of app.switches) assert.ok(one.mostRead <= 4_096 * Math.ceil(perVehicle), `read ${one.mostRead}`);
    // learning alone reads no vehicle by itself
    assert.ok(world.journal.length < vehicles / 10, `${world.journal.length} batches`);
    await app.stop();
  });

  it('takes them from the manager page by page, and writes nothing where a switch holds all', async () => {
    const world = new SdnWorld(TWO_SWITCHES);
    world.manager.pageRows = 3;
    const first = await world.openActive();
    for (let number = 1; number <= 10; number++) await world.install(first, `car-${number}`, number);
    world.manager.records.delete('car-4');
    await first.stop();
    world.manager.expireLease();
    world.journal.splice(0);
    const app = await world.openActive();
    await world.clock.advance(1_000);
    const names = [...app.service.active.vehicles.all()].map(({ id }) => id);
    assert.deepEqual(
      names,
      [1, 2, 3, 5, 6, 7, 8, 9, 10].map(number => `car-${number}`),
    );
    const own = new Set(Array.from({ length: 10 }, (_, index) => vehicleMeter(index + 1)));
    const written = world.journal.filter(
      ({ batch }) => batch.flows.length > 0 || batch.meters.some(({ meter }) => own.has(meter)),
    );
    // of car-4, which the manager does not know, on both switches
    assert.deepEqual(
      written.map(({ batch }) => batch.flows.map(({ op }) => op)),
      [['deleteSlice'], ['deleteSlice']],
    );
    await app.stop();
  });

  it('writes a new one without reading a table that it has read before', async () => {
    const world = new SdnWorld(TWO_SWITCHES);
    const app = await world.openActive();
    const [one, two] = app.switches;
    assert.ok(one && two);
    const reads = (): number[] => [one.reads, two.reads];
    const before = reads();
    await world.install(app, 'car-1', 1);
    await world.install(app, 'car-2', 2);
    assert.deepEqual(reads(), before);
    for (const { state } of [one, two])
      assert.ok(state.meters.has(vehicleMeter(1)) && state.meters.has(vehicleMeter(2)));
    const { missing, foreign } = await checkSwitches(app.service);
    assert.deepEqual([missing, foreign], [0, 0]);
    await app.stop();
  });

  it('reads what is there of a new one whose number it found on a switch and nobody knew', async () => {
    const world = new SdnWorld(TWO_SWITCHES);
    const first = await world.openActive();
    await world.install(first, 'car-1', 1);
    await first.stop();
    world.manager.expireLease();
    world.manager.records.clear();
    // what is left tells no vehicle: it has no way in
    for (const { flows } of world.states.values())
      for (const [key, { cookie }] of [...flows]) if (decodeCookie(cookie)?.kind === 'unknown') flows.delete(key);
    world.manager.vehicles = () => {
      throw fault('UPSTREAM_AWAY', 'manager');
    };
    const app = await world.openActive();
    await world.install(app, 'car-9', 1, edge1);
    const { missing, foreign } = await checkSwitches(app.service);
    assert.deepEqual([missing, foreign], [0, 0]);
    await app.stop();
  });
});
