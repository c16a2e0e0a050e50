import assert from 'node:assert/strict';
import type { CarLog, Sight } from '../../../../bench/network/drive-log.js';
import { answerTimesOf, countsOf, movesOf } from '../../../../bench/network/moves.js';

/** `number@where+time`, with spaces between them. */
const sights = (text: string): Sight[] =>
  text.split(' ').map(word => {
    const [, number, where = '', atMs] = /^(\d+)@(.+)\+([\d.]+)$/.exec(word) ?? [];
    return { number: Number(number), where, atMs: Number(atMs) };
  });

/** One car, one datagram a millisecond; from number 2 on by another device, from number 4 on at another host. */
const armedLater: CarLog = {
  sent: sights('0@p1+0 1@p1+1 2@p2+2 3@p2+3 4@p2+4 5@p2+5'),
  arrived: sights('0@old+0.1 1@old+1.1 2@old+2.25 3@old+3.1 4@new+4.5 5@new+5.1'),
  replied: sights('0@old+0.2 1@old+1.2 2@old+2.35 3@old+3.2 4@new+4.75 5@new+5.2'),
  answered: sights('0@p1+0.3 1@p1+1.3 2@p2+2.5 3@p2+3.3 4@p2+4.9 5@p2+5.3'),
};

describe('a move', () => {
  it('is timed from the first frame out of the new device, at the old host and at the new one', () => {
    assert.deepEqual(movesOf(armedLater), [
      {
        ...{ atMs: 2, from: 'p1', to: 'p2', oldHost: 'old', newHost: 'new' },
        ...{ toOldMs: 0.25, toNewMs: 2.5, wayBackGapMs: 1.2, misled: 0 },
      },
    ]);
  });

  it('that no frame of comes to the old host has no time there', () => {
    const [move] = movesOf({ ...armedLater, arrived: sights('0@old+0.1 1@old+1.1 2@new+2.1 3@new+3.1') });
    assert.deepEqual([move?.toOldMs, (move?.toNewMs ?? 0).toFixed(3)], [undefined, '0.100']);
  });

  it('that the twin does not follow has no time at a new host', () => {
    const [move] = movesOf({ ...armedLater, arrived: sights('0@old+0.1 2@old+2.1 3@old+3.1') });
    assert.deepEqual([move?.newHost, move?.toNewMs], ['old', undefined]);
  });

  it('misleads answers that come by the old device to frames of the new one', () => {
    const [move] = movesOf({ ...armedLater, answered: sights('0@p1+0.3 1@p1+1.3 2@p1+2.5 3@p2+3.3') });
    assert.deepEqual([move?.misled, move?.wayBackGapMs], [1, 3.3 - 1.3]);
  });

  it('has no gap below nothing where an old answer is slower than the first new one', () => {
    const [move] = movesOf({ ...armedLater, answered: sights('0@p1+0.3 2@p2+2.5 1@p1+2.6 3@p2+3.3') });
    assert.equal(move?.wayBackGapMs, 2.2);
  });

  it('knows its old host, also where a late frame of the old device goes to the new one', () => {
    const arrived = sights('0@old+0.1 1@new+4.5 2@old+2.25 3@old+3.1 4@new+4.6 5@new+5.1');
    const [move] = movesOf({ ...armedLater, arrived });
    assert.deepEqual([move?.oldHost, move?.newHost, (move?.toNewMs ?? 0).toFixed(1)], ['old', 'new', '2.6']);
  });

  it('comes after another: each has its own frames', () => {
    const there = sights('0@p1+0 1@p2+1 2@p1+2');
    const [first, second, ...more] = movesOf({
      ...{ sent: there, answered: there, replied: [] },
      arrived: sights('0@a+0.1 1@b+1.1 2@a+2.1'),
    });
    assert.deepEqual([first?.oldHost, first?.newHost, second?.oldHost, second?.newHost], ['a', 'b', 'b', 'a']);
    assert.equal(more.length, 0);
  });
});

describe('the numbers of a drive', () => {
  it('are all there, once and in their order', () => {
    assert.deepEqual(countsOf(armedLater), {
      ...{ sent: 6, lost: 0, doubled: 0, reordered: 0, unanswered: 0, answersLost: 0 },
    });
  });

  it('are lost, doubled or overtaken on the way in', () => {
    const counts = countsOf({ ...armedLater, arrived: sights('0@old+0 2@new+2 1@old+3 2@old+4 4@new+5 5@new+6') });
    assert.deepEqual([counts.lost, counts.doubled, counts.reordered], [1, 1, 1]);
  });

  it('are not answered by the host, or the answer is lost on the way back', () => {
    const counts = countsOf({
      ...armedLater,
      replied: sights('0@old+0.2 1@old+1.2 2@old+2.3 3@old+3.2 4@new+4.6'),
      answered: sights('0@p1+0.3 1@p1+1.3 2@p2+2.5'),
    });
    assert.deepEqual([counts.unanswered, counts.answersLost], [1, 2]);
  });

  it('tell how long a host took', () => {
    const { replied } = armedLater;
    assert.deepEqual(
      answerTimesOf({ ...armedLater, replied: replied.slice(4) }).map(ms => ms.toFixed(2)),
      ['0.25', '0.10'],
    );
  });
});
