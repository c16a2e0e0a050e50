import assert from 'node:assert/strict';
import { Silence } from '../../../../analytics/query/silence.js';

describe('a car that sleeps or is out of coverage', () => {
  it('is left alone for 2 s, then twice as long each time, a minute at most', () => {
    const silence = new Silence();
    let nowMs = 0;
    const pauses: number[] = [];
    for (let i = 0; i < 8; i++) {
      silence.note('car-1', 5, nowMs);
      const began = nowMs;
      while (silence.why('car-1', 5, nowMs) !== undefined) nowMs += 500;
      pauses.push((nowMs - began) / 1_000);
    }
    assert.deepEqual(pauses, [2, 4, 8, 16, 32, 60, 60, 60]);
    assert.equal(silence.why('car-2', 5, 0), undefined);
  });

  it('is asked at once when it has reported, or answered', () => {
    const silence = new Silence();
    silence.note('car-1', 5, 0);
    assert.match(silence.why('car-1', 5, 1_000) ?? '', /did not answer 1\.0 s ago.*asked again in 1\.0 s/);
    assert.equal(silence.why('car-1', 6, 1_000), undefined);
    silence.note('car-1', 6, 2_000);
    silence.note('car-1', 6, 4_000);
    silence.answered('car-1');
    silence.note('car-1', 6, 5_000);
    assert.equal(silence.why('car-1', 6, 7_000), undefined, 'the pauses begin anew');
  });
});
