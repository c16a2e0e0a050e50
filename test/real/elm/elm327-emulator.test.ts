import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '../../../common/config.js';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { readCapture } from '../../../device/capture/capture-file.js';
import { replayPlan } from '../../../device/capture/replay-config.js';
import { replayCapture } from '../../../device/capture/replay-run.js';
import { virtualTime } from '../../../device/capture/replay-time.js';
import { deviceConfig } from '../../../device/config.js';
import { openElmSource } from '../../../device/obd/elm-source.js';
import { nodePorts } from '../../../device/obd/node-ports.js';
import { serialAdapter } from '../../../device/obd/serial-port.js';
import { OBD_SETTINGS, type ObdConfig } from '../../../device/obd/settings.js';
import type { ObdSource } from '../../../device/obd/types.js';
import { runDevices } from '../../../device/run.js';
import { carOfConfig } from '../../../device/sampling/car-of-config.js';
import type { Reading } from '../../../device/sampling/reading.js';
import { registration, registrationRequest } from '../../../protocol/api/md-manager.js';
import { openHttp } from '../../../protocol/api/http-server.js';
import { route } from '../../../protocol/api/route.js';
import { METRICS, type MetricName } from '../../../protocol/metrics.js';
import { decodeReport, type Report } from '../../../protocol/report.js';
import { isPlausible, signalByWire, signalsOfPid } from '../../../protocol/signals.js';
import { eventually } from '../../fakes/eventually.js';
import { findEmulator, startEmulator, type Emulator } from './elm-emulator.js';

const never = new AbortController().signal;

/** An authority whose twin nobody answers for: reports stay in the outbox. */
const registrationRoute = () =>
  route({
    method: 'POST',
    path: '/v1/registrations',
    summary: 'registers',
    body: registrationRequest,
    answer: registration,
    handle: ({ body }) => ({ vehicle: body.vehicle, number: 7, twin: { address: '127.0.0.1', port: 9 }, nextBoot: 1 }),
  });

