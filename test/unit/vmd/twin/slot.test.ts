import assert from 'node:assert/strict';
import fc from 'fast-check';
import { acts, step, UNSEEN, type Command, type Order, type Slot } from '../../../../vmd/twin/slot.js';
import { Slots } from '../../../../vmd/twin/slots.js';

const order = (epoch: number): Order => ({ handover: `h-${epoch}`, attempt: 1, epoch });
const epochs = fc.integer({ min: 0, max: 6 });
const kept = (epoch: number, lease: string): Order => ({ handover: lease, attempt: 0, epoch, lease });
const leases = fc.constantFrom('l-1', 'l-2');
const commands: fc.Arbitrary<Command> = fc.oneof(
  fc.tuple(epochs, leases).map(([epoch, lease]) => ({ do: 'prepare', order: kept(epoch, lease) }) as const),
  fc
    .tuple(epochs, leases)
    .map(([epoch, handover]) => ({ do: 'release', order: { handover, attempt: 0, epoch } }) as const),
  epochs.map(epoch => ({ do: 'prepare', order: order(epoch) }) as const),
  fc
    .tuple(epochs, fc.integer({ min: 1, max: 20 }))
    .map(([epoch, leaseMs]) => ({ do: 'activate', order: order(epoch), leaseMs }) as const),
  epochs.map(epoch => ({ do: 'drain', order: order(epoch) }) as const),
  epochs.map(epoch => ({ do: 'release', order: order(epoch) }) as const),
  fc
    .tuple(epochs, fc.integer({ min: 1, max: 20 }))
    .map(([epoch, leaseMs]) => ({ do: 'renew', epoch, leaseMs }) as const),
);
const histories = fc.array(fc.tuple(commands, fc.integer({ min: 0, max: 10 })), { maxLength: 40 });

const actingEpoch = (slot: Slot): number | undefined => (slot.at === 'assigned' ? slot.acting.epoch : undefined);

/** Every step of a history: state before, command, its time, state after, outcome. */
function walk(
  history: readonly (readonly [Command, number])[],
  check: (before: Slot, command: Command, nowMs: number, after: Slot, outcome: string) => void,
): void {
  let nowMs = 0;
  let slot = UNSEEN;
  for (const [command, passedMs] of history) {
    nowMs += passedMs;
    const [after, outcome] = step(slot, command, nowMs);
    check(slot, command, nowMs, after, outcome);
    slot = after;
  }
}

const run = (...steps: Command[]): Slot => steps.reduce((slot, command) => step(slot, command, 0)[0], UNSEEN);

