import assert from 'node:assert/strict';
import fc from 'fast-check';
import type { Parcel } from '../../../../device/uplink/parcel.js';
import { Sender, type Sendable, type SenderEffect, type SenderRules } from '../../../../device/uplink/sender.js';
import type { Key } from '../../../../device/uplink/key.js';

const RULES = { parallel: 3, liveMs: 1_000, batchMax: 1 };
const LENGTH = 100;
const keysOf = (...seqs: number[]): Key[] => seqs.map(seq => ({ boot: 1, seq }));
const some = (...seqs: number[]): Sendable[] => keysOf(...seqs).map(key => ({ key, length: LENGTH }));
const upTo = (count: number): Sendable[] => some(...Array.from({ length: count }, (_, at) => at + 1));
const parcels = (effects: readonly SenderEffect[], what: 'send' | 'retransmit'): Parcel[] =>
  effects.flatMap(effect => (effect.do === what ? [effect.parcel] : []));
const seqsOf = ({ keys }: Parcel): number[] => keys.map(({ seq }) => seq);
const sent = (effects: readonly SenderEffect[]): number[] => parcels(effects, 'send').flatMap(seqsOf);
const together = (effects: readonly SenderEffect[]): number[][] => parcels(effects, 'send').map(seqsOf);
const again = (effects: readonly SenderEffect[]): number[] => parcels(effects, 'retransmit').flatMap(seqsOf);

/** A sender, and the parcels that are under way by their first seq. */
function sending(rules: Partial<SenderRules> = {}) {
  const sender = new Sender({ ...RULES, ...rules });
  const underWay = new Map<number, Parcel>();
  const take = (effects: SenderEffect[]): SenderEffect[] => {
    for (const parcel of parcels(effects, 'send')) underWay.set(seqsOf(parcel)[0]!, parcel);
    return effects;
  };
  const end = (seq: number): Parcel => {
    const parcel = underWay.get(seq);
    assert.ok(parcel !== undefined, `${seq} is not under way`);
    underWay.delete(seq);
    return parcel;
  };
  const oldest = (): number => [...underWay.keys()][0] ?? 0;
  return { sender, take, end, oldest };
}

