import assert from 'node:assert/strict';
import { Foresight } from '../../../../md-manager/arming/foresight.js';

describe('what was said of a vehicle’s way', () => {
  it('is the last word, and fades', () => {
    const foresight = new Foresight();
    foresight.foresee('car-1', { domain: 'edge-1', reason: 'smf early' }, 100);
    foresight.foresee('car-1', { domain: 'edge-2', reason: 'nef early' }, 200);
    assert.equal(foresight.of('car-1', 199)?.domain, 'edge-2');
    assert.equal(foresight.of('car-2', 0), undefined);
    assert.equal(foresight.of('car-1', 200), undefined);
  });
});
