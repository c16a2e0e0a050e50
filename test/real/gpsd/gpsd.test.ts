import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { freePort } from '../../../lab/network/free-port.js';
import { GpsLoop } from '../../../device/gps/gps-loop.js';
import type { GpsSource } from '../../../device/gps/gps-source.js';
import { gpsdSource } from '../../../device/gps/gpsd-client.js';
import { nmeaSerialSource } from '../../../device/gps/nmea-serial.js';
import { openSerialInput } from '../../../device/gps/serial-input.js';
import type { Reading } from '../../../device/sampling/reading.js';
import { METRICS, type MetricName } from '../../../protocol/metrics.js';
import { eventually } from '../../fakes/eventually.js';
import { cycle, hasGpsd, openGpsd, openReceiver, type Receiver } from './receiver.js';

function follow(source: GpsSource) {
  const readings: Reading[] = [];
  const times: number[] = [];
  const stop = new AbortController();
  const loop = new GpsLoop({
    source,
    rules: { plausibleSpeedKmh: 20_000 },
    onReading: reading => void readings.push(reading),
    onTime: utcMs => void times.push(utcMs),
    clock: systemClock,
    timers: { after: (ms, fn) => systemTimers.after(Math.min(ms, 200), fn) },
    random: () => 0.5,
    log: silentLog,
    metrics: new Metrics<MetricName>(METRICS),
  });
  const running = loop.run(stop.signal).catch((error: unknown) => error);
  const of = (name: string) => readings.filter(reading => reading.name === name).map(({ value }) => value);
  return {
    loop,
    of,
    times,
    [Symbol.asyncDispose]: async () => {
      stop.abort(new Error('over'));
      await running;
    },
  };
}

/** A receiver that drives, ten cycles a second. */
function drive(receiver: Receiver, fix: () => 1 | 3 = () => 3): () => void {
  let step = 0;
  // Tenths of a second: what the sentences can say.
  const timer = setInterval(() => receiver.say(cycle(Math.floor(Date.now() / 100) * 100, ++step, fix())), 100);
  return () => clearInterval(timer);
}

describe('a real gpsd', function () {
  this.timeout(60_000);
  let folder: string;
  before(async function () {
    if (!hasGpsd()) {
      process.stdout.write('    gpsd is not installed: skipped\n');
      this.skip();
    }
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-gpsd-'));
  });
  after(async () => {
    if (folder !== undefined) await rm(folder, { recursive: true });
  });

  const clientOf = (port: number): GpsSource => gpsdSource({ address: '127.0.0.1', port, clock: systemClock });

  it('tells position, quality and time of a receiver', async () => {
    await using receiver = await openReceiver();
    await using gpsd = await openGpsd(await freePort(), join(folder, 'a.sock'), [receiver.path]);
    await using gps = follow(clientOf(gpsd.port));
    const stop = drive(receiver);
    await eventually('a trusted time', () => gps.times.length > 0);
    await eventually('the quality of a fix', () => gps.of('hdop').length > 0 && gps.of('sats').length > 0);
    stop();
    assert.ok(Math.abs(Date.now() - (gps.times[0] ?? 0)) < 60_000);
    assert.ok(gps.of('lat').every(value => Number(value) > 48.11 && Number(value) < 48.3));
    assert.ok(gps.of('fix').includes('THREE_D'));
    assert.ok(Math.abs(Number(gps.of('hdop')[0]) - 0.9) < 0.5, String(gps.of('hdop')[0]));
  });

  it('tells that a fix is lost, and that it is back', async () => {
    await using receiver = await openReceiver();
    await using gpsd = await openGpsd(await freePort(), join(folder, 'b.sock'), [receiver.path]);
    await using gps = follow(clientOf(gpsd.port));
    let fix: 1 | 3 = 3;
    const stop = drive(receiver, () => fix);
    await eventually('a fix', () => gps.of('fix').at(-1) === 'THREE_D');
    fix = 1;
    await eventually('none', () => gps.of('fix').at(-1) === 'NONE');
    fix = 3;
    await eventually('one again', () => gps.of('fix').at(-1) === 'THREE_D');
    stop();
  });

  it('says nothing when its receiver dies, and the fix is lost all the same', async () => {
    await using receiver = await openReceiver();
    await using gpsd = await openGpsd(await freePort(), join(folder, 'c.sock'), [receiver.path]);
    await using gps = follow(clientOf(gpsd.port));
    const stop = drive(receiver);
    await eventually('a fix', () => gps.of('fix').at(-1) === 'THREE_D');
    stop();
    await eventually('none', () => gps.of('fix').at(-1) === 'NONE', 30_000);
    const count = gps.of('lat').length;
    assert.equal(gps.loop.status.mode, 0);
    assert.equal(gps.of('lat').length, count);
  });

  it('takes another receiver, and the first again', async () => {
    await using first = await openReceiver();
    await using second = await openReceiver();
    await using gpsd = await openGpsd(await freePort(), join(folder, 'd.sock'), [first.path]);
    await using gps = follow(clientOf(gpsd.port));
    const stops = [drive(first), drive(second)];
    await eventually('the first', () => gps.loop.status.device === first.path && gps.loop.status.mode === 3);
    assert.equal(await gpsd.control(`+${second.path}`), 'OK');
    assert.equal(await gpsd.control(`-${first.path}`), 'OK');
    await eventually('the second', () => gps.loop.status.device === second.path && gps.loop.status.mode === 3);
    assert.equal(await gpsd.control(`+${first.path}`), 'OK');
    assert.equal(await gpsd.control(`-${second.path}`), 'OK');
    await eventually('the first again', () => gps.loop.status.device === first.path && gps.loop.status.mode === 3);
    for (const stop of stops) stop();
  });

  it('is connected again after it was killed', async () => {
    await using receiver = await openReceiver();
    const port = await freePort();
    const first = await openGpsd(port, join(folder, 'e.sock'), [receiver.path]);
    await using gps = follow(clientOf(port));
    const stop = drive(receiver);
    await eventually('a fix', () => gps.of('fix').at(-1) === 'THREE_D');
    await first[Symbol.asyncDispose]();
    await eventually('none', () => gps.of('fix').at(-1) === 'NONE');
    await using second = await openGpsd(port, join(folder, 'f.sock'), [receiver.path]);
    assert.equal(second.port, port);
    await eventually('a fix of the next', () => gps.of('fix').at(-1) === 'THREE_D');
    stop();
  });
});

describe('a receiver on a real serial port', function () {
  this.timeout(60_000);
  const serial = (path: string): GpsSource =>
    nmeaSerialSource({ path, baud: 9_600, open: openSerialInput, clock: systemClock, timers: systemTimers });

  it('is read without gpsd, and again after it was pulled out', async () => {
    const receiver = await openReceiver();
    await using gps = follow(serial(receiver.path));
    const stop = drive(receiver);
    await eventually('a trusted time', () => gps.times.length > 0);
    assert.deepEqual([gps.of('sats')[0], gps.of('hdop')[0], gps.of('acc')[0]], [9, 0.9, 13.5]);
    stop();
    await receiver[Symbol.asyncDispose]();
    await eventually('none', () => gps.of('fix').at(-1) === 'NONE', 30_000);
  });
});
