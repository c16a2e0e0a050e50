import assert from 'node:assert/strict';
import type { SdnMove } from '../../../protocol/api/sdn-app.js';
import { Moves } from '../../../sdn-app/moves.js';

const move = (vehicle: string, handover: string): SdnMove => ({
  vehicle,
  handover,
  to: { datapath: 1, port: 1, domain: 'edge-1', source: { address: '10.0.0.1', port: 5683 } },
  detector: 'port',
  way: 're-route',
  detectedAtMs: 0,
  validatedAtMs: 0,
});

describe('the last moves', () => {
  it('come newest first, of all or of one vehicle, and the oldest are forgotten at the bound', () => {
    const moves = new Moves(3);
    for (const [vehicle, handover] of [
      ['a', '1'],
      ['b', '2'],
      ['a', '3'],
      ['b', '4'],
    ] as const)
      moves.add(move(vehicle, handover));
    assert.deepEqual(
      moves.latest(10).map(({ handover }) => handover),
      ['4', '3', '2'],
    );
    assert.deepEqual(
      moves.latest(1).map(({ handover }) => handover),
      ['4'],
    );
    assert.deepEqual(
      moves.latest(10, 'a').map(({ handover }) => handover),
      ['3'],
    );
  });
});