describe('uplink sender', () => {
  it('keeps at most so many under way', () => {
    const { sender, take, end } = sending();
    assert.deepEqual(sent(take(sender.accepted(some(1, 2, 3, 4), true, 0))), [1, 2, 3]);
    assert.deepEqual(sent(sender.acknowledged(end(1), 10)), [4]);
  });

  it('sends live reports before the backlog, and keeps a place for them', () => {
    const { sender, take, end } = sending();
    assert.deepEqual(sent(take(sender.accepted(some(1, 2, 3, 4), false, 0))), [1, 2]);
    assert.deepEqual(sent(take(sender.accepted(some(9), true, 5))), [9]);
    assert.deepEqual(sent(sender.acknowledged(end(9), 10)), []);
    assert.deepEqual(sent(sender.acknowledged(end(1), 10)), [3]);
  });

  it('repeats at once what a later acknowledgement overtook, once per burst', () => {
    const { sender, take, end } = sending();
    take(sender.accepted(some(1, 2, 3), true, 0));
    assert.deepEqual(again(sender.acknowledged(end(2), 10)), [1]);
    assert.deepEqual(again(sender.acknowledged(end(3), 11)), []);
  });

  it('narrows to probes while nothing is acknowledged', () => {
    const { sender, take, end } = sending();
    take(sender.accepted(some(1, 2, 3, 4, 5), true, 0));
    for (const seq of [1, 2, 3]) take(sender.timedOut(end(seq), 5_000));
    assert.ok(sender.underWay <= 2);
  });

  it('widens by one place for each acknowledgement after that', () => {
    const { sender, take, end, oldest } = sending({ parallel: 8 });
    take(sender.accepted(upTo(20), true, 0));
    for (let seq = 1; seq <= 8; seq++) take(sender.timedOut(end(seq), 5_000));
    // One of two places is kept for a live report, and all these are backlog by now.
    assert.equal(sender.underWay, 1);
    for (let answers = 1; answers <= 5; answers++) {
      take(sender.acknowledged(end(oldest()), 5_100));
      assert.equal(sender.underWay, 1 + answers);
    }
  });

  it('asks for a registration once, and holds back until it is done', () => {
    const { sender, take, end } = sending();
    take(sender.accepted(some(1, 2), true, 0));
    assert.ok(sender.unregistered(end(1), 10).some(effect => effect.do === 'register'));
    assert.ok(!sender.unregistered(end(2), 11).some(effect => effect.do === 'register'));
    assert.deepEqual(sent(sender.registered(20)), [1, 2]);
  });

  it('waits as long as a busy twin asks, then goes on by itself', () => {
    const { sender, take, end } = sending();
    take(sender.accepted(some(1), true, 0));
    assert.deepEqual(sender.busy(end(1), 2_000, 100), [{ do: 'wake', atMs: 2_100 }]);
    assert.deepEqual(sent(sender.tick(2_100)), [1]);
  });

  it('puts reports of a backlog together, more of them with each batch that is acknowledged, up to the most', () => {
    const { sender, take, end } = sending({ parallel: 2, batchMax: 5 });
    assert.deepEqual(together(take(sender.accepted(upTo(30), false, 0))), [[1, 2]]);
    assert.deepEqual(together(take(sender.acknowledged(end(1), 10))), [[3, 4, 5, 6]]);
    assert.deepEqual(together(take(sender.acknowledged(end(3), 20))), [[7, 8, 9, 10, 11]]);
    assert.deepEqual(together(take(sender.acknowledged(end(7), 30))), [[12, 13, 14, 15, 16]]);
    sender.setRules({ batchMax: 1, liveMs: 1_000 });
    assert.deepEqual(together(take(sender.acknowledged(end(12), 40))), [[17]]);
  });

  it('never puts a live report with others, nor more into a batch than a datagram holds', () => {
    const { sender } = sending({ parallel: 4, batchMax: 16 });
    assert.deepEqual(together(sender.accepted(some(1, 2, 3), true, 0)), [[1], [2], [3]]);
    const large = sending({ parallel: 2, batchMax: 16 });
    const sizes = [600, 500, 30, 1_024, 1_024];
    const backlog = sizes.map((length, at) => ({ key: { boot: 1, seq: at + 1 }, length }));
    assert.deepEqual(together(large.take(large.sender.accepted(backlog, false, 0))), [[1, 2]]);
    assert.deepEqual(together(large.take(large.sender.acknowledged(large.end(1), 10))), [[3, 4]]);
    assert.deepEqual(together(large.take(large.sender.acknowledged(large.end(3), 10))), [[5]]);
  });

  it('halves its batches with each that is lost', () => {
    const { sender, take, end } = sending({ parallel: 2, batchMax: 8 });
    take(sender.accepted(upTo(40), false, 0));
    take(sender.acknowledged(end(1), 10));
    assert.deepEqual(together(take(sender.acknowledged(end(3), 20))), [[7, 8, 9, 10, 11, 12, 13, 14]]);
    assert.deepEqual(together(take(sender.timedOut(end(7), 5_000))), [[15, 16, 17, 18]]);
    assert.deepEqual(together(take(sender.timedOut(end(15), 9_000))), [[19, 20]]);
  });

  it('sends one by one to a twin that does not know batches, and tries again after a while', () => {
    const { sender, take, end } = sending({ parallel: 2, batchMax: 8 });
    take(sender.accepted(upTo(6), false, 0));
    assert.deepEqual(together(take(sender.unbatched(end(1), 10))), [[3]]);
    assert.deepEqual(together(take(sender.acknowledged(end(3), 20))), [[4]]);
    assert.deepEqual(together(take(sender.acknowledged(end(4), 60_011))), [[5, 6]]);
  });

  it('sends each report of a refused batch by itself', () => {
    const { sender, take, end } = sending({ parallel: 2, batchMax: 8 });
    take(sender.accepted(upTo(4), false, 0));
    assert.deepEqual(together(take(sender.parted(end(1), 10))), [[3, 4]]);
    assert.deepEqual(together(take(sender.acknowledged(end(3), 20))), [[1]]);
    assert.deepEqual(together(take(sender.acknowledged(end(1), 30))), [[2]]);
  });

  it('lets a report go that is given up while its batch is under way, and does not send it again', () => {
    const { sender, take, end } = sending({ parallel: 2, batchMax: 8 });
    take(sender.accepted(upTo(2), false, 0));
    sender.dropped(keysOf(1), 5);
    assert.equal(sender.queued, 1);
    assert.deepEqual(together(take(sender.timedOut(end(1), 10))), [[2]]);
  });

  it('ends with every report acknowledged or dropped, none twice at a time, whatever the order of answers', () => {
    const event = fc.record({
      what: fc.constantFrom(
        'accept',
        'accept-old',
        'accept-many',
        'ack',
        'timeout',
        'busy',
        'unregistered',
        'unbatched',
        'parted',
        'registered',
        'drop',
        'tick',
      ),
      pick: fc.nat(),
      afterMs: fc.nat(3_000),
    });
    const rules = fc.record({ parallel: fc.integer({ min: 1, max: 8 }), batchMax: fc.integer({ min: 1, max: 16 }) });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), rules, (events, { parallel, batchMax }) => {
        const sender = new Sender({ parallel, liveMs: 1_000, batchMax });
        const open = new Set<number>();
        const underWay = new Set<Parcel>();
        let nowMs = 0;
        let next = 1;
        const isUnderWay = (seq: number): boolean =>
          [...underWay].some(({ keys }) => keys.some(key => key.seq === seq));
        const take = (effects: readonly SenderEffect[]): void => {
          for (const effect of effects) {
            if (effect.do === 'send') {
              const seqs = seqsOf(effect.parcel);
              assert.ok(seqs.length >= 1 && seqs.length <= batchMax);
              for (const seq of seqs)
                assert.ok(open.has(seq) && !isUnderWay(seq), 'sent once at a time, while it is open');
              underWay.add(effect.parcel);
            }
            if (effect.do === 'retransmit')
              assert.ok(underWay.has(effect.parcel), 'only what is under way is repeated');
          }
          assert.ok(underWay.size <= parallel);
        };
        const accept = (count: number, live: boolean): void => {
          const seqs = Array.from({ length: count }, () => next++);
          for (const seq of seqs) open.add(seq);
          take(sender.accepted(some(...seqs), live, nowMs));
        };
        const acknowledge = (parcel: Parcel): void => {
          for (const seq of seqsOf(parcel)) open.delete(seq);
          underWay.delete(parcel);
          take(sender.acknowledged(parcel, nowMs));
        };
        const drop = (parcel: Parcel, pick: number): void => {
          const seqs = seqsOf(parcel).filter(seq => open.has(seq));
          const seq = seqs[pick % Math.max(1, seqs.length)];
          if (seq === undefined) return;
          open.delete(seq);
          if (seqs.length === 1) underWay.delete(parcel);
          take(sender.dropped(keysOf(seq), nowMs));
        };
        for (const { what, pick, afterMs } of events) {
          nowMs += afterMs;
          const chosen = [...underWay][pick % Math.max(1, underWay.size)];
          if (what === 'accept' || what === 'accept-old') accept(1, what === 'accept');
          else if (what === 'accept-many') accept(1 + (pick % 30), false);
          else if (what === 'registered') take(sender.registered(nowMs));
          else if (what === 'tick') take(sender.tick(nowMs));
          else if (chosen === undefined) continue;
          else if (what === 'ack') acknowledge(chosen);
          else if (what === 'drop') drop(chosen, pick);
          else {
            underWay.delete(chosen);
            if (what === 'timeout') take(sender.timedOut(chosen, nowMs));
            if (what === 'busy') take(sender.busy(chosen, afterMs, nowMs));
            if (what === 'unregistered') take(sender.unregistered(chosen, nowMs));
            if (what === 'unbatched') take(sender.unbatched(chosen, nowMs));
            if (what === 'parted') take(sender.parted(chosen, nowMs));
          }
        }
        // From here on the twin answers.
        for (let rounds = 0; open.size > 0; rounds++) {
          assert.ok(rounds < 1_000, `${open.size} reports are never sent`);
          nowMs += 60_000;
          take(sender.tick(nowMs));
          for (const parcel of [...underWay]) acknowledge(parcel);
        }
        assert.equal(sender.queued, 0);
      }),
      { numRuns: 300 },
    );
  });
});
