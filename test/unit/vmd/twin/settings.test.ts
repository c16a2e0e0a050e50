import assert from 'node:assert/strict';
import { CarSettings } from '../../../../vmd/twin/settings.js';

const desired = (version: number) => ({ version, settings: { batchMax: version } });

describe('what a twin tells its car to be set to', () => {
  it('is told again until the car has answered, and not with every acknowledgement', () => {
    const car = new CarSettings();
    assert.equal(car.take(0), undefined);
    car.desire(desired(1));
    assert.deepEqual(car.take(0), desired(1));
    assert.equal(car.take(1_999), undefined);
    assert.deepEqual(car.take(2_000), desired(1));
    assert.equal(car.heard({ version: 1, result: 'applied' }), true);
    assert.equal(car.take(9_000), undefined);
  });

  it('is the newest version, at once, and never an older one', () => {
    const car = new CarSettings();
    car.desire(desired(2));
    car.take(0);
    car.desire(desired(3));
    assert.deepEqual(car.take(1), desired(3));
    car.desire(desired(2));
    assert.deepEqual(car.take(5_000), desired(3));
  });

  it('is not told to a car that has it already, also where another twin told it', () => {
    const car = new CarSettings();
    car.heard({ version: 3, result: 'refused', reason: 'no car' });
    car.desire(desired(3));
    assert.equal(car.take(0), undefined);
    car.desire(desired(4));
    assert.deepEqual(car.take(0), desired(4));
  });

  it('tells of an answer once', () => {
    const car = new CarSettings();
    assert.equal(car.heard({ version: 1, result: 'applied' }), true);
    assert.equal(car.heard({ version: 1, result: 'applied' }), false);
    assert.equal(car.heard({ version: 1, result: 'refused', reason: 'x' }), true);
  });
});
