import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Sender, type SenderEffect } from '../../../../device/uplink/sender.js';
import type { Key } from '../../../../device/uplink/records.js';

const RULES = { parallel: 3, liveMs: 1_000 };
const key = (seq: number): Key => ({ boot: 1, seq });
const keys = (...seqs: number[]): Key[] => seqs.map(key);
const sent = (effects: readonly SenderEffect[]): number[] =>
  effects.flatMap(effect => (effect.do === 'send' ? [effect.key.seq] : []));
const again = (effects: readonly SenderEffect[]): number[] =>
  effects.flatMap(effect => (effect.do === 'retransmit' ? [effect.key.seq] : []));

describe('uplink sender', () => {
  it('keeps at most so many under way', () => {
    const sender = new Sender(RULES);
    assert.deepEqual(sent(sender.accepted(keys(1, 2, 3, 4), true, 0)), [1, 2, 3]);
    assert.deepEqual(sent(sender.acknowledged(key(1), 10)), [4]);
  });

  it('sends live reports before the backlog, and keeps a place for them', () => {
    const sender = new Sender(RULES);
    assert.deepEqual(sent(sender.accepted(keys(1, 2, 3, 4), false, 0)), [1, 2]);
    assert.deepEqual(sent(sender.accepted(keys(9), true, 5)), [9]);
    assert.deepEqual(sent(sender.acknowledged(key(9), 10)), []);
    assert.deepEqual(sent(sender.acknowledged(key(1), 10)), [3]);
  });

  it('repeats at once what a later acknowledgement overtook, once per burst', () => {
    const sender = new Sender(RULES);
    sender.accepted(keys(1, 2, 3), true, 0);
    assert.deepEqual(again(sender.acknowledged(key(2), 10)), [1]);
    assert.deepEqual(again(sender.acknowledged(key(3), 11)), []);
  });

  it('narrows to probes while nothing is acknowledged', () => {
    const sender = new Sender(RULES);
    sender.accepted(keys(1, 2, 3, 4, 5), true, 0);
    for (const seq of [1, 2, 3]) sender.timedOut(key(seq), 5_000);
    assert.ok(sender.underWay <= 2);
  });

  it('widens by one place for each acknowledgement after that', () => {
    const sender = new Sender({ parallel: 8, liveMs: 1_000 });
    sender.accepted(keys(...Array.from({ length: 20 }, (_, at) => at + 1)), true, 0);
    for (let seq = 1; seq <= 8; seq++) sender.timedOut(key(seq), 5_000);
    // One of two places is kept for a live report, and all these are backlog by now.
    assert.equal(sender.underWay, 1);
    for (let answers = 1; answers <= 5; answers++) {
      sender.acknowledged(key(answers), 5_100);
      assert.equal(sender.underWay, 1 + answers);
    }
  });

  it('asks for a registration once, and holds back until it is done', () => {
    const sender = new Sender(RULES);
    sender.accepted(keys(1, 2), true, 0);
    assert.ok(sender.unregistered(key(1), 10).some(effect => effect.do === 'register'));
    assert.ok(!sender.unregistered(key(2), 11).some(effect => effect.do === 'register'));
    assert.deepEqual(sent(sender.registered(20)), [1, 2]);
  });

  it('waits as long as a busy twin asks, then goes on by itself', () => {
    const sender = new Sender(RULES);
    sender.accepted(keys(1), true, 0);
    assert.deepEqual(sender.busy(key(1), 2_000, 100), [{ do: 'wake', atMs: 2_100 }]);
    assert.deepEqual(sent(sender.tick(2_100)), [1]);
  });

  it('ends with every report acknowledged or dropped, whatever the order of answers', () => {
    const event = fc.record({
      what: fc.constantFrom(
        'accept',
        'accept-old',
        'ack',
        'timeout',
        'busy',
        'unregistered',
        'registered',
        'drop',
        'tick',
      ),
      pick: fc.nat(),
      afterMs: fc.nat(3_000),
    });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 80 }), fc.integer({ min: 1, max: 8 }), (events, parallel) => {
        const sender = new Sender({ parallel, liveMs: 1_000 });
        const open = new Set<number>();
        const underWay = new Set<number>();
        let nowMs = 0;
        let next = 1;
        const take = (effects: readonly SenderEffect[]): void => {
          for (const effect of effects) {
            if (effect.do === 'send') {
              assert.ok(open.has(effect.key.seq) && !underWay.has(effect.key.seq), 'sent once at a time, while open');
              underWay.add(effect.key.seq);
            }
            if (effect.do === 'retransmit')
              assert.ok(underWay.has(effect.key.seq), 'only what is under way is repeated');
          }
          assert.ok(underWay.size <= parallel);
        };
        const acknowledge = (seq: number): void => {
          open.delete(seq);
          underWay.delete(seq);
          take(sender.acknowledged(key(seq), nowMs));
        };
        for (const { what, pick, afterMs } of events) {
          nowMs += afterMs;
          const chosen = [...underWay][pick % Math.max(1, underWay.size)];
          if (what === 'accept' || what === 'accept-old') {
            open.add(next);
            take(sender.accepted([key(next++)], what === 'accept', nowMs));
          } else if (what === 'registered') take(sender.registered(nowMs));
          else if (what === 'tick') take(sender.tick(nowMs));
          else if (chosen !== undefined) {
            if (what === 'ack') acknowledge(chosen);
            else {
              underWay.delete(chosen);
              if (what === 'timeout') take(sender.timedOut(key(chosen), nowMs));
              if (what === 'busy') take(sender.busy(key(chosen), afterMs, nowMs));
              if (what === 'unregistered') take(sender.unregistered(key(chosen), nowMs));
              if (what === 'drop') {
                open.delete(chosen);
                take(sender.dropped([key(chosen)], nowMs));
              }
            }
          }
        }
        // From here on the twin answers.
        for (let rounds = 0; open.size > 0; rounds++) {
          assert.ok(rounds < 1_000, `${open.size} reports are never sent`);
          nowMs += 60_000;
          take(sender.tick(nowMs));
          for (const seq of [...underWay]) acknowledge(seq);
        }
        assert.equal(sender.queued, 0);
      }),
      { numRuns: 300 },
    );
  });
});
