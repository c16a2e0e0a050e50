import assert from 'node:assert/strict';
import { runContest, violationsOf, type Contest } from '../../../../lab/linearizability/contest.js';
import type { CasOutcome, ControlStore, OwnerRow } from '../../../../store/types.js';
import { MemoryControlSession, type Fate } from '../../../fakes/memory-control-session.js';
import { seededRandom } from '../../../../lab/seeded-random.js';
import { owner } from '../../../fakes/store-rows.js';
import { memoryControlStore } from '../../store/cassandra/control/memory-control-store.js';

const VEHICLES = ['car-1', 'car-2'];
const DOMAINS = ['edge-1', 'edge-2', 'core'];
const ROUNDS = 3_000;

/** A contest over a cluster in memory; its clock counts calls, so that no two moments are one. */
async function contestOn(
  seed: number,
  fate: (random: () => number) => Fate,
  wrap: (store: ControlStore) => ControlStore = store => store,
): Promise<Contest> {
  const session = new MemoryControlSession();
  const random = seededRandom(seed);
  const stores = DOMAINS.map((_, i) => memoryControlStore(session, i));
  const owners = VEHICLES.map(vehicle => owner(vehicle, 0));
  for (const row of owners) await stores[0]!.insertOwner(row);
  const end = new AbortController();
  let moments = 0;
  session.fate = () => {
    if (random() < 0.3) session.deliverLate();
    return fate(random);
  };
  session.turns = () => 1 + Math.floor(random() * 6);
  const clock = {
    monotonicMs: () => {
      if (++moments >= ROUNDS) end.abort();
      return moments;
    },
  };
  const clients = DOMAINS.flatMap((domain, i) =>
    [stores[i]!, stores[i]!].map(store => ({ domain, store: wrap(store) })),
  );
  return runContest({ clients, owners, clock, random, signal: end.signal });
}

const lossy = (random: () => number): Fate => {
  const at = random();
  return at < 0.05 ? 'request lost' : at < 0.1 ? 'answer lost' : at < 0.15 ? 'late' : 'done';
};

describe('a contest for ownership', () => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    it(`over a store that loses requests and answers is linearizable (seed ${seed})`, async () => {
      const contest = await contestOn(seed, lossy);
      assert.deepEqual(violationsOf(contest), []);
      const { outcomes, settled, failed } = contest;
      assert.ok(outcomes.applied > 20 && outcomes.refused > 20, JSON.stringify(outcomes));
      assert.ok(settled.applied > 0 && settled.refused > 0 && failed >= 0, JSON.stringify(settled));
    });
  }

  it('finds a store that reads and then writes', async () => {
    const racy = (store: ControlStore): ControlStore =>
      over(store, async row => {
        const held = await store.owner(row.vehicle);
        if (held === undefined || held.epoch >= row.epoch) return 'refused';
        await store.claim({ ...row, epoch: held.epoch + 1 });
        return 'applied';
      });
    assert.notDeepEqual(violationsOf(await contestOn(1, () => 'done', racy)), []);
  });

  it('finds a store that takes an outcome which it does not know for a refusal', async () => {
    const hasty = (store: ControlStore): ControlStore =>
      over(store, async row => {
        const outcome = await store.claim(row);
        return outcome === 'unknown' ? 'refused' : outcome;
      });
    assert.notDeepEqual(violationsOf(await contestOn(1, lossy, hasty)), []);
  });

  it('finds a store that gives an epoch twice', async () => {
    const forgetful = (store: ControlStore): ControlStore =>
      new Proxy(store, {
        get: (target, name) =>
          name === 'burnEpoch'
            ? (vehicle: string) => store.highestEpoch(vehicle).then(highest => highest + 1)
            : bound(target, name),
      });
    const rules = violationsOf(await contestOn(1, () => 'done', forgetful)).map(({ rule }) => rule);
    assert.ok(rules.includes('an epoch burnt twice'), rules.join());
  });
});

/** The same store with another way to claim. */
function over(store: ControlStore, claim: (row: OwnerRow) => Promise<CasOutcome>): ControlStore {
  return new Proxy(store, { get: (target, name) => (name === 'claim' ? claim : bound(target, name)) });
}

function bound(target: ControlStore, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === 'function' ? value.bind(target) : value;
}
