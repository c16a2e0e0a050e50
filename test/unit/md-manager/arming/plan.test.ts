import assert from 'node:assert/strict';
import fc from 'fast-check';
import { planStandby, type Kept, type Limits, type Room, type Wants } from '../../../../md-manager/arming/plan.js';

const wants = (vehicle: string, ...domains: string[]): Wants => ({
  vehicle,
  next: domains.map(domain => ({ domain, reason: `neighbour of ${vehicle}` })),
});
const kept = (lease: string, domain: string, vehicle?: string): Kept =>
  vehicle === undefined ? { lease, domain } : { lease, domain, vehicle };
const rooms = (ready: number, reserve: number, ...domains: string[]): Map<string, Room> =>
  new Map(domains.map(domain => [domain, { ready, reserve }]));
const LIMITS: Limits = { budget: 100, ticketsPerDomain: 0 };
const taken = (plan: ReturnType<typeof planStandby>): string[] =>
  plan.take.map(({ vehicle = 'ticket', domain }) => `${vehicle} ${domain}`);

describe('the plan of standby slots', () => {
  it('keeps one slot for each domain that a vehicle may enter next', () => {
    const plan = planStandby([wants('a', 'x', 'y')], [kept('1', 'x', 'a')], rooms(9, 2, 'x', 'y'), LIMITS);
    assert.deepEqual([taken(plan), plan.withdraw, plan.unserved], [['a y'], [], []]);
  });

  it('follows the car: what it may enter no more is withdrawn, and all of it while a hand-over runs', () => {
    const held = [kept('1', 'x', 'a'), kept('2', 'y', 'a'), kept('3', 'x', 'b')];
    const moved = planStandby([wants('a', 'y', 'z')], held, rooms(9, 2, 'x', 'y', 'z'), LIMITS);
    assert.deepEqual([taken(moved), moved.withdraw], [['a z'], ['1']]);
    const running = planStandby([wants('a')], held, rooms(9, 2, 'x', 'y', 'z'), LIMITS);
    assert.deepEqual([taken(running), running.withdraw], [[], ['1', '2']]);
  });

  it('leaves the reserve to hand-overs, and says who goes without', () => {
    const plan = planStandby([wants('a', 'x'), wants('b', 'x')], [], rooms(3, 2, 'x'), LIMITS);
    assert.deepEqual([taken(plan), plan.unserved], [['a x'], ['b']]);
  });

  it('gives everybody’s likeliest domain before anybody’s second', () => {
    const plan = planStandby([wants('a', 'x', 'y'), wants('b', 'y')], [], rooms(3, 2, 'x', 'y'), LIMITS);
    assert.deepEqual([taken(plan), plan.unserved], [['a x', 'b y'], ['a']]);
  });

  it('stays within the budget of a domain, tickets included', () => {
    const limits = { budget: 2, ticketsPerDomain: 1 };
    const plan = planStandby([wants('a', 'x'), wants('b', 'x')], [kept('1', 'x', 'c')], rooms(9, 0, 'x'), limits);
    assert.deepEqual([taken(plan), plan.unserved], [['a x'], ['b']]);
    const lowered = planStandby([], [kept('1', 'x', 'a'), kept('2', 'x', 'b'), kept('3', 'x', 'c')], rooms(9, 0, 'x'), {
      budget: 2,
      ticketsPerDomain: 0,
    });
    assert.deepEqual(lowered.withdraw, ['3']);
  });

  it('keeps as many tickets per domain as it should', () => {
    const limits = { budget: 100, ticketsPerDomain: 2 };
    const plan = planStandby([], [kept('1', 'x')], rooms(9, 2, 'x', 'y'), limits);
    assert.deepEqual(taken(plan), ['ticket x', 'ticket y', 'ticket y']);
    assert.deepEqual(planStandby([], [kept('1', 'x'), kept('2', 'x')], rooms(9, 2, 'x'), LIMITS).withdraw, ['1', '2']);
  });

  it('gives slots back, newest first, where hand-overs find none', () => {
    const held = [kept('1', 'x', 'a'), kept('2', 'x', 'b'), kept('3', 'x', 'c')];
    assert.deepEqual(planStandby([], held, rooms(0, 2, 'x'), LIMITS).withdraw, ['2', '3']);
    assert.deepEqual(planStandby([], held, rooms(1, 2, 'x'), LIMITS).withdraw, []);
  });

  it('waits for a slot that sdn-app has not let go of yet', () => {
    const plan = planStandby([wants('a', 'x')], [], rooms(9, 0, 'x'), LIMITS, [kept('1', 'x', 'a')]);
    assert.deepEqual([taken(plan), plan.unserved], [[], ['a']]);
    const full = planStandby([wants('a', 'x')], [], rooms(9, 0, 'x'), { budget: 1, ticketsPerDomain: 0 }, [
      kept('1', 'x', 'b'),
    ]);
    assert.deepEqual(taken(full), []);
  });

  const domains: fc.Arbitrary<string> = fc.constantFrom('x', 'y', 'z');
  const scenes = fc.record({
    wants: fc.uniqueArray(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e'), fc.uniqueArray(domains)), {
      selector: ([vehicle]) => vehicle,
    }),
    kept: fc.uniqueArray(fc.tuple(fc.option(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')), domains), {
      selector: ([vehicle, domain]) => `${vehicle} ${domain} ${vehicle === null ? Math.random() : ''}`,
    }),
    rooms: fc.uniqueArray(fc.tuple(domains, fc.nat(6), fc.nat(3)), { selector: ([domain]) => domain }),
    budget: fc.nat(6),
    tickets: fc.nat(3),
  });

  it('is within budget and room, never twice for one vehicle and domain, and settles at once', () => {
    fc.assert(
      fc.property(scenes, scene => {
        const wanted = scene.wants.map(([vehicle, next]) => wants(vehicle, ...next));
        const held = scene.kept.map(([vehicle, domain], n) => kept(`${n}`, domain, vehicle ?? undefined));
        const room = new Map(scene.rooms.map(([domain, ready, reserve]) => [domain, { ready, reserve }]));
        const limits = { budget: scene.budget, ticketsPerDomain: scene.tickets };
        const plan = planStandby(wanted, held, room, limits);
        const after = [
          ...held.filter(({ lease }) => !plan.withdraw.includes(lease)),
          ...plan.take.map(({ vehicle, domain }, n) => kept(`new ${n}`, domain, vehicle)),
        ];
        for (const domain of ['x', 'y', 'z']) {
          const took = plan.take.filter(row => row.domain === domain).length;
          const { ready = 0, reserve = 0 } = new Map<string, Room>(room).get(domain) ?? {};
          assert.ok(after.filter(row => row.domain === domain).length <= limits.budget, 'budget');
          if (took > 0) assert.ok(ready - took >= reserve, 'the reserve is left');
        }
        const pairs = after.flatMap(({ vehicle, domain }) => (vehicle === undefined ? [] : [`${vehicle} ${domain}`]));
        assert.equal(new Set(pairs).size, pairs.length, 'one slot per vehicle and domain');
        for (const { vehicle, next } of wanted)
          for (const row of after.filter(one => one.vehicle === vehicle))
            assert.ok(
              next.some(({ domain }) => domain === row.domain),
              'nothing that is not wanted',
            );
        const left = new Map(
          [...room].map(([domain, { ready, reserve }]) => {
            const took = plan.take.filter(row => row.domain === domain).length;
            return [domain, { ready: ready - took, reserve }] as const;
          }),
        );
        const settled = [...left.values()].every(({ ready }) => ready > 0);
        if (settled) assert.deepEqual(planStandby(wanted, after, left, limits).withdraw, []);
      }),
      { numRuns: 2_000 },
    );
  });
});
