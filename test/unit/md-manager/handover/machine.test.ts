import assert from 'node:assert/strict';
import { DEFAULT_TIMING } from '../../../../md-manager/handover/state.js';
import { deadlineOf } from '../../../../md-manager/handover/work.js';
import { PATH, World, after, effects, idleState, perform } from '../../../fakes/handover-world.js';

describe('the hand-over machine', () => {
  it('goes through every phase in order and ends with the slot of the old twin free', () => {
    const world = after(...PATH);
    const phases = Object.keys(world.state.run!.record.phases);
    assert.deepEqual(phases, ['initiated', 'prepared', 'redirected', 'activated']);
    world.finish();
    assert.equal(world.state.twin.host.host, 'edge-2/2');
    assert.deepEqual([world.all.held, world.all.ended], [['edge-2/2'], ['m1 completed']]);
  });

  it('waits for the end of the old twin and not for a time that has passed', () => {
    const world = after(...PATH.slice(0, 5));
    world.all.pending = [];
    world.all.slots['edge-1/1']!.acting = false;
    world.send({ type: 'stoodDown', host: 'edge-1/1' });
    perform(world, 'activate');
    const drainedBy = world.all.now + DEFAULT_TIMING.drainMaxMs;
    assert.equal(deadlineOf(world.state, DEFAULT_TIMING), drainedBy);
  });

  it('prepares the host while the intent is being written, and redirects after both', () => {
    const world = after('burnEpoch');
    assert.deepEqual(effects(world).slice(-2), ['prepare', 'putIntent']);
    perform(world, 'prepare');
    assert.ok(!effects(world).includes('redirect'));
    perform(world, 'putIntent');
    assert.ok(effects(world).includes('redirect'));
  });

  it('gives no host up that is prepared for the time that the store takes', () => {
    const world = after('burnEpoch');
    perform(world, 'prepare');
    assert.equal(deadlineOf(world.state, DEFAULT_TIMING), undefined);
    world.all.now += 10 * DEFAULT_TIMING.prepareMs;
    world.send({ type: 'tick' });
    assert.equal(world.state.run?.stage.at, 'preparing');
    perform(world, 'putIntent');
    assert.equal(world.state.run?.stage.at, 'redirecting');
  });

  it('gives a host up that is not prepared in time', () => {
    const world = after('burnEpoch');
    perform(world, 'putIntent');
    world.all.now += DEFAULT_TIMING.prepareMs;
    world.send({ type: 'tick' });
    assert.equal(world.state.run?.record.attempt, 2);
  });

  it('burns no epoch for a move inside one domain', () => {
    const world = new World();
    world.do({ act: 'move', domain: 'edge-1' });
    assert.deepEqual([effects(world), world.all.ended], [[], ['m1 completed']]);
  });

  it('cancels at a move back before the intent is durable', () => {
    const world = after('burnEpoch');
    world.do({ act: 'move', domain: 'edge-1' });
    assert.deepEqual(world.all.ended, ['m2 completed', 'm1 cancelled']);
    world.finish();
    assert.deepEqual([world.state.twin.host.host, world.all.held], ['edge-1/1', ['edge-1/1']]);
  });

  it('rolls forward at a move back once the intent is durable, and follows the move afterwards', () => {
    const world = after('burnEpoch', 'putIntent');
    world.do({ act: 'move', domain: 'edge-1' });
    world.finish();
    assert.deepEqual(world.all.ended, ['m1 completed', 'm2 completed']);
    assert.equal(world.state.twin.host.domain, 'edge-1');
  });

  it('starts a new attempt under a new epoch when it is re-targeted', () => {
    const world = new World(idleState('core/9'));
    world.do({ act: 'move', domain: 'edge-1' });
    perform(world, 'burnEpoch');
    const first = world.state.run!.record;
    world.do({ act: 'move', domain: 'edge-2' });
    perform(world, 'burnEpoch');
    const second = world.state.run!.record;
    assert.deepEqual([second.id, second.attempt, second.toDomain], [first.id, first.attempt + 1, 'edge-2']);
    assert.ok(second.epoch! > first.epoch!);
  });

  it('remembers only the latest of the moves that come meanwhile', () => {
    const world = after('burnEpoch', 'putIntent');
    world.do({ act: 'move', domain: 'edge-1' });
    world.do({ act: 'move', domain: 'edge-2' });
    assert.equal(world.state.next?.id, 'm3');
    world.finish();
    assert.deepEqual(world.all.ended, ['m2 cancelled', 'm1 completed', 'm3 completed']);
  });

  it('waits for the dwell before a second hand-over, and then follows the attachment in force', () => {
    const world = after('burnEpoch');
    world.do({ act: 'move', domain: 'edge-1' });
    world.do({ act: 'move', domain: 'edge-2' });
    assert.deepEqual(world.all.ended, ['m2 completed', 'm1 cancelled']);
    world.do({ act: 'tick' });
    assert.equal(world.state.run?.record.id, 'm3');
  });

  it('orders a host where the pool is empty, and the old twin serves meanwhile', () => {
    const world = new World(idleState(), []);
    world.do({ act: 'move', domain: 'edge-2' });
    assert.deepEqual([effects(world), world.state.run?.record.way], [['orderHost'], 'cold']);
    assert.equal(world.all.flow.host, 'edge-1/1');
    world.finish();
    assert.deepEqual([world.all.ended, world.state.twin.host.domain], [['m1 completed'], 'edge-2']);
  });

  it('stays on the old twin when no host can be had', () => {
    const world = new World(idleState(), []);
    world.do({ act: 'move', domain: 'edge-2' });
    perform(world, 'orderHost', 'badly');
    assert.deepEqual([world.all.ended, world.state.twin.host.host], [['m1 failed'], 'edge-1/1']);
  });

  it('takes another slot when a host refuses, else stays', () => {
    const world = after('burnEpoch');
    perform(world, 'prepare', 'badly');
    perform(world, 'burnEpoch');
    assert.equal(world.state.run?.record.toHost, 'edge-2/4');
  });

  it('takes another slot when the target is lost after the redirect, and never leaves the flow there', () => {
    const world = after('burnEpoch', 'putIntent', 'prepare', 'redirect');
    world.do({ act: 'lose', host: 'edge-2/2', dead: true });
    world.finish();
    assert.deepEqual([world.state.twin.host.host, world.all.flow.host], ['edge-2/4', 'edge-2/4']);
  });

  it('sends the flow back to the old twin when the target is lost after the redirect and no other slot is ready', () => {
    const world = new World(idleState(), ['edge-2/2']);
    world.do({ act: 'move', domain: 'edge-2' });
    for (const name of ['burnEpoch', 'putIntent', 'prepare']) perform(world, name);
    perform(world, 'redirect', 'unheard');
    world.do({ act: 'lose', host: 'edge-2/2', dead: true });
    world.finish();
    assert.deepEqual([world.all.ended, world.all.flow.host], [['m1 failed'], 'edge-1/1']);
    assert.equal(world.all.owner.epoch, 0);
  });

  it('hands over to its own domain when the serving host is lost, beginning at initiated', () => {
    const world = new World();
    world.do({ act: 'lose', host: 'edge-1/1', dead: true });
    assert.deepEqual(Object.keys(world.state.run!.record.phases), ['initiated']);
    world.finish();
    assert.deepEqual([world.state.twin.host.host, world.all.ended], ['edge-1/3', ['lost edge-1/1 completed']]);
  });

  it('lets the new host act only after the lease of a lost one has run out', () => {
    const world = new World();
    world.do({ act: 'lose', host: 'edge-1/1', dead: false });
    for (const name of ['burnEpoch', 'putIntent', 'prepare', 'redirect', 'claim']) perform(world, name);
    assert.ok(!effects(world).includes('activate'));
    world.do({ act: 'tick' });
    assert.ok(effects(world).includes('activate'));
  });

  it('lets the new host act at once when the lost one is known to be dead', () => {
    const world = new World();
    world.do({ act: 'lose', host: 'edge-1/1', dead: false });
    for (const name of ['burnEpoch', 'putIntent', 'prepare', 'redirect', 'claim']) perform(world, name);
    world.do({ act: 'lose', host: 'edge-1/1', dead: true });
    assert.ok(effects(world).includes('activate'));
  });

  it('reads the owner row back when a claim is refused or unknown, and takes its own claim for applied', () => {
    const world = after('burnEpoch', 'putIntent', 'prepare', 'redirect');
    perform(world, 'claim', 'unheard');
    world.do({ act: 'perform', index: world.all.pending.findIndex(effect => effect.do === 'claim'), how: 'well' });
    perform(world, 'readOwner');
    assert.equal(world.state.run?.stage.at, 'activating');
  });
});
