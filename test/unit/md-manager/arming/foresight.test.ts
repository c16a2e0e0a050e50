import assert from 'node:assert/strict';
import { Foresight } from '../../../../md-manager/arming/foresight.js';

const next = (domain: string) => ({ domain, reason: `to ${domain}` });

describe('what is foreseen of a vehicle’s way', () => {
  const domains = (foresight: Foresight, nowMs: number, vehicle = 'car-1'): string[] =>
    foresight.of(vehicle, nowMs).map(({ domain }) => domain);

  it('is the last word, and fades', () => {
    const foresight = new Foresight();
    assert.equal(foresight.foresee('car-1', next('edge-1'), 100, 'told'), true);
    assert.equal(foresight.foresee('car-1', next('edge-2'), 200, 'told'), true);
    assert.deepEqual(domains(foresight, 199), ['edge-2']);
    assert.deepEqual(domains(foresight, 0, 'car-2'), []);
    assert.deepEqual(domains(foresight, 200), []);
  });

  it('is no news when it is said again, and counts for longer', () => {
    const foresight = new Foresight();
    foresight.foresee('car-1', next('edge-1'), 100, 'forecast');
    assert.equal(foresight.foresee('car-1', next('edge-1'), 300, 'forecast'), false);
    assert.deepEqual(domains(foresight, 299), ['edge-1']);
  });

  it('is first what somebody knows, then what was reckoned, each domain once', () => {
    const foresight = new Foresight();
    foresight.foresee('car-1', next('edge-1'), 300, 'forecast');
    foresight.foresee('car-1', next('edge-2'), 200, 'told');
    assert.deepEqual(domains(foresight, 0), ['edge-2', 'edge-1']);
    assert.deepEqual(domains(foresight, 200), ['edge-1']);
    foresight.foresee('car-1', next('edge-1'), 400, 'told');
    assert.deepEqual(domains(foresight, 200), ['edge-1']);
  });

  it('is nothing, of a vehicle that is heard of and goes nowhere, until it is heard of no more', () => {
    const foresight = new Foresight();
    assert.equal(foresight.follow('car-1', 100, 0), true);
    assert.equal(foresight.follow('car-1', 200, 50), false);
    assert.equal(foresight.followedUntil('car-1', 199), 200);
    assert.equal(foresight.followedUntil('car-1', 200), undefined);
    assert.equal(foresight.follow('car-1', 400, 300), true);
  });
});
