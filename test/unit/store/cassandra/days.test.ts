import assert from 'node:assert/strict';
import fc from 'fast-check';
import { DAY_MS, dayOf, WrittenDays } from '../../../../store/cassandra/days.js';

describe('days of history', () => {
  it('hold every time of Date in an int of CQL, each in the one that it is in', () =>
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 8.64e15 }), timeMs => {
        const day = dayOf(timeMs);
        assert.ok(day <= 2 ** 31 - 1 && day * DAY_MS <= timeMs && timeMs < (day + 1) * DAY_MS);
      }),
    ));

  it('are written into the index once, for all who write at once', async () => {
    const days = new WrittenDays(10);
    let writes = 0;
    const write = (): Promise<number> => Promise.resolve(++writes);
    await Promise.all([days.ensure('a/1', 0, write), days.ensure('a/1', 0, write)]);
    await days.ensure('a/1', DAY_MS - 1, write);
    assert.equal(writes, 1);
    await days.ensure('a/2', 0, write);
    assert.equal(writes, 2);
  });

  it('are written again on another day: the entry outlives what comes late', async () => {
    const days = new WrittenDays(10);
    let writes = 0;
    for (const nowMs of [0, DAY_MS, 2 * DAY_MS, 2 * DAY_MS + 1])
      await days.ensure('a/1', nowMs, () => Promise.resolve(++writes));
    assert.equal(writes, 3);
  });

  it('are tried again after a write that failed, which all who waited for it hear of', async () => {
    const days = new WrittenDays(10);
    const failed = Promise.reject(new Error('away'));
    const both = [days.ensure('a/1', 0, () => failed), days.ensure('a/1', 0, () => failed)];
    for (const one of both) await assert.rejects(one, /away/);
    let writes = 0;
    await days.ensure('a/1', 0, () => Promise.resolve(++writes));
    assert.equal(writes, 1);
  });

  it('are remembered up to a bound', async () => {
    const days = new WrittenDays(2);
    let writes = 0;
    for (const name of ['a', 'b', 'c', 'c', 'a']) await days.ensure(name, 0, () => Promise.resolve(++writes));
    assert.equal(writes, 4);
  });
});
