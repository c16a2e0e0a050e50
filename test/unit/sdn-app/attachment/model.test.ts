import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  WAITING,
  alsoOf,
  armedOf,
  leftOf,
  placeOf,
  returnsOf,
  samePlace,
  step,
  type Effect,
  type Event,
  type Rules,
  type State,
} from '../../../../sdn-app/attachment/machine.js';
import { wakeAt } from '../../../../sdn-app/attachment/state.js';
import type { Place } from '../../../../sdn-app/redirect/vehicle.js';
import { ACCESS, CAR, LAB, PROOF, ROUTER, at, copy, domainOf, slot } from './drive.js';

/** What the world does to one vehicle's machine; its answers to effects come whenever the script says. */
type Act =
  | { readonly do: 'copy'; readonly place: Place; readonly authenticated: boolean; readonly twinDomain: string }
  | { readonly do: 'confirm' | 'down' | 'up'; readonly port: number }
  | { readonly do: 'arm'; readonly domains: readonly string[]; readonly tickets: boolean; readonly forMs: number }
  | { readonly do: 'count'; readonly heard: readonly [boolean, boolean] }
  | { readonly do: 'applied' | 'failed'; readonly pick: number }
  | { readonly do: 'place'; readonly place: Place }
  | { readonly do: 'wait'; readonly ms: number };

const port = fc.constantFrom(1, 2, 11);
const place = fc
  .record({
    port,
    datapath: fc.constantFrom(1, 1, 1, 2),
    source: fc.constantFrom(5683, 5683, 6000),
    address: fc.constantFrom('10.0.0.5', '10.0.0.5', '10.0.0.9'),
    mac: fc.constantFrom(CAR, CAR, ROUTER, 'none' as const),
  })
  .map(({ port: number, ...where }) => at(number, where));
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('copy' as const),
      place,
      authenticated: fc.boolean(),
      twinDomain: fc.constantFrom('edge-1', 'edge-2'),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constantFrom('applied' as const, 'applied' as const, 'failed' as const),
      pick: fc.nat(),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 20, 60, 200, 900, 2_100, 20_000) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constantFrom('confirm' as const, 'down' as const, 'up' as const), port }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('arm' as const),
      domains: fc.subarray(['edge-1', 'edge-2']),
      tickets: fc.boolean(),
      forMs: fc.constantFrom(500, 5_000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant('count' as const), heard: fc.tuple(fc.boolean(), fc.boolean()) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('place' as const), place }) },
);

const orders = (effects: readonly Effect[]): string[] =>
  effects.flatMap(effect =>
    (effect.do === 'flows' || effect.do === 'readBack') && effect.handover !== undefined ? [effect.handover] : [],
  );

/** Runs a script, with a timer that is sometimes a little early, and checks after every step what must always hold. */
class World {
  state: State = WAITING;
  nowMs = 1_000_000;
  readonly reports: Extract<Effect, { do: 'report' }>[] = [];
  readonly asked: string[] = [];
  /** The place that the manager knows: of the last report, or its own record. */
  told: Place | undefined;
  readonly #rules: Rules;
  #ids = 0;
  #wakeMs: number | undefined;
  #packets = 0;
  /** Moves that the current arming may still make. */
  #uses = 0;
  readonly #leases = new Set<string>();

  constructor(rules: Rules) {
    this.#rules = rules;
  }

  id = (): string => `id-${++this.#ids}`;

