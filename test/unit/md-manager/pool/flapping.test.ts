import assert from 'node:assert/strict';
import { Flapping, type Judgement } from '../../../../md-manager/pool/flapping.js';

const HOST = 'edge-1/1';

describe('hosts that come and go', () => {
  let flapping: Flapping;
  beforeEach(() => {
    flapping = new Flapping();
  });
  /** Misses probes at `everyMs` from `fromMs` on; what was said of each. */
  const misses = (count: number, fromMs: number, everyMs: number, others = true): Judgement[] =>
    Array.from({ length: count }, (_, n) => flapping.missed(HOST, fromMs + n * everyMs, others));
  const kept = (count: number): Judgement[] => Array.from({ length: count }, () => 'keep');

  it('are quarantined by the tenth missed probe of half a minute, once', () => {
    assert.deepEqual(misses(12, 0, 1_000), [...kept(9), 'quarantine', ...kept(2)]);
  });

  it('are let be where they miss one now and then', () => {
    assert.deepEqual(misses(100, 0, 4_000), kept(100));
  });

  it('are let be where no other host of the domain is ready: then it is not the host', () => {
    assert.deepEqual(misses(50, 0, 100, false), kept(50));
    assert.deepEqual(misses(1, 5_000, 1), ['quarantine']);
  });

  it('are trusted again after half a minute without a missed probe', () => {
    misses(10, 0, 100);
    assert.deepEqual(flapping.calm(30_899), []);
    assert.deepEqual(flapping.calm(30_900), [HOST]);
    assert.deepEqual(flapping.calm(30_901), []);
    assert.deepEqual(misses(9, 31_000, 100), kept(9), 'what was before counts no more');
  });

  it('are given up when they have to be quarantined for the third time', () => {
    const said = [0, 100_000, 200_000].map(fromMs => {
      const last = misses(10, fromMs, 100).at(-1);
      flapping.calm(fromMs + 50_000);
      return last;
    });
    assert.deepEqual(said, ['quarantine', 'quarantine', 'give-up']);
  });

  it('are given up when they are not well after two minutes', () => {
    misses(10, 0, 100);
    assert.deepEqual(misses(12, 10_000, 10_000), kept(12));
    assert.deepEqual(misses(1, 121_000, 1, false), ['keep']);
    assert.deepEqual(misses(1, 121_000, 1), ['give-up']);
  });

  it('are forgotten with their end', () => {
    misses(9, 0, 100);
    flapping.forget(HOST);
    assert.deepEqual(misses(1, 1_000, 1), ['keep']);
  });
});
