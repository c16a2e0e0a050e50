import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Gate } from '../../../../../md-manager/mano/osm/gate.js';

const settle = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

describe('a gate', () => {
  it('never lets more in than it is wide, and lets everybody in at last, in order', () =>
    fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 20 }), async (width, callers) => {
        const gate = new Gate(width);
        const entered: number[] = [];
        let within = 0;
        let most = 0;
        await Promise.all(
          Array.from({ length: callers }, async (_, caller) => {
            using _turn = await gate.enter();
            entered.push(caller);
            most = Math.max(most, ++within);
            await settle();
            within--;
          }),
        );
        assert.deepEqual(
          entered,
          [...entered].sort((a, b) => a - b),
        );
        assert.equal(entered.length, callers);
        assert.equal(most, Math.min(width, callers));
      }),
      { numRuns: 30 },
    ));

  it('forgets whoever gives up waiting, and a turn that is left twice counts once', async () => {
    const gate = new Gate(1);
    const first = await gate.enter();
    const stop = new AbortController();
    const gaveUp = gate.enter(stop.signal);
    const third = gate.enter();
    stop.abort(new Error('enough'));
    await assert.rejects(gaveUp, { message: 'enough' });
    first[Symbol.dispose]();
    first[Symbol.dispose]();
    const turn = await third;
    let entered = false;
    void gate.enter().then(() => (entered = true));
    await settle();
    assert.equal(entered, false);
    turn[Symbol.dispose]();
    await settle();
    assert.equal(entered, true);
    await assert.rejects(gate.enter(AbortSignal.abort(new Error('late'))), { message: 'late' });
  });
});
