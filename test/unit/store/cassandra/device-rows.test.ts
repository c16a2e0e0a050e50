import assert from 'node:assert/strict';
import { silentLog } from '../../../../common/log.js';
import { DeviceRows } from '../../../../store/cassandra/device-rows.js';
import { openSession } from '../../../../store/cassandra/session.js';
import { encodeDevice } from '../../../../store/rows/control-rows.js';
import { fakeClock } from '../../../fakes/fake-clock.js';
import { fakeDriver } from '../../../fakes/fake-driver.js';
import { device } from '../../../fakes/store-rows.js';

describe('device rows on Cassandra', () => {
  for (const [control, level] of [
    [{ 'edge-1': 3, core: 3 }, 'LOCAL_ONE'],
    [{ 'edge-2': 3, core: 3 }, 'ONE'],
  ] as const)
    it(`are read at ${level} in edge-1 where control is in ${Object.keys(control).join(' and ')}`, async () => {
      const clock = fakeClock();
      const driver = fakeDriver();
      driver.replicas['fleet_control'] = { ...control };
      driver.answer(({ cql }) =>
        Promise.resolve({
          rows: [cql.includes('device_number') ? { vehicle: 'car-1' } : { device: encodeDevice(device('car-1', 7)) }],
        }),
      );
      await using session = await openSession(
        { contactPoints: ['a'], datacentre: 'edge-1', keyspace: 'fleet' },
        { clock, timers: clock, random: () => 0.5, log: silentLog, connect: () => Promise.resolve(driver) },
      );
      assert.deepEqual(await new DeviceRows(session).byNumber(7), device('car-1', 7));
      assert.deepEqual(
        driver.executed.map(({ options }) => options.consistency),
        [level, level],
      );
    });
});
