import assert from 'node:assert/strict';
import fc from 'fast-check';
import { World, type Action } from '../../../fakes/handover-world.js';

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