describe('vmd slot', () => {
  it('goes from prepared to acting to draining to free', () => {
    const reserved = run({ do: 'prepare', order: order(1) });
    const assigned = step(reserved, { do: 'activate', order: order(1), leaseMs: 100 }, 50)[0];
    const draining = step(assigned, { do: 'drain', order: order(2) }, 60)[0];
    const free = step(draining, { do: 'release', order: order(2) }, 70)[0];
    assert.deepEqual([reserved.at, assigned.at, draining.at, free.at], ['reserved', 'assigned', 'draining', 'free']);
    assert.deepEqual([acts(reserved, 60), acts(assigned, 149), acts(assigned, 150)], [false, true, false]);
  });

  it('never forgets the highest epoch, and refuses every command below it', () => {
    fc.assert(
      fc.property(histories, history =>
        walk(history, (before, command, _now, after, outcome) => {
          assert.ok(after.seen >= before.seen);
          if (command.do !== 'renew' && command.order.epoch < before.seen) {
            assert.equal(outcome, 'stale');
            assert.equal(after, before);
          }
        }),
      ),
    );
  });

  it('begins to act by an activation at the highest epoch alone, and never again with an epoch it left', () => {
    fc.assert(
      fc.property(histories, history => {
        let left = -1;
        walk(history, (before, command, _now, after) => {
          const [was, is] = [actingEpoch(before), actingEpoch(after)];
          if (is !== undefined && is !== was) {
            assert.ok(command.do === 'activate' && command.order.epoch === is && is >= before.seen);
            assert.ok(is > left, `acts with ${is} after it left ${left}`);
          }
          if (was !== undefined && is !== was) left = Math.max(left, was);
        });
      }),
    );
  });

  it('acts only before the end of the last lease it was given', () => {
    fc.assert(
      fc.property(histories, history => {
        let leaseEndsMs = -1;
        walk(history, (_before, command, nowMs, after, outcome) => {
          if (command.do === 'activate' && after.at === 'assigned' && outcome !== 'stale')
            leaseEndsMs = Math.max(leaseEndsMs, nowMs + command.leaseMs);
          if (command.do === 'renew' && outcome === 'done')
            leaseEndsMs = Math.max(leaseEndsMs, nowMs + command.leaseMs);
          if (acts(after, nowMs)) assert.ok(nowMs < leaseEndsMs);
          assert.equal(acts(after, leaseEndsMs), false);
        });
      }),
    );
  });

  it('takes a repeated command as the same one', () => {
    fc.assert(
      fc.property(histories, history =>
        walk(history, (_before, command, nowMs, after) => assert.deepEqual(step(after, command, nowMs)[0], after)),
      ),
    );
  });

  it('goes on acting with the older epoch while a newer one is only prepared, and when that is cancelled', () => {
    const acting = run({ do: 'prepare', order: order(1) }, { do: 'activate', order: order(1), leaseMs: 9 });
    const prepared = step(acting, { do: 'prepare', order: order(2) }, 1)[0];
    const cancelled = step(prepared, { do: 'release', order: order(2) }, 2)[0];
    assert.deepEqual([prepared, cancelled].map(actingEpoch), [1, 1]);
    assert.deepEqual([prepared.seen, cancelled.seen], [2, 2]);
    assert.equal(step(prepared, { do: 'renew', epoch: 1, leaseMs: 9 }, 3)[1], 'done');
  });

  it('is not taken again by the late repetition of an order that was released', () => {
    const released = run({ do: 'prepare', order: order(1) }, { do: 'release', order: order(1) });
    assert.deepEqual(step(released, { do: 'prepare', order: order(1) }, 0), [released, 'stale']);
    assert.equal(step(released, { do: 'prepare', order: order(2) }, 0)[0].at, 'reserved');
  });

  describe('kept under a lease', () => {
    const keep = (epoch: number, lease: string): Command => ({ do: 'prepare', order: kept(epoch, lease) });
    const end = (epoch: number, handover: string): Command => ({
      do: 'release',
      order: { handover, attempt: 0, epoch },
    });
    const outcome = (slot: Slot, command: Command): string => step(slot, command, 0)[1];

    it('is had at the highest epoch seen, which burns none, and again after the vehicle was here with that epoch', () => {
      const left = run({ do: 'prepare', order: order(5) }, { do: 'release', order: order(5) });
      assert.deepEqual(
        [outcome(left, { do: 'prepare', order: order(5) }), outcome(left, keep(5, 'l-1'))],
        ['stale', 'done'],
      );
      assert.equal(outcome(left, keep(4, 'l-1')), 'stale');
    });

    it('is taken by the hand-over that it was kept for, prepared once more or not', () => {
      const slot = run(keep(5, 'l-1'));
      const activated = step(slot, { do: 'activate', order: order(6), leaseMs: 9 }, 0)[0];
      const prepared = step(slot, { do: 'prepare', order: order(6) }, 0)[0];
      assert.deepEqual([actingEpoch(activated), prepared.at, prepared.seen], [6, 'reserved', 6]);
      assert.equal(outcome(prepared, keep(6, 'l-1')), 'stale', 'late: the slot is the hand-over’s');
      assert.equal(outcome(activated, keep(6, 'l-2')), 'stale');
    });

    it('is let go by its own lease alone, and not taken again by the lease that ended', () => {
      const slot = run(keep(5, 'l-1'), end(5, 'l-1'), keep(5, 'l-2'));
      assert.equal(outcome(slot, end(5, 'l-1')), 'stale');
      const free = step(slot, end(5, 'l-2'), 0)[0];
      assert.deepEqual([free.at, outcome(free, keep(5, 'l-2'))], ['free', 'stale']);
      assert.equal(outcome(run(end(5, 'l-1')), keep(5, 'l-1')), 'stale', 'the end was quicker than the beginning');
    });
  });

  it('does not act again for an epoch that it stood down for', () => {
    const drained = run(
      { do: 'prepare', order: order(1) },
      { do: 'activate', order: order(1), leaseMs: 9 },
      { do: 'drain', order: order(1) },
    );
    assert.deepEqual(step(drained, { do: 'activate', order: order(1), leaseMs: 9 }, 0), [drained, 'stale']);
  });
});

describe('vmd slots', () => {
  it('gives each vehicle one slot, and says when there is none left', () => {
    const slots = new Slots(2);
    const prepare = (vehicle: string) => slots.apply(vehicle, { do: 'prepare', order: order(0) }, 0);
    assert.deepEqual(['a', 'b', 'a', 'c'].map(prepare), ['done', 'done', 'unchanged', 'full']);
    assert.deepEqual([slots.get('a')?.index, slots.get('b')?.index, slots.get('c')], [0, 1, undefined]);
    slots.apply('a', { do: 'release', order: order(0) }, 0);
    assert.equal(prepare('c'), 'done');
    assert.equal(slots.get('c')?.index, 0);
  });

  it('remembers the highest epoch of a vehicle after its slot is free', () => {
    const slots = new Slots(1);
    slots.apply('a', { do: 'prepare', order: order(5) }, 0);
    slots.apply('a', { do: 'release', order: order(5) }, 0);
    assert.equal(slots.apply('a', { do: 'prepare', order: order(4) }, 0), 'stale');
    assert.equal(slots.apply('a', { do: 'prepare', order: order(6) }, 0), 'done');
  });

  it('holds as many slots as are taken, whatever comes', () => {
    const steps = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), commands), { maxLength: 60 });
    fc.assert(
      fc.property(steps, history => {
        const slots = new Slots(2);
        for (const [vehicle, command] of history) slots.apply(vehicle, command, 0);
        const taken = [...slots.taken()];
        assert.equal(new Set(taken.map(([, { index }]) => index)).size, taken.length);
        assert.ok(taken.length <= 2 && taken.every(([, { index }]) => index >= 0 && index < 2));
        assert.equal(new Map(slots.counts()).get('ready'), 2 - taken.length);
      }),
    );
  });
});
