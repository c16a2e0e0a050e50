import assert from 'node:assert/strict';
import { Lanes, type Lane } from '../../../md-manager/lanes.js';

/** Calls that end when they are told to. */
function scene(atOnce: number, ofStandby: number) {
  const lanes = new Lanes(atOnce, ofStandby);
  const begun: string[] = [];
  const ends = new Map<string, (error?: Error) => void>();
  const run = (lane: Lane, name: string): Promise<string> =>
    lanes.run(lane, () => {
      begun.push(name);
      return new Promise((resolve, reject) => {
        ends.set(name, error => (error === undefined ? resolve(name) : reject(error)));
      });
    });
  const end = async (name: string, error?: Error): Promise<void> => {
    ends.get(name)!(error);
    await new Promise(setImmediate);
  };
  return { run, end, begun };
}

describe('lanes', () => {
  it('let so many calls leave at once, and the next when one has ended, in their order', async () => {
    const { run, end, begun } = scene(2, 2);
    const all = ['a', 'b', 'c', 'd'].map(name => run('handover', name));
    assert.deepEqual(begun, ['a', 'b']);
    await end('b');
    assert.deepEqual(begun, ['a', 'b', 'c']);
    for (const name of ['a', 'c', 'd']) await end(name);
    assert.deepEqual(await Promise.all(all), ['a', 'b', 'c', 'd']);
  });

  it('let hand-overs pass what is kept in stock, which never takes all of them', async () => {
    const { run, end, begun } = scene(3, 1);
    for (const name of ['s1', 's2']) void run('standby', name);
    for (const name of ['h1', 'h2', 'h3']) void run('handover', name);
    assert.deepEqual(begun, ['s1', 'h1', 'h2']);
    await end('s1');
    assert.deepEqual(begun.slice(3), ['h3']);
    await end('h1');
    assert.deepEqual(begun.slice(4), ['s2']);
  });

  it('go on after a call that failed, which fails to its caller', async () => {
    const { run, end, begun } = scene(1, 1);
    const failed = run('handover', 'a');
    const next = run('handover', 'b');
    const seen = assert.rejects(failed, /broken/);
    await end('a', new Error('broken'));
    await seen;
    assert.deepEqual(begun, ['a', 'b']);
    await end('b');
    assert.equal(await next, 'b');
  });
});
