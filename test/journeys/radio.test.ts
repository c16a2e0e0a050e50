import assert from 'node:assert/strict';
import { Journey } from './harness.js';

describe('a bad radio', () => {
  let journey: Journey;
  before(async () => {
    journey = await Journey.open({ extra: { 'device-car-1': ['--registration-silence-ms', '2000'] } });
    await journey.moveTo(0, 'edge-1');
    await journey.actsIn(0, 'edge-1');
  });
  after(() => journey?.[Symbol.asyncDispose]());

  it('an outage fills the outbox and nothing registers meanwhile; afterwards the backlog is sent', async () => {
    const registrations = await registered();
    await journey.move(0, null);
    const queue = await journey.until('the outbox fills', async () => {
      const agent = (await journey.watch.agents())[0];
      return agent !== undefined && agent.queue >= 10 ? agent.queue : undefined;
    });
    assert.ok(queue >= 10);
    assert.equal(await registered(), registrations);
    await journey.moveTo(0, 'edge-2');
    await journey.actsIn(0, 'edge-2');
    await journey.until('the outbox empties', async () => ((await journey.watch.agents())[0]?.queue ?? 99) <= 2);
  });

  it('a twin that stays silent though the radio is there makes the agent register, once', async () => {
    const before = await registered();
    await faults({ lossUp: 1 });
    const after = await journey.until('it registers', async () => {
      const now = await registered();
      return now > before ? now : undefined;
    });
    assert.equal(after, before + 1);
    await faults({});
    await journey.acknowledges(0);
  });

  it('frames lost, doubled and reordered at moves cost nothing but time', async () => {
    await faults({ lossUp: 0.1, lossDown: 0.1, duplicate: 0.2, reorder: 0.2, delayMs: 2, jitterMs: 5 });
    for (const domain of ['edge-1', 'edge-2', 'edge-1']) {
      await journey.moveTo(0, domain);
      await journey.actsIn(0, domain);
      await journey.acknowledges(0);
    }
    await faults({});
  });

  it('and nothing is lost, doubled or left over', async () => {
    const outcome = await journey.endsClean();
    assert.ok(outcome.reports.resent > 0);
    assert.equal(outcome.handovers.failed, 0);
  });

  /** What is not named is off. */
  function faults(wanted: Readonly<Record<string, number>>): Promise<void> {
    return journey.radio.call('PUT', '/v1/faults', { body: { seed: 7, ...wanted } });
  }

  /** How many registrations the manager has answered. */
  async function registered(): Promise<number> {
    const text = await (await fetch(`${journey.system.urls.manager}/metrics`)).text();
    return [...text.matchAll(/^registrations_total\{[^}]*\} (\d+)/gm)].reduce(
      (sum, found) => sum + Number(found[1]),
      0,
    );
  }
});
