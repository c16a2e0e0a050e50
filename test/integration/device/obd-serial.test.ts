import assert from 'node:assert/strict';
import { mkdtemp, rm, symlink, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { nodePorts } from '../../../device/obd/node-ports.js';
import { serialAdapter } from '../../../device/obd/serial-port.js';
import { OBD_SETTINGS, type ObdConfig } from '../../../device/obd/settings.js';
import { carOfConfig } from '../../../device/sampling/car-of-config.js';
import type { Reading } from '../../../device/sampling/reading.js';
import { Elm327Adapter } from '../../../lab/car/elm327-server.js';
import { openPty, type Pty } from '../../../lab/car/pty.js';
import { loadConfig } from '../../../common/config.js';
import { METRICS, type MetricName } from '../../../protocol/metrics.js';
import { eventually } from '../../fakes/eventually.js';
import { DRIVING, LAB_VIN } from '../../fakes/lab-adapter.js';

describe('an adapter on a serial port', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-serial-'));
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  /** A pseudo-terminal with the lab's adapter at its far end. */
  async function plugIn(port: string): Promise<Pty | undefined> {
    const pty = await openPty();
    if (pty === undefined) return undefined;
    const metrics = new Metrics<MetricName>(METRICS);
    const car = { vin: LAB_VIN, values: () => DRIVING };
    const adapter = new Elm327Adapter({ car, turnAroundMs: 1, timers: systemTimers, log: silentLog, metrics });
    adapter.serve(pty.far);
    await symlink(pty.path, port);
    return pty;
  }

  it('is read, and read again after it was pulled and plugged in under another name', async function () {
    const port = join(folder, 'usb-OBDLink');
    let pty = await plugIn(port);
    if (pty === undefined) this.skip();
    const readings: Reading[] = [];
    const config = loadConfig(OBD_SETTINGS, { argv: ['--obd-serial', port], env: {} }) as ObdConfig;
    const open = serialAdapter({ port, ports: nodePorts(), timers: systemTimers });
    const stop = new AbortController();
    const loop = carOfConfig(config, open, {
      clock: systemClock,
      timers: systemTimers,
      random: () => 0.5,
      log: silentLog,
      metrics: new Metrics<MetricName>(METRICS),
      onReading: reading => void readings.push(reading),
    });
    const running = loop.run(stop.signal).catch(() => undefined);
    try {
      for (let round = 0; round < 2; round++) {
        await eventually('a speed', () => readings.some(({ name, value }) => name === 'spd' && value === 54));
        assert.equal(loop.adapter?.facts.link, `${port} at 38400`);
        await unlink(port);
        await pty[Symbol.asyncDispose]();
        await eventually('that it is gone', () => loop.state === 'away');
        readings.length = 0;
        pty = await plugIn(port);
        assert.ok(pty !== undefined);
      }
      await eventually('a speed again', () => readings.some(({ name }) => name === 'spd'));
    } finally {
      stop.abort(new Error('over'));
      await running;
      await pty?.[Symbol.asyncDispose]();
    }
  });
});
