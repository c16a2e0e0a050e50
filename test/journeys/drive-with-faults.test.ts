import assert from 'node:assert/strict';
import { delay } from '../../common/clock.js';
import { Journey } from './harness.js';

const SPEED = 12;
const OUTAGE_DRIVE_MS = 60_000;

describe('a whole drive under faults', () => {
  it('with replication cut all the way and a minute without radio in the middle loses nothing', async () => {
    await using journey = await Journey.open({ cars: 2, speed: SPEED });
    const { system } = journey;
    await system.cutReplication(true);
    const middleMs = (system.plan.startAtMs + system.driveEndsAtMs) / 2;
    await delay(Math.max(0, middleMs - Date.now()));
    await journey.move(0, null);
    await delay(OUTAGE_DRIVE_MS / SPEED);
    await journey.move(0, 'auto');
    await delay(Math.max(0, system.driveEndsAtMs - Date.now()));
    const outcome = await journey.endsClean();
    assert.ok(outcome.handovers.completed >= 4, JSON.stringify(outcome.handovers));
    assert.equal(outcome.handovers.failed, 0);
    await system.cutReplication(false);
    await journey.until('the stores agree', async () => new Set((await system.storedPerDomain()).values()).size === 1);
  });
});
