import assert from 'node:assert/strict';
import { FleetState } from '../../../../analytics/live/fleet-state.js';
import { fakeClock } from '../../../fakes/fake-clock.js';

describe('what a vehicle is to be set to', () => {
  it('is shown with the vehicle, and told when it changes', () => {
    const fleet = new FleetState(fakeClock());
    const told: unknown[] = [];
    fleet.onEvent(({ event, data }) => told.push(event === 'serving' ? data.settings : event));
    const record = { vehicle: 'car-1', number: 1, twin: { address: '10.64.0.1', port: 5_683 }, highestEpoch: 0 };
    fleet.setRecords([record]);
    fleet.setRecords([{ ...record, settings: { version: 1, state: 'pending' } }]);
    fleet.setRecords([{ ...record, settings: { version: 1, state: 'pending' } }]);
    fleet.setRecords([{ ...record, settings: { version: 1, state: 'applied' } }]);
    assert.deepEqual(told, [undefined, { version: 1, state: 'pending' }, { version: 1, state: 'applied' }]);
    assert.deepEqual(fleet.summary(fleet.vehicle('car-1')).settings, { version: 1, state: 'applied' });
  });
});
