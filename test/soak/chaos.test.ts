import assert from 'node:assert/strict';
import { chaos } from '../journeys/chaos.js';

const ROUNDS = 20;
const STEPS = 60;

describe('random faults for a long time', () => {
  for (let seed = 1; seed <= ROUNDS; seed++) {
    it(`round with seed ${seed}`, async () => {
      assert.equal((await chaos(seed, STEPS, 3)).length, STEPS);
    });
  }
});
