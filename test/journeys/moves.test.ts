import assert from 'node:assert/strict';
import type { Gate } from '../../lab/proxy/gate.js';
import { Journey, NOTHING_ARMED, openHostsGate } from './harness.js';

describe('moves that come at a bad moment', () => {
  let journey: Journey;
  let hosts: Gate;
  before(async () => {
    journey = await Journey.open({
      extra: NOTHING_ARMED,
      via: async () => {
        hosts = await openHostsGate();
        return { hosts: hosts.url };
      },
    });
    await journey.moveTo(0, 'edge-1');
    await journey.actsIn(0, 'edge-1');
  });
  after(async () => {
    await journey?.[Symbol.asyncDispose]();
    await hosts?.[Symbol.asyncDispose]();
  });

  it('two moves at once end where the car is', async () => {
    await journey.moveTo(0, 'edge-2');
    await journey.moveTo(0, 'edge-1');
    await journey.moveTo(0, 'edge-2');
    await journey.actsIn(0, 'edge-2');
    await journey.acknowledges(0);
  });

  it('a move back while the new host is being prepared leaves the old twin acting', async () => {
    const held = hosts.hold({ method: 'POST', path: /\/prepare$/ });
    await journey.moveTo(0, 'edge-1');
    await held.arrived;
    await journey.moveTo(0, 'edge-2');
    await journey.acknowledges(0);
    held.release();
    await journey.actsIn(0, 'edge-2');
    await journey.acknowledges(0);
  });

  it('a move back after the swap brings the twin back, too', async () => {
    const held = hosts.hold({ method: 'POST', path: /\/activate$/ });
    await journey.moveTo(0, 'edge-1');
    await held.arrived;
    await journey.moveTo(0, 'edge-2');
    await journey.acknowledges(0);
    held.release();
    await journey.until('the twin is back', async () => {
      const record = await journey.vehicle(0);
      return (
        record?.acting?.domain === 'edge-2' &&
        record.handover === undefined &&
        (await journey.watch.counts())?.running === 0
      );
    });
    await journey.acknowledges(0);
  });

  it('and nothing is lost, doubled or left over', async () => {
    const outcome = await journey.endsClean();
    assert.equal(outcome.handovers.failed, 0);
  });
});
