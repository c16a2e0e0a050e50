import assert from 'node:assert/strict';
import { silentLog } from '../../../common/log.js';
import { serviceNotify } from '../../../device/service-notify.js';
import { fakeClock } from '../../fakes/fake-clock.js';

function world(env: Record<string, string>, fails = false) {
  const clock = fakeClock();
  const said: string[] = [];
  const send = (message: string): Promise<void> => {
    said.push(message);
    return fails ? Promise.reject(new Error('no systemd')) : Promise.resolve();
  };
  return { clock, said, notify: serviceNotify({ env, timers: clock, log: silentLog, send }) };
}

describe('what systemd is told', () => {
  it('is nothing where it did not start us', async () => {
    const { clock, said, notify } = world({ WATCHDOG_USEC: '30000000' });
    notify.ready();
    await clock.advance(60_000);
    notify.stop();
    assert.deepEqual([said, clock.pending], [[], 0]);
  });
  it('is that we are ready, three times a watchdog that we live, and that we stop', async () => {
    const { clock, said, notify } = world({ NOTIFY_SOCKET: '/run/systemd/notify', WATCHDOG_USEC: '30000000' });
    notify.ready();
    await clock.advance(30_000);
    notify.stop();
    assert.deepEqual(said, ['READY=1', 'WATCHDOG=1', 'WATCHDOG=1', 'WATCHDOG=1', 'STOPPING=1']);
    await clock.advance(30_000);
    assert.equal(said.length, 5);
  });
  it('ends nobody when it cannot be told', async () => {
    const { clock, said, notify } = world({ NOTIFY_SOCKET: '/gone', WATCHDOG_USEC: '3000000' }, true);
    notify.ready();
    await clock.advance(2_000);
    assert.equal(said.length, 3);
    notify.stop();
  });
});
