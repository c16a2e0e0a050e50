import assert from 'node:assert/strict';
import fc from 'fast-check';
import { seededRandom } from '../../../../lab/seeded-random.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { collect, declaredBy, keyOf, openOutbox, reading } from '../../../fakes/outbox-scene.js';
import { tearingDisk, type TearingDisk } from '../../../fakes/tearing-disk.js';

/** A life of an outbox: what a user of it could have seen, checked after every power cut. */
async function live(seed: number, plan: readonly Step[], maxBytes: number): Promise<void> {
  const random = seededRandom(seed);
  const clock = fakeClock();
  let disk: TearingDisk = tearingDisk(random);
  const seen = new Map<string, string>();
  const stored = new Map<string, Uint8Array>();
  let outbox = await openOutbox(disk, clock, { maxBytes });
  let offered = collect(outbox);
  const look = (): void => {
    for (const [id, bytes] of offered) {
      const text = Buffer.from(bytes).toString('hex');
      assert.equal(seen.get(id) ?? text, text, `${id} has one content for ever`);
      seen.set(id, text);
    }
  };
  for (const step of plan) {
    switch (step.do) {
      case 'add':
        for (let i = 0; i < step.count; i++) outbox.add([reading(clock, i)]);
        break;
      case 'wait':
        await clock.advance(step.ms);
        break;
      case 'acknowledge':
        for (const [id, bytes] of offered) {
          if (random() < step.share) {
            stored.set(id, bytes);
            outbox.acknowledge(keyOf(id));
            offered.delete(id);
          }
        }
        break;
      case 'cut': {
        disk.cutAt(disk.operations + step.afterOperations);
        for (let i = 0; i < 3; i++) outbox.add([reading(clock, i)]);
        await clock.advance(300);
        look();
        disk = disk.afterPowerCut();
        outbox = await openOutbox(disk, clock, { maxBytes });
        offered = collect(outbox);
        await outbox.flush();
        break;
      }
    }
    look();
  }
  await outbox.flush();
  await clock.advance(400);
  look();
  // All that is left is delivered; then whatever was ever offered must be stored or declared, and no seq be missing.
  for (const [id, bytes] of offered) stored.set(id, bytes);
  const declared = declaredBy(stored.values());
  for (const id of seen.keys()) assert.ok(stored.has(id) || declared.has(id), `${id} is neither stored nor declared`);
  const highest = new Map<number, number>();
  for (const id of stored.keys())
    highest.set(keyOf(id).boot, Math.max(highest.get(keyOf(id).boot) ?? 0, keyOf(id).seq));
  for (const [boot, last] of highest)
    for (let seq = 1; seq <= last; seq++)
      assert.ok(stored.has(`${boot}/${seq}`) || declared.has(`${boot}/${seq}`), `${boot}/${seq} is an undeclared gap`);
}

type Step =
  | { readonly do: 'add'; readonly count: number }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'acknowledge'; readonly share: number }
  | { readonly do: 'cut'; readonly afterOperations: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('add' as const), count: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 500 }) }),
  fc.record({ do: fc.constant('acknowledge' as const), share: fc.double({ min: 0.1, max: 1, noNaN: true }) }),
  fc.record({ do: fc.constant('cut' as const), afterOperations: fc.integer({ min: 1, max: 8 }) }),
);

describe('outbox under power cuts', () => {
  for (let afterOperations = 1; afterOperations <= 12; afterOperations++)
    it(`loses nothing when the power goes at disk operation ${afterOperations}`, async () => {
      for (let seed = 0; seed < 20; seed++)
        await live(
          seed,
          [
            { do: 'add', count: 5 },
            { do: 'wait', ms: 250 },
            { do: 'acknowledge', share: 0.5 },
            { do: 'add', count: 30 },
            { do: 'cut', afterOperations },
            { do: 'wait', ms: 250 },
            { do: 'acknowledge', share: 0.5 },
            { do: 'cut', afterOperations },
          ],
          2_000,
        );
    });

  it('loses nothing, changes nothing and hides nothing in any order of events', () =>
    fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.array(step, { maxLength: 25 }),
        fc.constantFrom(1_500, 6_000, 1_000_000),
        (seed, plan, maxBytes) => live(seed, plan, maxBytes),
      ),
      { numRuns: 150 },
    )).timeout(60_000);
});
