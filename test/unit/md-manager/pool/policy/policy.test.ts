import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  aged,
  noDemand,
  rateOf,
  requested,
  started,
  type Demand,
} from '../../../../../md-manager/pool/policy/demand.js';
import { slotsWanted, type PoolPolicy } from '../../../../../md-manager/pool/policy/policy.js';
import { seededRandom } from '../../../../../lab/seeded-random.js';

const HALF_LIFE_MS = 600_000;
const POLICY: PoolPolicy = {
  kind: 'hit-rate',
  target: 0.999,
  halfLifeMs: HALF_LIFE_MS,
  startMs: 40_000,
  mostSlots: 500,
};

/** In this time it has come to know the demand. */
const LEARNING_MS = 3_600_000;

/** Requests at random, `perMs` of them on average, for `forMs`. */
function poisson(perMs: number, forMs: number, random: () => number): Demand {
  let demand = noDemand(0);
  for (let atMs = 0; (atMs += -Math.log(1 - random()) / perMs) < forMs;) demand = requested(demand, atMs, HALF_LIFE_MS);
  return aged(demand, forMs, HALF_LIFE_MS);
}

describe('what is known of demand', () => {
  it('comes to the rate at which requests come, from above', () => {
    const random = seededRandom(7);
    for (const perS of [0.01, 0.1, 1]) {
      const rate = rateOf(poisson(perS / 1000, 20 * HALF_LIFE_MS, random), HALF_LIFE_MS) * 1000;
      assert.ok(rate >= perS * 0.98 && rate < perS * 1.5 + 0.01, `${perS} → ${rate}`);
    }
  });

  it('forgets by half in each half-life, in one step or in many', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 900_000 }), { minLength: 1, maxLength: 8 }), steps => {
        const begin: Demand = { weight: 8, spanMs: 1_000_000, atMs: 0, startMs: 0 };
        let now = begin;
        for (const step of steps) now = aged(now, now.atMs + step, HALF_LIFE_MS);
        const once = aged(begin, now.atMs, HALF_LIFE_MS);
        assert.ok(Math.abs(now.weight - once.weight) < 1e-6);
        assert.ok(Math.abs(now.spanMs - once.spanMs) < 1e-3);
      }),
    );
    assert.equal(aged({ weight: 8, spanMs: 0, atMs: 0, startMs: 0 }, HALF_LIFE_MS, HALF_LIFE_MS).weight, 4);
  });

  it('follows the times to get ready', () => {
    let demand = started(noDemand(0), 1_000);
    assert.equal(demand.startMs, 1_000);
    for (let n = 0; n < 30; n++) demand = started(demand, 2_000);
    assert.ok(Math.abs(demand.startMs - 2_000) < 5);
  });
});

describe('how many slots a pool keeps', () => {
  it('is what the settings say where it is fixed', () => {
    assert.equal(slotsWanted({ kind: 'fixed' }, 3, poisson(0.01, HALF_LIFE_MS, seededRandom(1))), 3);
  });

  it('grows with demand, with the time to get ready and with the target, between its bounds', () => {
    const quiet = noDemand(0);
    const busy = poisson(0.001, HALF_LIFE_MS, seededRandom(1));
    const wanted = (demand: Demand, change: Partial<typeof POLICY & { kind: 'hit-rate' }> = {}) =>
      slotsWanted({ ...POLICY, ...change } as PoolPolicy, 2, demand);
    assert.ok(wanted(quiet) < wanted(busy));
    assert.ok(wanted(started(busy, 10_000)) < wanted(started(busy, 80_000)));
    assert.ok(wanted(busy, { target: 0.9 }) < wanted(busy));
    assert.equal(wanted(busy, { mostSlots: 5 }), 5);
    assert.equal(wanted(started(quiet, 1)), 2);
  });

  /** The rule against the world that it is made for: requests at random, slots that take their time. */
  it('reaches the hit rate that it is set to, in a simulated day after the first hour', () => {
    for (const [perS, startMs] of [
      [0.05, 40_000],
      [1, 40_000],
      [2, 700],
    ] as const) {
      const random = seededRandom(perS * 100);
      let demand = started(noDemand(0), startMs);
      let ready = 2;
      let misses = 0;
      let requests = 0;
      const coming: number[] = [];
      for (let atMs = 0; atMs < 86_400_000;) {
        atMs += -Math.log(1 - random()) / (perS / 1000);
        while ((coming[0] ?? Infinity) <= atMs) {
          coming.shift();
          ready += 1;
        }
        demand = requested(demand, atMs, HALF_LIFE_MS);
        const learnt = atMs > LEARNING_MS;
        if (learnt) requests += 1;
        if (ready > 0) ready -= 1;
        else if (learnt) misses += 1;
        const short = slotsWanted(POLICY, 2, demand) - ready - coming.length;
        for (let n = 0; n < short; n++) coming.push(atMs + startMs);
      }
      assert.ok(misses / requests <= 0.001 + 5 / requests, `${perS}/s: ${misses} of ${requests}`);
    }
  });
});
