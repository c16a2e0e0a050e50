import assert from 'node:assert/strict';
import { silentLog } from '../../../../common/log.js';
import { Metrics } from '../../../../common/metrics.js';
import { Registrar, type Watched } from '../../../../device/uplink/registration.js';
import type { HttpClient } from '../../../../protocol/api/http-client.js';
import type { Registration } from '../../../../protocol/api/md-manager.js';
import { fault } from '../../../../protocol/errors.js';
import { METRICS, type MetricName } from '../../../../protocol/metrics.js';
import { delay } from '../../../../common/clock.js';
import { fakeClock } from '../../../fakes/fake-clock.js';

const FOUND: Registration = { vehicle: 'car-1', number: 7, twin: { address: '127.64.0.7', port: 5683 }, nextBoot: 2 };

function scene() {
  const clock = fakeClock();
  const radio = { isUp: true };
  const kept: Registration[] = [];
  let asked = 0;
  const call = (): Promise<Registration> => {
    if (!radio.isUp) return Promise.reject(fault('UPSTREAM_AWAY', 'no radio'));
    asked++;
    return Promise.resolve(FOUND);
  };
  const registrar = new Registrar({
    manager: { call: call as HttpClient['call'] },
    vehicle: 'car-1',
    key: '0'.repeat(32),
    keep: found => Promise.resolve(void kept.push(found)),
    silenceMs: 30_000,
    clock,
    timers: clock,
    random: () => 0.5,
    log: silentLog,
    metrics: new Metrics<MetricName>(METRICS),
  });
  let heardAtMs = 0;
  let isDue = true;
  const uplink: Watched = {
    nextBootFloor: 2,
    heardAtMs: () => heardAtMs,
    isDue: () => isDue,
    demanded: () => false,
    registered: () => void (heardAtMs = clock.monotonicMs()),
    changed: (ms, signal, timers) => delay(ms, signal, timers),
  };
  const stop = new AbortController();
  const watching = registrar.watch(uplink, stop.signal).catch(() => undefined);
  return {
    clock,
    radio,
    kept,
    asked: () => asked,
    heard: () => void (heardAtMs = clock.monotonicMs()),
    idle: () => void (isDue = false),
    end: async () => {
      stop.abort(new Error('over'));
      await watching;
    },
  };
}

describe('registration', () => {
  it('is repeated only after the silence', async () => {
    const it = scene();
    await it.clock.advance(29_000);
    assert.equal(it.asked(), 0);
    await it.clock.advance(10_000);
    assert.equal(it.asked(), 1);
    assert.deepEqual(it.kept, [FOUND]);
    await it.end();
  });

  it('is not repeated while acknowledgements come, or nothing is due', async () => {
    const it = scene();
    for (let i = 0; i < 10; i++) {
      await it.clock.advance(20_000);
      it.heard();
    }
    it.idle();
    await it.clock.advance(200_000);
    assert.equal(it.asked(), 0);
    await it.end();
  });

  it('does not reach the manager while the radio is down, and is done once afterwards', async () => {
    const it = scene();
    it.radio.isUp = false;
    await it.clock.advance(120_000);
    assert.equal(it.asked(), 0);
    it.radio.isUp = true;
    await it.clock.advance(60_000);
    assert.equal(it.asked(), 1);
    await it.end();
  });
});
