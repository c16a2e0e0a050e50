import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DEFAULT_TIMING } from '../../../../md-manager/handover/state.js';
import { deadlineOf } from '../../../../md-manager/handover/work.js';
import { World, idleState, type Action } from '../../../fakes/handover-world.js';

const effects = (world: World): string[] => world.all.pending.map(effect => effect.do);
const perform = (world: World, what: string, how: 'well' | 'badly' | 'unheard' = 'well'): void => {
  const index = world.all.pending.findLastIndex(effect => effect.do === what);
  assert.notEqual(index, -1, `${what} is under way; there are ${effects(world).join(', ')}`);
  world.do({ act: 'perform', index, how });
};
const after = (...names: string[]): World => {
  const world = new World();
  world.do({ act: 'move', domain: 'edge-2' });
  for (const name of names) perform(world, name);
  return world;
};
/** Every order of six events. */
function explore(start: World): void {
  let front = [start];
  const seen = new Set<string>();
  for (let depth = 0; depth < 6; depth++) {
    const next: World[] = [];
    for (const world of front) {
      for (const action of world.actions()) {
        const branch = world.clone();
        branch.do(action);
        const key = branch.key();
        if (seen.has(key)) continue;
        seen.add(key);
        next.push(branch);
      }
    }
    front = next;
  }
}

const PATH = ['burnEpoch', 'putIntent', 'prepare', 'redirect', 'claim', 'drain', 'activate'];

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

  describe('where sdn-app redirected the flow by itself', () => {
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
      assert.deepEqual(
        [world.all.flow.host, world.all.held],
        [world.state.twin.host.host, [world.state.twin.host.host]],
      );
    });

    for (const written of [false, true])
      it(`is continued by the next manager from the lease's record (${written ? 'with' : 'without'} its own row)`, () => {
        const world = told('armed');
        world.do({ act: 'crash', written });
        world.finish();
        assert.deepEqual([world.all.owner.host, world.all.owner.epoch, world.all.flow.epoch], ['edge-2/2', 1, 1]);
        assert.deepEqual(world.all.held, ['edge-2/2']);
      });
  });

  const leased = (...then: Action[]): World => {
    const world = new World();
    world.do({ act: 'lease', host: 'edge-2/2', way: 'armed' });
    for (const next of then) world.do(next);
    return world;
  };
  const use = { act: 'use', host: 'edge-2/2' } as const;
  for (const [n, start] of [
    ['a lease', () => leased()],
    ['a used lease', () => leased(use)],
    ['a used lease beside a hand-over', () => leased({ act: 'move', domain: 'edge-2' }, use)],
    ['a redirect that was told', () => leased(use, { act: 'tell' })],
  ] as const)
    it(`keeps its invariants in every order of six events (after ${n})`, function () {
      this.timeout(240_000);
      explore(start());
    });

  for (const [n, start] of [
    [0, []],
    [1, PATH.slice(0, 2)],
    [2, PATH.slice(0, 4)],
    [3, PATH.slice(0, 5)],
    [4, PATH],
  ] as const)
    it(`keeps its invariants in every order of six events (start ${n})`, function () {
      this.timeout(240_000);
      explore(n === 0 ? new World() : after(...start));
    });
});

const pick = (world: World, n: number, ...acts: Action['act'][]): Action => {
  const found = world.actions().filter(({ act }) => acts.includes(act));
  return found[n % Math.max(1, found.length)] ?? { act: 'tick' };
};

const action: fc.Arbitrary<(world: World) => Action> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.constantFrom('core', 'edge-1', 'edge-2').map(domain => () => ({ act: 'move', domain }) as const),
  },
  { weight: 3, arbitrary: fc.constant(() => ({ act: 'tick' }) as const) },
  { weight: 1, arbitrary: fc.constant(() => ({ act: 'report' }) as const) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.nat(5), fc.boolean()).map(([n, dead]) => (world: World): Action => {
      const hosts = Object.keys(world.all.slots);
      const host = hosts[n % Math.max(1, hosts.length)];
      return host === undefined ? { act: 'tick' } : { act: 'lose', host, dead };
    }),
  },
  { weight: 2, arbitrary: fc.nat(7).map(n => (world: World) => pick(world, n, 'lease', 'use', 'tell')) },
  { weight: 1, arbitrary: fc.nat(7).map(n => (world: World) => pick(world, n, 'expire')) },
  {
    // Mostly what is under way, now and then something long past.
    weight: 12,
    arbitrary: fc
      .tuple(fc.nat(3), fc.constantFrom('well', 'well', 'well', 'badly', 'unheard'))
      .map(([back, how]) => (world: World): Action => {
        const index = Math.max(0, world.all.pending.length - 1 - back);
        return { act: 'perform', index, how };
      }),
  },
);

describe('the hand-over machine, whatever happens', () => {
  const settled = (world: World): void => {
    world.finish();
    const { state, held, lost, flow, owner } = world.all;
    assert.equal(state.run, undefined);
    assert.deepEqual(state.leaving, []);
    assert.deepEqual(
      held.filter(host => !(host in lost)),
      [state.twin.host.host],
    );
    assert.equal(flow.host, state.twin.host.host);
    assert.equal(owner.host, state.twin.host.host);
  };

  it('ends every hand-over, with one slot held, one twin, and the flow to it', function () {
    this.timeout(240_000);
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60, size: 'max' }), actions => {
        const world = new World();
        for (const next of actions) world.do(next(world));
        settled(world);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is continued by the next manager wherever the first one died', function () {
    this.timeout(240_000);
    fc.assert(
      fc.property(
        fc.array(action, { maxLength: 40, size: 'max' }),
        fc.array(action, { maxLength: 20, size: 'max' }),
        fc.boolean(),
        (before, later, written) => {
          const world = new World();
          for (const next of before) world.do(next(world));
          world.do({ act: 'crash', written });
          for (const next of later) world.do(next(world));
          settled(world);
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
