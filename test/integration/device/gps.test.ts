import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { runGps } from '../../../device/gps/gps-loop.js';
import { gpsdSource } from '../../../device/gps/gpsd-client.js';
import type { Reading } from '../../../device/sampling/reading.js';
import { openDrive } from '../../../lab/drive/drive-file.js';
import { openGpsdServer } from '../../../lab/gps/gpsd-server.js';
import { METRICS, type MetricName } from '../../../protocol/metrics.js';
import { eventually } from '../../fakes/eventually.js';

const LOOPBACK = { address: '127.0.0.1', port: 0 };
/** The lab moves on this much with each fix. */
const STEP_MS = 1_000;

describe('receiver behind gpsd', function () {
  this.timeout(30_000);

  async function world(port = 0) {
    const drive = await openDrive('drive-06');
    let driveMs = 100_000;
    const gpsd = await openGpsdServer({
      listen: { ...LOOPBACK, port },
      moment: () => drive.at((driveMs += STEP_MS)),
      intervalMs: 20,
      clock: systemClock,
      timers: systemTimers,
      log: silentLog,
      metrics: new Metrics<MetricName>(METRICS),
    });
    return { gpsd, drive };
  }

  function follow(port: number) {
    const metrics = new Metrics<MetricName>(METRICS);
    const readings: Reading[] = [];
    const times: number[] = [];
    const stop = new AbortController();
    const running = runGps(
      {
        source: gpsdSource({ address: LOOPBACK.address, port, clock: systemClock }),
        // The lab drives fifty times as fast as the car did.
        rules: { plausibleSpeedKmh: 20_000 },
        onReading: reading => void readings.push(reading),
        onTime: utcMs => void times.push(utcMs),
        clock: systemClock,
        timers: { after: (ms, fn) => systemTimers.after(Math.min(ms, 20), fn) },
        random: () => 0.5,
        log: silentLog,
        metrics,
      },
      stop.signal,
    ).catch((error: unknown) => error);
    return {
      metrics,
      readings,
      times,
      [Symbol.asyncDispose]: async () => {
        const reason = new Error('over');
        stop.abort(reason);
        assert.equal(await running, reason);
      },
    };
  }

  it('gives the positions of the drive, and its time after three 3D fixes', async () => {
    const { gpsd, drive } = await world();
    {
      await using found = follow(gpsd.port);
      await eventually('ten fixes', () => found.readings.filter(({ name }) => name === 'lat').length >= 10);
      const track = drive.track.map(({ latitude }) => latitude);
      for (const { value } of found.readings.filter(({ name }) => name === 'lat'))
        assert.ok(Number(value) >= Math.min(...track) && Number(value) <= Math.max(...track));
      const lats = found.readings.filter(({ name }) => name === 'lat').length;
      assert.equal(found.readings.filter(({ name }) => name === 'lon').length, lats);
      assert.ok(found.times.length > 0 && found.times.length <= lats - 2, `${found.times.length} of ${lats}`);
      assert.ok(Math.abs((found.times[0] ?? 0) - Date.now()) < 60_000);
    }
    await gpsd[Symbol.asyncDispose]();
  });

  it('connects again when gpsd went away', async () => {
    const first = await world();
    const { port } = first.gpsd;
    await using found = follow(port);
    await eventually('a fix', () => found.readings.length > 0);
    await first.gpsd[Symbol.asyncDispose]();
    const before = found.readings.length;
    const second = await world(port);
    await eventually('a fix of the next gpsd', () => found.readings.length > before);
    await second.gpsd[Symbol.asyncDispose]();
  });

  it('counts lines that it cannot read, and reads on', async () => {
    const server = createServer(socket => {
      socket.write('nonsense\n{"class":"TPV"}\n');
      socket.write(`${'x'.repeat(20_000)}\n`);
      socket.write('{"class":"SKY"}\n{"class":"TPV","mode":2,"lat":41.25,"lon":-96.07}\n');
    });
    server.listen(0, LOOPBACK.address);
    await once(server, 'listening');
    const bound = server.address();
    {
      await using found = follow(typeof bound === 'object' && bound !== null ? bound.port : 0);
      await eventually('the fix', () => found.readings.some(({ name, value }) => name === 'lat' && value === 41.25));
      const text = await found.metrics.text();
      assert.match(text, /agent_gps_fixes_total\{verdict="malformed"\} [1-9]/);
    }
    server.close();
  });
});
