import assert from 'node:assert/strict';
import { Journey, armedFor } from './harness.js';

describe('a car whose next domains keep a slot for it', () => {
  let journey: Journey;
  before(async () => {
    journey = await Journey.open();
    await journey.moveTo(0, 'edge-1');
    await journey.actsIn(0, 'edge-1');
  });
  after(() => journey?.[Symbol.asyncDispose]());

  const moves = async (): Promise<(string | undefined)[]> =>
    (await journey.handovers()).filter(({ kind }) => kind === 'move').map(({ way, result }) => `${way} ${result}`);

  it('goes over by the armed slot, there and back', async () => {
    for (const to of ['edge-2', 'edge-1', 'edge-2']) {
      await armedFor(journey, 0, to);
      await journey.moveTo(0, to);
      await journey.actsIn(0, to);
      await journey.acknowledges(0);
    }
    assert.deepEqual(await moves(), ['armed completed', 'armed completed', 'armed completed']);
  });

  it('comes back although it turns round in the same moment', async () => {
    await armedFor(journey, 0, 'edge-1');
    await journey.moveTo(0, 'edge-1');
    await journey.moveTo(0, 'edge-2');
    await journey.until('the twin is where the car is', async () => {
      const record = await journey.vehicle(0);
      const quiet = (await journey.watch.counts())?.running === 0;
      return quiet && record?.acting?.domain === 'edge-2' && record.handover === undefined;
    });
    await journey.acknowledges(0);
  });

  it('goes over while nobody controls the switch, and the manager is told by the next sdn-app', async () => {
    await armedFor(journey, 0, 'edge-1');
    const { supervisor } = journey.system;
    // Stopped first: killed it would be back within the time that a car takes to move.
    assert.ok(supervisor.kill('sdn-app', 'SIGSTOP'));
    await journey.moveTo(0, 'edge-1');
    await journey.acknowledges(0);
    const restarted = supervisor.restarted('sdn-app');
    assert.ok(supervisor.kill('sdn-app', 'SIGKILL'));
    await restarted;
    await journey.actsIn(0, 'edge-1');
    assert.equal((await moves())[0], 'armed completed');
  });

  it('and nothing is lost, doubled or left over', async () => {
    const outcome = await journey.endsClean();
    assert.equal(outcome.handovers.failed, 0);
  });
});
