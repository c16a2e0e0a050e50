import assert from 'node:assert/strict';
import { World, effects, idleState, perform } from '../../../fakes/handover-world.js';

describe('the hand-over machine, where sdn-app redirected the flow by itself', () => {
  const used = (way: 'armed' | 'ticket', host = 'edge-2/2'): World => {
    const world = new World();
    world.do({ act: 'lease', host, way });
    world.do({ act: 'use', host });
    return world;
  };
  const told = (way: 'armed' | 'ticket'): World => {
    const world = used(way);
    world.do({ act: 'tell' });
    return world;
  };
  const record = (world: World): string => {
    const { way, attempt, epoch, toHost } = world.state.run!.record;
    return `${way} ${attempt} ${epoch} ${toHost}`;
  };

  it('claims the epoch that was used, once its row is on disk, without an epoch or a redirect of its own', () => {
    const world = told('armed');
    assert.deepEqual([effects(world), world.state.run?.stage.at], [['prepare', 'putIntent'], 'readying']);
    perform(world, 'putIntent');
    assert.deepEqual([effects(world).at(-1), world.state.run?.stage.at], ['claim', 'claiming']);
    assert.equal(record(world), 'armed 1 1 edge-2/2');
    assert.ok(!('rerouted' in world.state.run!.record.phases));
    world.finish();
    assert.deepEqual([world.all.ended, world.all.owner.epoch, world.all.burnt], [['r1 completed'], 1, 0]);
    assert.deepEqual([world.all.held, world.all.leases], [['edge-2/2'], {}]);
  });

  it('stamps of an armed slot that all was ready when the frame came, of a ticket that the host was made ready after', () => {
    const { initiated, prepared, redirected } = told('armed').state.run!.record.phases;
    assert.deepEqual([initiated, prepared, redirected], [10_000, 10_000, 10_000]);
    const world = told('ticket');
    assert.deepEqual(Object.keys(world.state.run!.record.phases), ['initiated', 'redirected']);
    world.all.now += 3;
    perform(world, 'prepare');
    assert.equal(world.state.run?.record.phases.prepared, 10_003);
  });

  it('makes the host of a ticket ready before it claims', () => {
    const world = told('ticket');
    perform(world, 'putIntent');
    assert.ok(!effects(world).includes('claim'));
    perform(world, 'prepare');
    assert.deepEqual([effects(world).at(-1), record(world)], ['claim', 'ticket 1 1 edge-2/2']);
  });

  it('goes to another slot under a newly burnt epoch when the host of a ticket refuses', () => {
    const world = told('ticket');
    perform(world, 'prepare', 'badly');
    assert.equal(world.state.run?.stage.at, 'burning');
    world.finish();
    assert.deepEqual(
      [world.state.twin.host.host, world.all.flow, world.all.burnt],
      ['edge-2/4', { host: 'edge-2/4', epoch: 2 }, 2],
    );
  });

  it('claims the same host with a higher epoch when the claim is refused', () => {
    const world = told('armed');
    world.all.owner = { epoch: 4, handover: 'other', attempt: 1, host: 'edge-1/1' };
    for (const name of ['putIntent', 'claim', 'readOwner', 'burnEpoch']) perform(world, name);
    assert.equal(record(world), 'armed 2 5 edge-2/2');
    world.finish();
    assert.deepEqual([world.all.owner.host, world.all.flow], ['edge-2/2', { host: 'edge-2/2', epoch: 5 }]);
  });

  it('takes another slot, and the flow there, when the lease had ended', () => {
    const world = used('armed');
    world.do({ act: 'expire', host: 'edge-2/2' });
    world.do({ act: 'tell' });
    assert.deepEqual([world.state.run?.stage.at, world.state.run?.record.way], ['burning', 'manager']);
    world.finish();
    assert.deepEqual([world.all.flow.host, world.all.owner.host], ['edge-2/4', 'edge-2/4']);
  });

  it('sends the flow back to the twin when the host was lost and no other slot is ready', () => {
    const world = new World(idleState(), ['edge-2/2']);
    world.do({ act: 'lease', host: 'edge-2/2', way: 'armed' });
    world.do({ act: 'use', host: 'edge-2/2' });
    world.do({ act: 'lose', host: 'edge-2/2', dead: true });
    world.do({ act: 'tell' });
    world.finish();
    assert.deepEqual([world.all.ended, world.all.flow.host], [['r1 failed'], 'edge-1/1']);
  });

  it('goes on with the hand-over that runs, to where the flow is, when that epoch is the higher one', () => {
    const world = new World(idleState(), ['edge-1/3', 'edge-2/2', 'edge-2/4', 'core/6']);
    world.do({ act: 'lease', host: 'edge-2/2', way: 'armed' });
    world.do({ act: 'move', domain: 'core' });
    world.do({ act: 'use', host: 'edge-2/2' });
    world.do({ act: 'tell' });
    assert.deepEqual([world.state.run?.record.id, record(world)], ['m1', 'armed 2 1 edge-2/2']);
    world.finish();
    assert.deepEqual([world.all.ended, world.all.flow.host], [['r2 cancelled', 'm1 completed'], 'edge-2/2']);
  });

  it('lets the epoch of its own attempt win where that is the higher one, and follows the car afterwards', () => {
    const world = new World(idleState(), ['edge-1/3', 'edge-2/2', 'edge-2/4', 'core/6']);
    world.all.burnt = 4;
    world.do({ act: 'lease', host: 'edge-2/2', way: 'armed' });
    world.do({ act: 'move', domain: 'core' });
    perform(world, 'burnEpoch');
    world.do({ act: 'use', host: 'edge-2/2' });
    world.do({ act: 'tell' });
    world.finish();
    assert.deepEqual(world.all.ended, ['m1 completed', 'r2 completed']);
    assert.equal(world.state.twin.host.domain, 'edge-2');
  });

  it('waits for the outcome of a claim before it follows a redirect that came meanwhile', () => {
    const world = new World(idleState(), ['edge-2/2', 'core/6']);
    world.do({ act: 'lease', host: 'edge-2/2', way: 'armed' });
    world.do({ act: 'move', domain: 'core' });
    for (const name of ['burnEpoch', 'putIntent', 'prepare', 'redirect']) perform(world, name);
    world.do({ act: 'use', host: 'edge-2/2' });
    world.do({ act: 'tell' });
    assert.deepEqual([world.state.run?.stage.at, world.state.run?.record.toHost], ['claiming', 'core/6']);
    perform(world, 'claim');
    assert.deepEqual([world.all.owner.host, record(world)], ['core/6', 'armed 2 2 edge-2/2']);
    world.finish();
    assert.deepEqual([world.all.owner.host, world.all.held], ['edge-2/2', ['edge-2/2']]);
  });

  it('does not follow a redirect that is told when the flow has long been taken elsewhere', () => {
    const world = used('armed');
    const { redirected } = world.all.untold[0]!;
    world.all.flow = { host: 'edge-1/1', epoch: 6 };
    Object.assign(world.all.state, { highestEpoch: 6, twin: { ...world.state.twin, epoch: 6 } });
    world.do({ act: 'tell' });
    assert.equal(redirected?.epoch, 1);
    assert.equal(world.state.run?.record.way, 'manager', 'the device is there, its flow is not');
    world.finish();
    assert.deepEqual([world.all.flow.host, world.all.held], [world.state.twin.host.host, [world.state.twin.host.host]]);
  });

  for (const written of [false, true])
    it(`is continued by the next manager from the lease's record (${written ? 'with' : 'without'} its own row)`, () => {
      const world = told('armed');
      world.do({ act: 'crash', written });
      world.finish();
      assert.deepEqual([world.all.owner.host, world.all.owner.epoch, world.all.flow.epoch], ['edge-2/2', 1, 1]);
      assert.deepEqual(world.all.held, ['edge-2/2']);
    });

  it('follows a redirect above its own attempt after a restart, though higher epochs were burnt and never used', () => {
    const world = new World();
    world.do({ act: 'lease', host: 'edge-2/2', way: 'armed' });
    world.do({ act: 'lose', host: 'edge-1/1', dead: false });
    for (const what of ['burnEpoch', 'prepare', 'putIntent', 'redirect']) perform(world, what);
    world.do({ act: 'use', host: 'edge-2/2' });
    world.all.burnt = 3;
    perform(world, 'claim');
    world.do({ act: 'crash', written: false });
    world.finish();
    const { host } = world.state.twin.host;
    // The lease ended with the manager that died, so another slot of that domain will do; but flow and twin are one.
    assert.deepEqual([host.split('/')[0], world.all.flow.host, world.all.held], ['edge-2', host, [host]]);
  });

  it('brings the flow back after a restart, though the attempt that was under way had a higher epoch', () => {
    const world = new World();
    world.do({ act: 'lease', host: 'edge-2/2', way: 'armed' });
    world.do({ act: 'move', domain: 'edge-2' });
    perform(world, 'burnEpoch');
    world.do({ act: 'tick' });
    world.do({ act: 'use', host: 'edge-2/2' });
    perform(world, 'orderHost');
    perform(world, 'burnEpoch');
    perform(world, 'putIntent');
    assert.ok(world.state.run!.record.epoch! > world.all.flow.epoch);
    world.do({ act: 'tell' });
    // What it was told is not in the row of the intent.
    world.do({ act: 'crash', written: false });
    // No attempt comes to an end.
    while (world.state.run !== undefined && world.state.run.stage.at !== 'returning') world.do({ act: 'tick' });
    world.finish();
    const { host } = world.state.twin.host;
    assert.deepEqual([world.all.owner.host, world.all.flow.host, world.all.held], [host, host, [host]]);
  });

  describe('and again, before anybody told of it,', () => {
    /** sdn-app used a slot there, one at another host, and one there once more; the first redirect is told. */
    const thrice = (): World => {
      const world = used('armed');
      world.do({ act: 'expire', host: 'edge-2/2' });
      world.do({ act: 'lease', host: 'edge-2/4', way: 'ticket' });
      world.do({ act: 'use', host: 'edge-2/4' });
      world.do({ act: 'lease', host: 'edge-2/2', way: 'armed' });
      world.do({ act: 'use', host: 'edge-2/2' });
      world.do({ act: 'tell' });
      return world;
    };
    const ends = (...performed: string[]): World => {
      const world = thrice();
      perform(world, 'putIntent');
      perform(world, 'claim');
      world.do({ act: 'tell' });
      for (const effect of performed) perform(world, effect);
      world.do({ act: 'tell' });
      world.finish();
      const { flow, owner, held, ended } = world.all;
      assert.deepEqual([flow.host, owner.host, held], ['edge-2/4', 'edge-2/4', ['edge-2/4']]);
      assert.ok(ended.includes('r1 completed'), ended.join());
      return world;
    };

    it('takes the flow along under an epoch of its own where it is back at the twin before the claim', () => {
      for (const performed of [[], ['putIntent'], ['prepare']]) assert.equal(ends(...performed).all.owner.epoch, 4);
    });

    it('fetches the flow once the target acts, where it is back at the old twin while the claim is under way', () => {
      const { owner, flow } = ends('putIntent', 'prepare').all;
      assert.deepEqual([owner.epoch, flow.epoch], [2, 4]);
    });

    it('has the flow where it is to be once it has claimed', () => {
      ends('putIntent', 'prepare', 'claim');
    });
  });
});