  act(one: Act): void {
    switch (one.do) {
      case 'wait':
        return this.#wait(one.ms);
      case 'copy': {
        const { authenticated, twinDomain } = one;
        const ticket = slot(domainOf(one.place), this.id());
        return this.send({ ...copy(one.place), handover: this.id(), authenticated, twinDomain, ticket });
      }
      case 'confirm':
        return this.send({ type: 'confirmed', datapath: 1, port: one.port, handover: this.id(), twinDomain: 'edge-1' });
      case 'down':
      case 'up':
        return this.send({ type: 'port', datapath: 1, port: one.port, up: one.do === 'up', handover: this.id() });
      case 'arm': {
        const slots = one.domains.map(domain => slot(domain, this.id()));
        return this.send({ type: 'arming', slots, tickets: one.tickets, untilMs: this.nowMs + one.forMs });
      }
      case 'count': {
        const homes = [placeOf(this.state), alsoOf(this.state)];
        const rows = homes.flatMap((home, i) => {
          if (home === undefined) return [];
          return [{ place: home, packets: one.heard[i] === true ? ++this.#packets : 0 }];
        });
        return this.send({ type: 'counters', rows, handover: this.id() });
      }
      case 'place':
        return this.send({ type: 'placed', place: one.place, domain: domainOf(one.place) });
      case 'applied':
      case 'failed': {
        const handover = this.asked[one.pick % Math.max(1, this.asked.length)];
        if (handover !== undefined) this.send({ type: one.do, handover });
      }
    }
  }

  #wait(ms: number): void {
    const untilMs = this.nowMs + ms;
    for (let wakes = 0; this.#wakeMs !== undefined && this.#wakeMs <= untilMs; wakes++) {
      assert.ok(wakes < 1_000, 'wakes without end');
      const early = wakes % 3 === 0 && this.#wakeMs - 0.5 > this.nowMs;
      this.nowMs = Math.max(this.nowMs, early ? this.#wakeMs - 0.5 : this.#wakeMs);
      this.#wakeMs = undefined;
      this.send({ type: 'tick' });
    }
    this.nowMs = untilMs;
  }

  send(event: Event): void {
    const before = this.state;
    const [after, ...effects] = step(before, event, this.nowMs, this.#rules);
    this.state = after;
    this.asked.push(...orders(effects));
    for (const effect of effects) if (effect.do === 'wake') this.#wakeMs = effect.atMs;
    this.#wakesInTime();
    this.#flowsFollow(before, effects);
    this.#movesWhenItMay(before, event, effects);
    this.#usesArmingOnce(before, event, effects);
    this.#reportsInAChain(before, event, effects);
    assert.equal(alsoOf(after) !== undefined, after.at === 'dual-homed', 'prio 100 at two places');
    assert.ok(after.doubts.length <= 4);
    const places = [placeOf(after), alsoOf(after)].filter(one => one !== undefined);
    assert.ok(
      !after.doubts.some(doubt => places.some(one => samePlace(one, doubt.place))),
      'a doubt about where it is',
    );
    assert.ok(after.at === 'waiting' || (after.reroutes.length <= 5 && after.left.length <= 2));
    const ports = returnsOf(after).map(to => `${to.datapath}/${to.port}`);
    assert.equal(new Set(ports).size, ports.length, 'the tag of a port leads to two sources');
  }

  #wakesInTime(): void {
    const dueMs = wakeAt(this.state);
    if (dueMs === undefined) return;
    assert.ok(this.#wakeMs !== undefined && this.#wakeMs <= dueMs, `something waits until ${dueMs}, and nobody wakes`);
  }

  #flowsFollow(before: State, effects: readonly Effect[]): void {
    const flows = (state: State): unknown => [
      placeOf(state),
      alsoOf(state),
      armedOf(state),
      leftOf(state),
      returnsOf(state),
    ];
    if (effects.some(effect => effect.do === 'flows' || effect.do === 'readBack')) return;
    assert.deepEqual(flows(this.state), flows(before), 'other flows, and nobody makes them');
  }

  /** Without a proof nobody but the station that its port vouches for becomes the vehicle. */
  #movesWhenItMay(before: State, event: Event, effects: readonly Effect[]): void {
    const was = placeOf(before);
    const is = placeOf(this.state);
    if (is === undefined || (was !== undefined && samePlace(was, is))) return;
    const homes = [was, alsoOf(before)];
    const isHome = homes.some(home => home !== undefined && samePlace(home, is));
    if (event.type !== 'copy' || this.#rules.trust === 'lab') {
      assert.ok(isHome || event.type === 'copy' || event.type === 'confirmed' || event.type === 'placed', event.type);
      return;
    }
    assert.equal(this.#rules.trust, 'access', 'moved without a proof');
    assert.ok(event.authenticated && was?.mac !== undefined && was.mac === is.mac, 'another station');
    assert.deepEqual(is.source, was.source);
    assert.ok(effects.some(effect => effect.do === 'flows'));
  }

  #usesArmingOnce(before: State, event: Event, effects: readonly Effect[]): void {
    if (event.type === 'arming') this.#uses = this.state.arming === undefined ? 0 : 1;
    for (const [i, effect] of effects.entries()) {
      if (effect.do !== 'redirect') continue;
      assert.ok(--this.#uses >= 0, 'arming was used twice');
      assert.ok(!this.#leases.has(effect.slot.lease), 'a lease was used twice');
      this.#leases.add(effect.slot.lease);
      assert.deepEqual(effects[i + 1], { do: 'flows', handover: effect.handover });
      assert.equal(effect.slot.domain, domainOf(placeOf(this.state)!));
      assert.equal(this.state.arming, undefined, 'used arming goes on');
      assert.ok(before.arming !== undefined && this.nowMs < before.arming.untilMs, 'arming was over');
    }
  }

  #reportsInAChain(before: State, event: Event, effects: readonly Effect[]): void {
    if (event.type === 'placed' && before.at === 'waiting') this.told = placeOf(this.state);
    for (const effect of effects) {
      if (effect.do !== 'report') continue;
      assert.ok(!this.reports.some(({ handover }) => handover === effect.handover), 'reported twice');
      const { from } = effect;
      const isNext = from === undefined || this.told === undefined ? from === this.told : samePlace(from, this.told);
      assert.ok(isNext, 'a report is not from where the last one ended');
      assert.ok(effect.detectedAtMs <= effect.validatedAtMs);
      this.reports.push(effect);
      this.told = effect.to;
    }
    if (this.state.at === 'attached' && this.told !== undefined)
      assert.ok(samePlace(placeOf(this.state)!, this.told), 'at rest at a place that was never reported');
    const used = effects.flatMap(effect => (effect.do === 'redirect' ? [effect.handover] : []));
    for (const handover of used) this.#owed.add(handover);
    for (const effect of effects) {
      if (effect.do === 'report' && effect.redirected !== undefined)
        assert.ok(this.#owed.delete(effect.handover), 'a slot was reported that was not used');
    }
    const moving = this.state.at === 'moving' ? this.state.move.handover : undefined;
    assert.ok(
      [...this.#owed].every(handover => handover === moving),
      'the manager never hears of a used slot',
    );
  }
  /** Hand-overs that have used a slot and are not reported. */
  readonly #owed = new Set<string>();
}

describe('attachment machine, in every order of events', () => {
  for (const rules of [LAB, ACCESS, PROOF])
    it(`holds what must always hold, with trust ${rules.trust}`, () => {
      fc.assert(
        fc.property(fc.array(act, { maxLength: 60 }), script => {
          const world = new World(rules);
          for (const one of script) world.act(one);
        }),
        { numRuns: 1_000 },
      );
    });

  it('holds it where a car is heard at two places all the time', () => {
    const between = fc.oneof(
      {
        weight: 6,
        arbitrary: fc
          .constantFrom(1, 11)
          .map((number): Act => ({ do: 'copy', place: at(number), authenticated: true, twinDomain: 'edge-1' })),
      },
      { weight: 6, arbitrary: fc.constant<Act>({ do: 'wait', ms: 60 }) },
      { weight: 3, arbitrary: fc.constant<Act>({ do: 'applied', pick: -1 }) },
      { weight: 4, arbitrary: act },
    );
    let dual = 0;
    fc.assert(
      fc.property(fc.array(between, { minLength: 40, maxLength: 120 }), script => {
        const world = new World(LAB);
        for (const one of script) {
          world.act(one.do === 'applied' ? { ...one, pick: Math.max(0, world.asked.length - 1) } : one);
          if (world.state.at === 'dual-homed') dual++;
        }
      }),
      { numRuns: 500 },
    );
    assert.ok(dual > 100, `only ${dual} steps with two homes`);
  });

  it('ends with the flows at the place from which the device goes on sending', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 40 }), place, (script, last) => {
        const world = new World(LAB);
        for (const one of script) world.act(one);
        world.act({ do: 'wait', ms: 60 });
        world.act({ do: 'copy', place: last, authenticated: false, twinDomain: 'edge-1' });
        const { state } = world;
        if (state.at === 'moving') world.send({ type: 'applied', handover: state.move.handover });
        const homes = [placeOf(world.state), alsoOf(world.state)];
        assert.ok(homes.some(home => home !== undefined && samePlace(home, last)));
        if (world.state.at !== 'dual-homed') assert.equal(world.state.at, 'attached');
      }),
      { numRuns: 500 },
    );
  });
});
