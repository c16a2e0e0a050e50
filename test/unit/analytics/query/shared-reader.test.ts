import assert from 'node:assert/strict';
import { SharedReader } from '../../../../analytics/query/shared-reader.js';
import type { TwinAnswer, TwinAsk } from '../../../../analytics/query/twin-reader.js';
import { fault } from '../../../../protocol/errors.js';
import { fakeClock } from '../../../fakes/fake-clock.js';

const answer = (value: number): TwinAnswer => ({
  ...{ value, timeMs: 0, ageMs: 0, source: 'measured', provisional: false, stale: false, complete: true },
  host: 'edge-1/1',
});

function stage() {
  const clock = fakeClock();
  const asked: TwinAsk[] = [];
  const open: { resolve(answer: TwinAnswer): void; reject(error: Error): void }[] = [];
  let shared = 0;
  const inner = {
    read: (ask: TwinAsk) => {
      asked.push(ask);
      return new Promise<TwinAnswer>((resolve, reject) => open.push({ resolve, reject }));
    },
  };
  const reader = new SharedReader(inner, { clock, timers: clock, onShared: () => shared++ });
  const ask = (maxAgeMs: number | undefined, timeoutMs = 1_000, path = 'p') =>
    reader.read({ vehicle: 'car-1', path, maxAgeMs, timeoutMs });
  return { clock, asked, open, ask, shared: () => shared };
}

describe('many readers of one value', () => {
  it('cause one read, and all get its answer', async () => {
    const { asked, open, ask, shared } = stage();
    const all = Promise.all(Array.from({ length: 100 }, () => ask(500)));
    open[0]?.resolve(answer(7));
    assert.deepEqual(
      (await all).map(({ value }) => value),
      Array<number>(100).fill(7),
    );
    assert.deepEqual([asked.length, shared()], [1, 99]);
    void ask(500);
    assert.equal(asked.length, 2, 'a reader that comes after the answer causes another read');
  });

  it('share only what would do for all of them: another signal, or a fresher value, is another read', () => {
    const { asked, ask } = stage();
    void ask(500);
    void ask(600);
    void ask(undefined);
    assert.equal(asked.length, 1);
    void ask(100);
    void ask(500, 1_000, 'q');
    assert.deepEqual(
      asked.map(({ path, maxAgeMs }) => [path, maxAgeMs]),
      [
        ['p', 500],
        ['p', 100],
        ['q', 500],
      ],
    );
  });

  it('each keep their own deadline', async () => {
    const { clock, open, ask } = stage();
    const patient = ask(0, 5_000);
    const hasty = ask(0, 200);
    await clock.advance(201);
    await assert.rejects(hasty, { code: 'DEADLINE' });
    open[0]?.resolve(answer(1));
    assert.equal((await patient).value, 1);
  });

  it('ask again where the shared question had less time than they have, and share any other failure', async () => {
    const { asked, open, ask } = stage();
    const first = ask(0, 100);
    const second = ask(0, 5_000);
    open[0]?.reject(fault('COAP_TIMEOUT', 'late'));
    await assert.rejects(first, { code: 'COAP_TIMEOUT' });
    await new Promise(resolve => setImmediate(resolve));
    assert.equal(asked.length, 2);
    const third = ask(0, 5_000);
    open[1]?.reject(fault('SIGNAL_NO_VALUE', 'none'));
    await assert.rejects(second, { code: 'SIGNAL_NO_VALUE' });
    await assert.rejects(third, { code: 'SIGNAL_NO_VALUE' });
    assert.equal(asked.length, 2);
  });
});