describe('the ELM327 emulator of PyPI, on a pseudo-terminal', function () {
  this.timeout(120_000);
  let emulator: Emulator;
  before(async function () {
    this.timeout(300_000);
    const elm = await findEmulator();
    if (elm === undefined) {
      console.log('      (skipped: ELM327-emulator cannot be installed from PyPI)');
      return this.skip();
    }
    emulator = await startEmulator(elm);
  });
  after(() => emulator?.[Symbol.asyncDispose]());

  const adapter = () => serialAdapter({ port: emulator.path, ports: nodePorts(), timers: systemTimers });
  async function opened(): Promise<ObdSource> {
    const link = await adapter()(never);
    return openElmSource(link, { timers: systemTimers, timeoutMs: 3_000, searchTimeoutMs: 12_000 }, never);
  }

  it('is found at the first speed, on CAN, with what it supports', async () => {
    await using source = await opened();
    assert.match(source.facts.id, /ELM327/);
    assert.equal(source.facts.bus?.can, true);
    assert.ok(source.facts.ecus.includes('7E8'));
    for (const pid of [0x05, 0x0c, 0x0d]) assert.ok(source.supported.has(pid), `${pid}`);
  });

  it('answers six PIDs in one request, and none of its values is implausible', async () => {
    await using source = await opened();
    const values = await source.read([0x04, 0x05, 0x0c, 0x0d, 0x0f, 0x11], never);
    for (const wire of ['ect', 'rpm', 'spd']) assert.ok(values.has(wire), wire);
    for (const [wire, value] of values) assert.ok(isPlausible(signalByWire(wire)!, value), `${wire} ${value}`);
    assert.equal(source.batchMax, 6);
  });

  it('is read in full: every PID that it says it supports and the catalogue knows', async () => {
    await using source = await opened();
    const values = await source.read(
      [...source.supported].filter(pid => signalsOfPid(pid).length > 0),
      never,
    );
    assert.ok(values.size >= 20, `${values.size}`);
    for (const [wire, value] of values) assert.ok(isPlausible(signalByWire(wire)!, value), `${wire} ${value}`);
  });

  it('tells VIN, trouble codes and voltage', async () => {
    await using source = await opened();
    assert.match(await source.readVin(never), /^[A-Z0-9]{17}$/);
    for (const code of await source.readTroubleCodes(never)) assert.match(code, /^[PCBU][0-9A-F]{4}$/);
    assert.ok((await source.voltage(never))! > 5);
  });

  it('is recorded by the agent, and the recording answers as it did', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'edgetwin-record-'));
    const file = join(folder, 'emulator.jsonl');
    const argv = ['--vehicle', 'car-1', '--state', join(folder, 'state'), '--obd-serial', emulator.path];
    const more = ['--record', file, '--obd-running-v', '0', '--obd-texts', 'dtc,vin', '--process-metrics', 'false'];
    const stop = new AbortController();
    const twin: Report[] = [];
    const manager = await openHttp({
      part: 'md-manager',
      listen: { address: '127.0.0.1', port: 0 },
      routes: [registrationRoute()],
      log: silentLog,
      metrics: new Metrics<MetricName>({}),
    });
    const where = ['--manager-url', manager.url, '--clock-system', 'trusted', '--log-level', 'silent'];
    try {
      const config = deviceConfig({ argv: [...argv, ...more, ...where], env: {} });
      const running = runDevices([config], stop.signal, () => undefined);
      // Both kinds of text, and speeds: the emulator has said what it has to say.
      await eventually('the emulator is read', async () => {
        const capture = await readCapture(file).catch(() => undefined);
        const said =
          capture?.entries.flatMap(entry => ('dir' in entry && entry.dir === 'tx' ? [entry.data] : [])) ?? [];
        return said.some(text => text.startsWith('0902')) && said.filter(text => text.startsWith('01')).length > 20;
      });
      stop.abort(new Error('over'));
      await running;
      const plan = await replayPlan({ argv: ['--replay', file], env: {} });
      assert.ok(plan?.to === 'print');
      const onReport = (bytes: Uint8Array): void => void twin.push(decodeReport(bytes));
      const options = { ...plan, time: virtualTime(), onReport, log: silentLog };
      const { steps, status } = await replayCapture(options, never);
      assert.match(status?.car?.adapter ?? '', /ELM327/);
      // How long it took to answer is the busy machine's, and what is asked next goes by that: later on some requests are others.
      assert.ok(steps!.inStep > 20, JSON.stringify(steps));
      const names = new Set(twin.flatMap(({ samples }) => samples.map(({ name }) => name)));
      for (const wire of ['spd', 'rpm', 'ect']) assert.ok(names.has(wire), wire);
    } finally {
      stop.abort(new Error('over'));
      await manager[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    }
  });

  it('is read by the loop, through faults that it is told to have', async () => {
    const readings: Reading[] = [];
    const argv = ['--obd-serial', emulator.path, '--obd-running-v', '0'];
    const config = loadConfig(OBD_SETTINGS, { argv, env: {} }) as ObdConfig;
    const loop = carOfConfig(config, adapter(), {
      clock: systemClock,
      timers: systemTimers,
      random: () => 0.5,
      log: silentLog,
      metrics: new Metrics<MetricName>(METRICS),
      onReading: reading => void readings.push(reading),
    });
    const stop = new AbortController();
    const running = loop.run(stop.signal).catch(() => undefined);
    const aSpeed = (): Promise<void> => {
      readings.length = 0;
      return eventually('a speed', () => readings.some(({ name }) => name === 'spd'));
    };
    try {
      await aSpeed();
      for (const words of ['NO DATA', 'CAN ERROR', 'BUFFER FULL']) {
        emulator.say(`emulator.answer['SPEED'] = '<writeln>${words}</writeln>'`);
        readings.length = 0;
        await eventually(`the car goes on after ${words}`, () => readings.some(({ name }) => name === 'vbat'));
        emulator.say(`emulator.answer = {}`);
        await aSpeed();
      }
    } finally {
      stop.abort(new Error('over'));
      await running;
    }
  });
});
