import assert from 'node:assert/strict';
import { TRACK_POINTS, pointsEach } from '../../../../analytics/query/track.js';

describe('the ways that a reader begins with', () => {
  it('are whole in a fleet of a hundred, and together no longer in a larger one', () => {
    assert.equal(pointsEach(1), TRACK_POINTS);
    assert.equal(pointsEach(0), TRACK_POINTS);
    assert.equal(pointsEach(100), TRACK_POINTS);
    for (const vehicles of [101, 500, 1_000, 2_000])
      assert.ok(vehicles * pointsEach(vehicles) <= 100 * TRACK_POINTS, String(vehicles));
  });

  it('still tell where each car of a very large fleet is heading', () => {
    assert.equal(pointsEach(100_000), 20);
  });
});
