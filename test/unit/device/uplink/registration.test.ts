import assert from 'node:assert/strict';
import { silentLog } from '../../../../common/log.js';
import { Metrics } from '../../../../common/metrics.js';
import { Registrar, type Watched } from '../../../../device/uplink/registration.js';
import { ComeBackLater, type HttpClient } from '../../../../protocol/api/http-client.js';
import type { Registration } from '../../../../protocol/api/md-manager.js';
import { fault } from '../../../../protocol/errors.js';
import { METRICS, type MetricName } from '../../../../protocol/metrics.js';
import { delay } from '../../../../common/clock.js';
import { fakeClock } from '../../../fakes/fake-clock.js';

const FOUND: Registration = { vehicle: 'car-1', number: 7, twin: { address: '127.64.0.7', port: 5683 }, nextBoot: 2 };

function scene() {
  const clock = fakeClock();
  const radio = { isUp: true };
  let refusal: Error | undefined = undefined;
  const kept: Registration[] = [];
  let asked = 0;
  const call = (): Promise<Registration> => {
    if (!radio.isUp) return Promise.reject(fault('UPSTREAM_AWAY', 'no radio'));
    asked++;
    if (refusal !== undefined) return Promise.reject(refusal);
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
    refuse: (error: Error | undefined) => void (refusal = error),
    register: () => registrar.register(1, stop.signal),
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

  it('comes back when it was told to, not before and not much later', async () => {
    const it = scene();
    it.idle();
    it.refuse(new ComeBackLater('POOL_EMPTY', 'core fills', 1));
    const registered = it.register();
    await it.clock.advance(950);
    assert.equal(it.asked(), 1);
    await it.clock.advance(300);
    assert.equal(it.asked(), 2);
    it.refuse(undefined);
    await it.clock.advance(1_250);
    assert.deepEqual(await registered, FOUND);
    assert.equal(it.asked(), 3);
    await it.end();
  });

  it('backs off from an authority that says so for ever', async () => {
    const it = scene();
    it.idle();
    it.refuse(new ComeBackLater('AUTHORITY_AWAY', 'no store', 0));
    const registered = it.register().catch(() => undefined);
    await it.clock.advance(600_000);
    assert.ok(it.asked() < 40, `${it.asked()} times`);
    await it.end();
    await registered;
  });
});
