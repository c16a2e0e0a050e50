import assert from 'node:assert/strict';
import { systemClock, systemTimers } from '../../../../common/clock.js';
import { silentLog } from '../../../../common/log.js';
import { LiveTable } from '../../../../store/cassandra/live-table.js';
import { openSession } from '../../../../store/cassandra/session.js';
import type { LiveCell } from '../../../../store/types.js';
import { fakeDriver } from '../../../fakes/fake-driver.js';

const cell = (signal: string, seq: number): LiveCell => ({
  ...{ signal, boot: 1, seq, value: seq, timeMs: 1_000 * seq, receivedAtMs: 1_000 * seq },
});

describe('live cells on Cassandra', () => {
  it('of a vehicle are one write, each with its own write time; more than a few are more writes', async () => {
    const driver = fakeDriver();
    await using session = await openSession(
      { contactPoints: ['127.0.0.1'], datacentre: 'edge-1', keyspace: 'e' },
      {
        ...{ clock: systemClock, timers: systemTimers, random: Math.random, log: silentLog },
        connect: () => Promise.resolve(driver),
      },
    );
    const table = new LiveTable(session);
    await table.put('car-1', [cell('spd', 1), cell('rpm', 2), cell('spd', 3)]);
    assert.deepEqual(
      driver.batches.map(rows => rows.map(([vehicle, signal]) => [vehicle, signal])),
      [
        [
          ['car-1', 'rpm'],
          ['car-1', 'spd'],
        ],
      ],
    );
    const writeTimes = driver.batches[0]?.map(row => row[3]) ?? [];
    assert.equal(new Set(writeTimes).size, 2);
    await assert.rejects(table.put('car-1', [{ ...cell('spd', 4), boot: 2 ** 40 }]), { code: 'STORE_FAILED' });
    assert.equal(driver.batches.length, 1);
    const many = Array.from({ length: 70 }, (_, at) => cell(`signal-${at}`, 1));
    await table.put('car-1', many);
    assert.deepEqual(
      driver.batches.slice(1).map(rows => rows.length),
      [32, 32, 6],
    );
  });
});
