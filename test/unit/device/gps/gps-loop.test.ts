import assert from 'node:assert/strict';
import { silentLog } from '../../../../common/log.js';
import { Metrics } from '../../../../common/metrics.js';
import { GpsLoop } from '../../../../device/gps/gps-loop.js';
import type { GpsHandlers, GpsSource } from '../../../../device/gps/gps-source.js';
import type { Tpv } from '../../../../device/gps/tpv.js';
import { fault } from '../../../../protocol/errors.js';
import { METRICS, type MetricName } from '../../../../protocol/metrics.js';
import type { SenmlValue } from '../../../../protocol/senml.js';
import { fakeClock } from '../../../fakes/fake-clock.js';

function world() {
  const clock = fakeClock();
  const readings: { name: string; value: SenmlValue; monoMs: number }[] = [];
  const times: [utcMs: number, monoMs: number][] = [];
  const follows: { handlers: GpsHandlers; fail: (error: Error) => void; atMs: number }[] = [];
  const source: GpsSource = {
    follow: (handlers, signal) =>
      new Promise((_resolve, reject) => {
        follows.push({ handlers, fail: reject, atMs: clock.monotonicMs() });
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      }),
  };
  const stop = new AbortController();
  const loop = new GpsLoop({
    source,
    rules: { plausibleSpeedKmh: 400 },
    onReading: reading => void readings.push(reading),
    onTime: (utcMs, monoMs) => void times.push([utcMs, monoMs]),
    clock,
    timers: clock,
    random: () => 0.5,
    log: silentLog,
    metrics: new Metrics<MetricName>(METRICS),
  });
  const running = loop.run(stop.signal).catch((error: unknown) => error);
  const look = (more: Partial<Tpv> = {}, heardAtMs = clock.monotonicMs()): void =>
    follows
      .at(-1)!
      .handlers.onTpv({ mode: 3, latitude: 38, longitude: -1, timeMs: clock.nowMs(), device: 'a', ...more }, heardAtMs);
  return {
    clock,
    loop,
    look,
    readings,
    times,
    follows,
    fixes: () => readings.filter(({ name }) => name === 'fix').map(({ value }) => value),
    positions: () => readings.filter(({ name }) => name === 'lat').map(({ monoMs }) => monoMs),
    [Symbol.asyncDispose]: async () => {
      const reason = new Error('over');
      stop.abort(reason);
      assert.equal(await running, reason);
      assert.equal(clock.pending, 0, 'no timer is left');
    },
  };
}

describe('receiver loop', () => {
  it('says once that the fix is lost when the receiver falls silent, and never repeats the position', async () => {
    await using gps = world();
    gps.look();
    await gps.clock.advance(30_000);
    assert.deepEqual([gps.fixes(), gps.positions()], [['THREE_D', 'NONE'], [0]]);
    assert.deepEqual([gps.loop.status.mode, gps.loop.status.fixAtMs], [0, 0]);
  });

  it('says so when it loses its satellites, and when it comes back', async () => {
    await using gps = world();
    gps.look();
    for (let i = 0; i < 3; i++) {
      await gps.clock.advance(1_000);
      gps.look({ mode: 1 });
    }
    await gps.clock.advance(1_000);
    gps.look();
    assert.deepEqual(gps.fixes(), ['THREE_D', 'NONE', 'THREE_D']);
  });

  it('says so when the connection ends, and connects again ever later', async () => {
    await using gps = world();
    gps.look();
    for (let i = 0; i < 8; i++) {
      gps.follows.at(-1)!.fail(fault('GPS_LINK', 'gone'));
      await gps.clock.advance(30_000);
    }
    const waits = gps.follows.slice(1).map(({ atMs }, i) => atMs - 30_000 * i);
    assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
    assert.deepEqual(gps.fixes(), ['THREE_D', 'NONE']);
  });

  it('wants three fixes again from a receiver that was away, before it believes its time', async () => {
    await using gps = world();
    const fixes = async (count: number): Promise<void> => {
      for (let i = 0; i < count; i++) {
        await gps.clock.advance(1_000);
        gps.look();
      }
    };
    await fixes(3);
    assert.equal(gps.times.length, 1);
    gps.follows.at(-1)!.handlers.onGone?.('a');
    await fixes(2);
    assert.equal(gps.times.length, 1);
    await fixes(1);
    assert.equal(gps.times.length, 2);
    assert.deepEqual(gps.times.at(-1), [gps.clock.nowMs(), gps.clock.monotonicMs()]);
  });

  it('gives positions that were held up the moments at which they were true', async () => {
    await using gps = world();
    gps.look();
    await gps.clock.advance(5_000);
    for (const lateMs of [4_000, 3_000, 2_000, 1_000, 0]) gps.look({ timeMs: gps.clock.nowMs() - lateMs });
    assert.deepEqual(gps.positions(), [0, 1_000, 2_000, 3_000, 4_000, 5_000]);
  });

  it('does not date positions back after the receiver put its clock back', async () => {
    await using gps = world();
    for (let i = 0; i < 6; i++) {
      gps.look({ timeMs: gps.clock.nowMs() - (i < 2 ? 0 : 18_000) });
      await gps.clock.advance(1_000);
    }
    assert.deepEqual(gps.positions(), [0, 1_000, 4_000, 5_000]);
  });

  it('keeps to one of two receivers, and passes over the other', async () => {
    await using gps = world();
    for (let i = 0; i < 4; i++) {
      gps.look();
      gps.look({ device: 'b', latitude: 38.00001, timeMs: gps.clock.nowMs() + 100 });
      await gps.clock.advance(1_000);
    }
    const latitudes = gps.readings.filter(({ name }) => name === 'lat').map(({ value }) => value);
    assert.deepEqual(latitudes, [38, 38, 38, 38]);
    assert.equal(gps.loop.status.device, 'a');
  });
});
