import assert from 'node:assert/strict';
import { PORT } from '../../lab/demo/plan.js';
import { openStreamGate, type StreamGate } from '../../lab/proxy/stream-gate.js';
import { Journey } from './harness.js';

describe('kill -9 of the sdn-app before it has told anybody of a move', () => {
  let journey: Journey;
  let gate: StreamGate;
  before(async () => {
    const extra: Record<string, string[]> = {};
    journey = await Journey.open({
      extra,
      via: async block => {
        gate = await openStreamGate({ address: block.serviceAddress(2), port: PORT.switchControl });
        extra['sdn-app'] = ['--switch-control', gate.address];
        return {};
      },
    });
    await journey.moveTo(0, 'edge-1');
    await journey.actsIn(0, 'edge-1');
  });
  after(async () => {
    await journey?.[Symbol.asyncDispose]();
    await gate?.[Symbol.asyncDispose]();
  });

  for (const [phase, from, to] of [
    ['detected: the copy of the frame is on its way', 'now', 'edge-2'],
    ['rerouted: the switch has the bundle, its confirmation is on its way', 'afterRequest', 'edge-1'],
  ] as const) {
    it(phase, async () => {
      const held = gate.hold(from);
      await journey.moveTo(0, to);
      await held.arrived;
      const restarted = journey.system.supervisor.restarted('sdn-app');
      assert.ok(journey.system.supervisor.kill('sdn-app', 'SIGKILL'));
      held.release();
      await restarted;
      await journey.actsIn(0, to);
      await journey.acknowledges(0);
    });
  }

  it('and nothing is lost, doubled or left over', async () => {
    const outcome = await journey.endsClean();
    assert.equal(outcome.restarts, 2);
    assert.equal(outcome.handovers.failed, 0);
  });
});
