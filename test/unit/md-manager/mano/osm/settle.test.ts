import assert from 'node:assert/strict';
import { fault } from '../../../../../protocol/errors.js';
import type { Operation } from '../../../../../md-manager/mano/osm/records.js';
import { Settling } from '../../../../../md-manager/mano/osm/settle.js';
import { fakeClock } from '../../../../fakes/fake-clock.js';

const operation = (outcome: Operation['outcome']): Operation => ({
  ...{ id: 'op', nsId: 'ns', kind: 'instantiate', outcome, detail: '', startedAtMs: 0 },
  state: outcome === 'done' ? 'COMPLETED' : outcome === 'failed' ? 'FAILED' : 'PROCESSING',
});

/** Answers in order; the last one stays. */
function scripted(...answers: (Operation['outcome'] | Error)[]) {
  const clock = fakeClock();
  const looks: number[] = [];
  const read = (): Promise<Operation> => {
    looks.push(clock.monotonicMs());
    const answer = answers[Math.min(looks.length, answers.length) - 1] ?? 'done';
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(operation(answer));
  };
  return { clock, looks, settling: new Settling({ read, clock, timers: clock, firstMs: 100, mostMs: 400 }) };
}

describe('waiting for an operation', () => {
  it('looks with growing pauses up to the longest, until it is final', async () => {
    const { clock, looks, settling } = scripted('going-on', 'going-on', 'going-on', 'going-on', 'going-on', 'failed');
    const found = settling.final('op', { deadlineMs: 60_000 });
    await clock.advance(10_000);
    assert.equal((await found).outcome, 'failed');
    assert.deepEqual(looks, [0, 100, 250, 475, 812.5, 1212.5]);
  });

  it('goes on while the interface is away, and ends with any other refusal', async () => {
    const away = scripted(fault('MANO_AWAY', 'x'), fault('DEADLINE', 'x'), 'done');
    const found = away.settling.final('op', { deadlineMs: 60_000 });
    await away.clock.advance(1_000);
    assert.equal((await found).outcome, 'done');
    const gone = scripted(fault('NOT_FOUND', 'no such operation'));
    await assert.rejects(gone.settling.final('op', { deadlineMs: 60_000 }), { code: 'NOT_FOUND' });
  });

  it('is over at its deadline, with the last state in the words', async () => {
    const { clock, settling } = scripted('going-on');
    const found = settling.final('op', { deadlineMs: 1_000 });
    const refused = assert.rejects(found, { code: 'DEADLINE', message: /PROCESSING after 1000 ms/ });
    await clock.advance(1_500);
    await refused;
    assert.equal(clock.pending, 0);
  });

  it('looks at once when it is told to hurry, of that operation alone', async () => {
    const { clock, looks, settling } = scripted('going-on', 'done');
    const found = settling.final('op', { deadlineMs: 60_000 });
    await clock.advance(10);
    settling.hurry('another');
    await clock.advance(1);
    assert.equal(looks.length, 1);
    settling.hurry('op');
    assert.equal((await found).outcome, 'done');
    assert.equal(clock.pending, 0);
  });

  it('believes no hint: one that comes too early is a look like any other', async () => {
    const { clock, looks, settling } = scripted('going-on', 'going-on', 'done');
    let over = false;
    const found = settling.final('op', { deadlineMs: 60_000 }).finally(() => (over = true));
    await clock.advance(10);
    settling.hurry('op');
    await clock.advance(1);
    assert.deepEqual([looks.length, over], [2, false]);
    await clock.advance(10_000);
    assert.equal((await found).outcome, 'done');
  });

  it('ends with the signal, and leaves no timer', async () => {
    const { clock, settling } = scripted('going-on');
    const stop = new AbortController();
    const found = settling.final('op', { deadlineMs: 60_000, signal: stop.signal });
    await clock.advance(10);
    stop.abort(new Error('closing'));
    await assert.rejects(found, { message: 'closing' });
    assert.equal(clock.pending, 0);
  });
});
