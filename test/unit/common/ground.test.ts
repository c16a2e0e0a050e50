import assert from 'node:assert/strict';
import fc from 'fast-check';
import { delay, every } from '../../../common/clock.js';
import { EdgetwinError, codeOf, messageOf } from '../../../common/errors.js';
import { fromHex, toHex } from '../../../common/hex.js';
import { Resources, aborted } from '../../../common/lifecycle.js';
import { Metrics } from '../../../common/metrics.js';
import { backoff } from '../../../common/retry.js';
import { ERRORS, fault } from '../../../protocol/errors.js';
import { METRICS } from '../../../protocol/metrics.js';
import { countInto } from '../../../protocol/coap/counts.js';
import { fakeClock } from '../../fakes/fake-clock.js';

describe('errors', () => {
  it('keep the cause, and show the code where only text survives', () => {
    const error = fault('OBD_TIMEOUT', '010C', { cause: 'EIO' });
    assert.ok(error instanceof EdgetwinError);
    assert.deepEqual(
      [error.cause, error.message, error.retry, error.status],
      ['EIO', 'OBD_TIMEOUT: the car did not answer in time: 010C', true, 500],
    );
  });

  it('have codes that can be read from anything thrown', () => {
    assert.equal(codeOf(fault('NOT_FOUND', '')), 'NOT_FOUND');
    assert.equal(codeOf(Object.assign(new Error(), { code: 'EADDRINUSE' })), 'EADDRINUSE');
    for (const other of [null, 'x', { code: 5 }, new Error('x')]) assert.equal(codeOf(other), 'UNKNOWN');
    assert.equal(messageOf(new Error('x')), 'x');
    assert.equal(messageOf(5), '5');
  });

  it('of the table that leave through REST have a status of HTTP', () => {
    for (const [code, row] of Object.entries(ERRORS))
      if ('status' in row) assert.ok(row.status >= 400 && row.status < 600, code);
  });
});

describe('hex', () => {
  it('comes back, and is refused where it is none', () => {
    fc.assert(fc.property(fc.uint8Array(), bytes => assert.deepEqual(fromHex(toHex(bytes)), bytes)));
    for (const wrong of ['0', 'zz', '0x00', ' 00']) assert.equal(fromHex(wrong), undefined);
  });
});

describe('back-off', () => {
  it('grows to its bound, within its jitter', () => {
    const take = (random: () => number, jitter = 0): number[] => {
      const delays = backoff({ firstMs: 100, maxMs: 500, jitter }, random);
      return Array.from({ length: 5 }, () => delays.next().value);
    };
    assert.deepEqual(
      take(() => 0),
      [100, 200, 400, 500, 500],
    );
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), random => {
        for (const [i, ms] of take(() => random, 0.5).entries()) {
          const base = [100, 200, 400, 500, 500][i] ?? 0;
          assert.ok(ms >= base * 0.5 && ms <= base * 1.5);
        }
      }),
    );
  });
});

describe('resources', () => {
  it('are closed last first, all of them, whatever fails', async () => {
    const closed: string[] = [];
    const resources = new Resources();
    const one = { [Symbol.asyncDispose]: () => Promise.resolve(void closed.push('one')) };
    assert.equal(resources.use(one), one);
    resources.defer(() => Promise.reject(fault('STORE_FAILED', 'x')));
    resources.defer(() => void closed.push('three'));
    await assert.rejects(resources[Symbol.asyncDispose](), AggregateError);
    assert.deepEqual(closed, ['three', 'one']);
    await resources[Symbol.asyncDispose]();
    assert.equal(closed.length, 2);
  });

  it('hear of an abort that was, and one that comes', async () => {
    await aborted(AbortSignal.abort());
    const stop = new AbortController();
    const heard = aborted(stop.signal);
    stop.abort();
    await heard;
  });
});

describe('time', () => {
  it('waits as long as asked, or until it is aborted', async () => {
    const clock = fakeClock();
    const waited = delay(100, undefined, clock);
    await clock.advance(100);
    await waited;
    const stop = new AbortController();
    const stopped = assert.rejects(delay(100, stop.signal, clock), /enough/);
    stop.abort(new Error('enough'));
    await stopped;
    await assert.rejects(delay(100, stop.signal, clock), /enough/);
    assert.equal(clock.pending, 0);
  });

  it('repeats, but never twice at once, until it is cancelled', async () => {
    const clock = fakeClock();
    let runs = 0;
    let finish = (): void => undefined;
    const cancel = every(clock, 10, () => {
      runs++;
      return new Promise<void>(resolve => (finish = resolve));
    });
    await clock.advance(100);
    assert.equal(runs, 1);
    finish();
    await clock.advance(10);
    assert.equal(runs, 2);
    cancel();
    finish();
    await clock.advance(100);
    assert.equal(runs, 2);
    assert.equal(clock.pending, 0);
  });
});

describe('metrics', () => {
  it('count, hold and observe by the names of their table', async () => {
    const metrics = new Metrics({
      a_total: { kind: 'counter', help: 'a', labels: ['x'] },
      b: { kind: 'gauge', help: 'b' },
      c_seconds: { kind: 'histogram', help: 'c', buckets: [1, 2] },
    });
    metrics.count('a_total', { x: '1' });
    metrics.count('a_total', { x: '2' }, 4);
    metrics.set('b', 7);
    metrics.observe('c_seconds', 1.5);
    assert.equal(await metrics.total('a_total'), 5);
    assert.equal(await metrics.total('b'), 7);
    assert.match(await metrics.text(), /c_seconds_bucket\{le="2"\} 1/);
  });

  it('take what a CoAP endpoint counts', async () => {
    const metrics = new Metrics(METRICS);
    const count = countInto(metrics);
    count('inCON');
    count('outACK');
    count('duplicate');
    await new Promise(resolve => setImmediate(resolve)); // counts of one turn of the loop are added at its end
    assert.equal(await metrics.total('coap_datagrams_total'), 2);
    assert.match(await metrics.text(), /coap_datagrams_total\{direction="in",type="con"\} 1/);
    assert.equal(await metrics.total('coap_duplicates_total'), 1);
  });
});
