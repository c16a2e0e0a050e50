import assert from 'node:assert/strict';
import { Journey } from './harness.js';

describe('kill -9 of what serves a car', () => {
  let journey: Journey;
  before(async () => {
    journey = await Journey.open({ cars: 2 });
    await journey.moveTo(0, 'edge-1');
    await journey.actsIn(0, 'edge-1');
  });
  after(() => journey?.[Symbol.asyncDispose]());

  it('another host of the domain takes the twin over when its host dies', async () => {
    const { acting } = (await journey.vehicle(0))!;
    process.kill(await journey.pidOf(acting!.host), 'SIGKILL');
    const now = await journey.until('another host acts', async () => {
      const record = await journey.vehicle(0);
      return record?.acting !== undefined && record.acting.host !== acting!.host && record.handover === undefined
        ? record
        : undefined;
    });
    assert.equal(now.acting!.domain, 'edge-1');
    assert.ok(now.acting!.epoch > acting!.epoch);
    await journey.acknowledges(0);
    const record = (await journey.handovers()).find(({ kind }) => kind === 'host-lost');
    assert.equal(record?.result, 'completed');
  });

  it('analytics comes back and answers as before', async () => {
    const restarted = journey.system.supervisor.restarted('analytics');
    journey.system.supervisor.kill('analytics', 'SIGKILL');
    await restarted;
    const answer = await fetch(`${journey.system.urls.analytics}/v1/vehicles/car-1`);
    assert.equal(answer.status, 200);
  });

  it('the agent goes on where it was, with a new boot and no hole', async () => {
    const restarted = journey.system.supervisor.restarted('device-car-1');
    journey.system.supervisor.kill('device-car-1', 'SIGKILL');
    await restarted;
    await journey.until(
      'the new boot is acknowledged',
      async () => ((await journey.watch.agents())[0]?.acknowledged ?? 0) > 2,
    );
  });

  it('every lab part may die, too', async () => {
    for (const part of ['switch', 'radio', 'cars', 'replicator']) {
      const restarted = journey.system.supervisor.restarted(part);
      journey.system.supervisor.kill(part, 'SIGKILL');
      await restarted;
      await journey.acknowledges(0);
    }
  });

  it('and nothing is lost, doubled or left over', async () => {
    const outcome = await journey.endsClean();
    assert.equal(outcome.restarts, 6);
  });
});
