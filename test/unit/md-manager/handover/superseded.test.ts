import assert from 'node:assert/strict';
import { isSuperseded } from '../../../../md-manager/handover/recover.js';
import { PATH, after } from '../../../fakes/handover-world.js';

describe('an open row of the ledger that is read back', () => {
  const { state } = after(...PATH.slice(0, 3));
  const { id, epoch = 0 } = state.run!.record;
  const owner = { vehicle: 'car-1', attempt: 1, host: 'edge-2/4', domain: 'edge-2', claimedAtMs: 0 };

  it('is gone on with while nobody has claimed above it, and where it is the hand-over that did', () => {
    assert.equal(isSuperseded(state, { ...owner, handover: 'registration', epoch: 0 }), false);
    assert.equal(isSuperseded(state, { ...owner, handover: id, epoch: epoch + 3 }), false);
    assert.equal(isSuperseded(state, { ...owner, handover: 'another', epoch }), false);
  });

  it('was written too late where another hand-over has claimed above it', () => {
    assert.equal(isSuperseded(state, { ...owner, handover: 'another', epoch: epoch + 1 }), true);
  });
});
