import assert from 'node:assert/strict';
import { delay } from '../../../../common/clock.js';
import { silentLog } from '../../../../common/log.js';
import { Metrics } from '../../../../common/metrics.js';
import type { ObdSource } from '../../../../device/obd/types.js';
import { CarLoop } from '../../../../device/sampling/car-loop.js';
import type { Reading } from '../../../../device/sampling/report-builder.js';
import { fault } from '../../../../protocol/errors.js';
import { METRICS, type MetricName } from '../../../../protocol/metrics.js';
import { fakeClock } from '../../../fakes/fake-clock.js';

const SPEED = 0x0d;

/** A loop over a car whose next answers are set by the test. */
function scene() {
  const clock = fakeClock();
  const car = { isThere: true, fails: undefined as Error | undefined, answersAfterMs: 0 };
  const readings: Reading[] = [];
  const openedAtMs: number[] = [];
  const readAtMs: number[] = [];
  let closed = 0;
  const open = (): Promise<ObdSource> => {
    openedAtMs.push(clock.monotonicMs());
    if (!car.isThere) return Promise.reject(fault('OBD_LINK', 'refused'));
    return Promise.resolve({
      supported: new Set([SPEED]),
      batchMax: 6,
      read: async () => {
        readAtMs.push(clock.monotonicMs());
        if (car.answersAfterMs > 0) await delay(car.answersAfterMs, undefined, clock);
        if (car.fails !== undefined) throw car.fails;
        return new Map([[SPEED, 50]]);
      },
      readVin: () => Promise.reject(fault('OBD_TIMEOUT', '0902')),
      readTroubleCodes: () => Promise.resolve([]),
      [Symbol.asyncDispose]: () => Promise.resolve(void closed++),
    });
  };
  const loop = new CarLoop({
    open,
    periods: { fast: 200, medium: 1_000, slow: 20_000 },
    onReading: reading => void readings.push(reading),
    clock,
    timers: clock,
    random: () => 0.5,
    log: silentLog,
    metrics: new Metrics<MetricName>(METRICS),
  });
  const stop = new AbortController();
  const running = loop.run(stop.signal).catch((error: unknown) => error);
  return {
    clock,
    car,
    loop,
    readings,
    openedAtMs,
    readAtMs,
    opened: () => openedAtMs.length,
    closed: () => closed,
    end: async () => {
      const reason = new Error('over');
      stop.abort(reason);
      assert.equal(await running, reason);
    },
  };
}

describe('car loop', () => {
  it('reads at the beat of the tiers, with the time of the answer', async () => {
    const it = scene();
    await it.clock.advance(2_000);
    assert.ok(it.readings.length >= 10, `${it.readings.length}`);
    assert.ok(it.readings.every(({ name, value }) => name === 'spd' && value === 50));
    await it.end();
    assert.equal(it.closed(), 1);
  });

  it('waits longer and longer for a car that is away, and reads once it is there', async () => {
    const it = scene();
    it.car.isThere = false;
    await it.clock.advance(0);
    it.car.fails = fault('OBD_LINK', 'gone');
    await it.clock.advance(120_000);
    assert.ok(it.opened() >= 4 && it.opened() <= 12, `${it.opened()} times`);
    assert.equal(it.loop.source, undefined);
    it.car.isThere = true;
    it.car.fails = undefined;
    const before = it.readings.length;
    await it.clock.advance(67_000);
    assert.ok(it.readings.length > before);
    await it.end();
  });

  it('keeps the connection while the car only keeps silent', async () => {
    const it = scene();
    await it.clock.advance(500);
    it.car.fails = fault('OBD_ADAPTER', 'NO DATA after 010D');
    await it.clock.advance(60_000);
    assert.equal(it.opened(), 1);
    await it.end();
  });

  it('sets the adapter up anew after five failures in a row', async () => {
    const it = scene();
    await it.clock.advance(500);
    it.car.fails = fault('OBD_TIMEOUT', '010D');
    await it.clock.advance(5_000);
    assert.ok(it.opened() >= 2);
    assert.ok(it.closed() >= 1);
    await it.end();
  });

  it('stamps a reading with the time of the answer, not of the question', async () => {
    const it = scene();
    it.car.answersAfterMs = 70;
    await it.clock.advance(1_000);
    assert.ok(it.readings.length > 1);
    assert.deepEqual(
      it.readings.map(({ monoMs }) => monoMs),
      it.readAtMs.slice(0, it.readings.length).map(atMs => atMs + 70),
    );
    await it.end();
  });

  it('forgives failures that a good answer has followed, and pauses after each', async () => {
    const it = scene();
    for (let round = 0; round < 4; round++) {
      it.car.fails = fault('OBD_TIMEOUT', '010D');
      const failedBefore = it.readAtMs.length;
      while (it.readAtMs.length < failedBefore + 4) await it.clock.advance(50);
      it.car.fails = undefined;
      const goodBefore = it.readings.length;
      while (it.readings.length === goodBefore) await it.clock.advance(50);
      const failures = it.readAtMs.slice(failedBefore, failedBefore + 4);
      failures.slice(1).forEach((atMs, n) => assert.ok(atMs - failures[n]! >= 250, 'a pause after a failure'));
    }
    assert.equal(it.opened(), 1);
    await it.end();
  });

  it('connects anew at the first word that the link is gone, a second later, however long it was away before', async () => {
    const it = scene();
    await it.clock.advance(0);
    it.car.isThere = false;
    it.car.fails = fault('OBD_LINK', 'gone');
    await it.clock.advance(120_000);
    it.car.isThere = true;
    it.car.fails = undefined;
    const before = it.readings.length;
    while (it.readings.length === before) await it.clock.advance(50);
    const closed = it.closed();
    const [opened, read] = [it.opened(), it.readAtMs.length];
    it.car.fails = fault('OBD_LINK', 'gone');
    while (it.readAtMs.length === read) await it.clock.advance(10);
    const goneAtMs = it.clock.monotonicMs();
    it.car.fails = undefined;
    while (it.opened() === opened) await it.clock.advance(10);
    const openedAtMs = it.openedAtMs.at(-1)!;
    const asked = it.readAtMs.slice(read).filter(atMs => atMs < openedAtMs);
    assert.equal(asked.length, 1, 'it was asked once more, not five times');
    assert.equal(it.closed() - closed, 1);
    assert.ok(openedAtMs - goneAtMs <= 1_100, `${openedAtMs - goneAtMs} ms`);
    await it.end();
  });
});
