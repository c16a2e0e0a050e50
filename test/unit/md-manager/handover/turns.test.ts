import assert from 'node:assert/strict';
import { Turns } from '../../../../md-manager/handover/turns.js';

const vehicles = (from: number, count: number): string[] => Array.from({ length: count }, (_, n) => `car-${from + n}`);

describe('turns of hand-overs at a host', () => {
  let turns: Turns;
  let begun: string[];
  const take = (vehicle: string, host: string): boolean => turns.take(vehicle, host, () => begun.push(vehicle));
  /** As many as may begin at once. */
  const fill = (host: string): string[] => {
    const filled: string[] = [];
    for (const vehicle of vehicles(0, 10_000)) {
      if (!take(`${host} ${vehicle}`, host)) return filled;
      filled.push(`${host} ${vehicle}`);
    }
    throw new Error('there is no bound');
  };

  beforeEach(() => {
    turns = new Turns();
    begun = [];
  });

  it('are bounded, and those who wait begin in the order in which they came', () => {
    const [first = '', second = ''] = fill('edge-1/1');
    assert.equal(take('car-x', 'edge-1/1'), false);
    assert.equal(take('car-y', 'edge-1/1'), false);
    turns.leave(first);
    // One waited from the filling already.
    turns.leave(second);
    assert.equal(begun.length, 2);
    assert.equal(begun[1], 'car-x');
  });

  it('of one host are no concern of another one', () => {
    fill('edge-1/1');
    assert.equal(take('car-x', 'edge-2/1'), true);
  });

  it('are kept by who asks again, and by who stays', () => {
    const [first = ''] = fill('edge-1/1');
    assert.equal(take(first, 'edge-1/1'), true);
    turns.leave(first, 'edge-1/1');
    assert.deepEqual(begun, []);
  });

  it('are not given to who has gone to another host meanwhile', () => {
    const filled = fill('edge-1/1');
    assert.equal(take('car-x', 'edge-1/1'), false);
    assert.equal(take('car-x', 'edge-2/1'), true);
    for (const vehicle of filled) turns.leave(vehicle);
    assert.ok(!begun.includes('car-x'));
  });

  it('come back whole once everybody has left', () => {
    const filled = fill('edge-1/1');
    for (const vehicle of [...filled, ...begun]) turns.leave(vehicle);
    for (const vehicle of begun) turns.leave(vehicle);
    assert.equal(fill('edge-1/1').length, filled.length);
  });
});
