import assert from 'node:assert/strict';
import { TimerQueue } from '../../../common/timer-queue.js';

describe('a queue of timers', () => {
  it('gives what is due by its time, and of one time in the order in which it was set', () => {
    const queue = new TimerQueue();
    const ran: string[] = [];
    for (const [dueMs, name] of [
      [20, 'c'],
      [10, 'a'],
      [10, 'b'],
      [30, 'd'],
    ] as const)
      queue.add(dueMs, () => ran.push(name));
    assert.equal(queue.nextMs(5), undefined);
    assert.equal(queue.nextMs(20), 10);
    for (let next = queue.take(20); next !== undefined; next = queue.take(20)) next();
    assert.deepEqual([ran, queue.size, queue.nextMs(Infinity)], [['a', 'b', 'c'], 1, 30]);
  });

  it('forgets what is cancelled, also after it ran', () => {
    const queue = new TimerQueue();
    const cancel = queue.add(1, () => assert.fail());
    cancel();
    cancel();
    assert.deepEqual([queue.size, queue.take(Infinity)], [0, undefined]);
  });
});
