import assert from 'node:assert/strict';
import { chaos } from './chaos.js';

describe('random faults, one after the other', () => {
  it('cost time, but no report, no slot and no flow', async () => {
    assert.equal((await chaos(20_261_121, 12, 2)).length, 12);
  });
});
