import assert from 'node:assert/strict';
import { PATH, World, after, effects } from '../../../fakes/handover-world.js';

const order = (id: string, domain: string, kind: 'drain' | 'ordered' = 'ordered') =>
  ({ type: 'ordered', id, kind, domains: [domain] }) as const;

describe('a hand-over that is ordered', () => {
  it('goes through the same phases as that of a move, and the vehicle keeps its attachment', () => {
    const world = new World();
    const { attachment } = world.state;
    world.send(order('o1', 'edge-2'));
    assert.equal(world.state.run?.record.kind, 'ordered');
    world.finish();
    assert.deepEqual([world.all.held, world.all.ended], [['edge-2/2'], ['o1 completed']]);
    assert.deepEqual(world.state.attachment, attachment);
  });

  it('is the same one when it comes twice', () => {
    const world = new World();
    world.send(order('o1', 'edge-2'));
    const begun = world.state;
    world.send(order('o1', 'edge-2'));
    assert.equal(world.state, begun);
    world.finish();
    world.send(order('o1', 'edge-2'));
    assert.deepEqual(world.all.ended, ['o1 completed']);
  });

  it('leaves one alone that is under way', () => {
    const world = after(...PATH.slice(0, 2));
    const { state } = world;
    world.send(order('o1', 'core'));
    assert.equal(world.state, state);
  });

  it('is none where the twin is there already, but a host is drained inside its domain', () => {
    const world = new World();
    world.send(order('o1', 'edge-1'));
    assert.deepEqual([world.state.run, effects(world)], [undefined, []]);
    world.send(order('o2', 'edge-1', 'drain'));
    assert.equal(world.state.run?.record.kind, 'drain');
  });

  it('is none of a vehicle whose host is lost', () => {
    const world = new World();
    world.send({ type: 'hostLost', host: 'edge-1/1', dead: true, leaseUntilMs: 0, id: 'l1' });
    world.send(order('o1', 'edge-2'));
    assert.equal(world.state.run?.record.kind, 'host-lost');
    assert.ok(!world.state.seen.includes('o1'));
  });
});
