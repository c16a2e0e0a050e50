import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { readCapture } from '../../../device/capture/capture-file.js';
import { deviceConfig } from '../../../device/config.js';
import { CHECKS } from '../../../device/doctor/cli.js';
import { examine } from '../../../device/doctor/examine.js';
import { agentProcesses, type AgentProcess } from '../../../device/doctor/agent-probe.js';
import { findingsOf } from '../../../device/doctor/findings.js';
import type { Observations } from '../../../device/doctor/observations.js';
import { doctorConfig } from '../../../device/doctor/settings.js';
import { runDevices } from '../../../device/run.js';
import { openNodeDisk } from '../../../device/uplink/node-disk.js';
import { keepRegistration } from '../../../device/uplink/identity.js';
import { openElm327Server } from '../../../lab/car/elm327-server.js';
import { openGpsdServer } from '../../../lab/gps/gpsd-server.js';
import { registration, registrationRequest } from '../../../protocol/api/md-manager.js';
import { openHttp } from '../../../protocol/api/http-server.js';
import { route } from '../../../protocol/api/route.js';
import { openCoapEndpoint } from '../../../protocol/coap/endpoint.js';
import { secureRandom } from '../../../protocol/coap/secure-random.js';
import { openUdpPort } from '../../../protocol/coap/udp-port.js';
import type { MetricName } from '../../../protocol/metrics.js';
import { decodeReport, type Report } from '../../../protocol/report.js';
import { DRIVING } from '../../fakes/lab-adapter.js';
import { eventually } from '../../fakes/eventually.js';

const LOOPBACK = { address: '127.0.0.1', port: 0 };
const never = new AbortController().signal;
const nobody = (): Promise<AgentProcess[]> => Promise.resolve([]);
const metrics = () => new Metrics<MetricName>({});

describe('a car with a doctor', function () {
  this.timeout(60_000);
  let folder: string;
  let closers: AsyncDisposable[];
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-doctor-'));
    closers = [];
  });
  afterEach(async () => {
    for (const one of closers.reverse()) await one[Symbol.asyncDispose]();
    await rm(folder, { recursive: true, force: true });
  });
  const kept = <T extends AsyncDisposable>(one: T): T => {
    closers.push(one);
    return one;
  };

  /** Adapter, receiver, manager and twin of one vehicle. */
  async function world() {
    const common = { timers: systemTimers, log: silentLog, metrics: metrics() };
    const adapter = kept(
      await openElm327Server({
        ...common,
        listen: LOOPBACK,
        car: { vin: '1EDGETW10TL000001', values: () => DRIVING },
        turnAroundMs: 5,
      }),
    );
    const gpsd = kept(
      await openGpsdServer({
        ...common,
        listen: LOOPBACK,
        clock: systemClock,
        intervalMs: 100,
        moment: () => ({
          phase: 'driving',
          driveMs: 0,
          second: 0,
          fix: 3,
          position: { latitude: 38.02, longitude: -1.17 },
          hdop: 0.9,
          satellites: 11,
        }),
      }),
    );
    const reports: Report[] = [];
    const twin = kept(
      openCoapEndpoint({
        port: await openUdpPort(LOOPBACK),
        handler: ({ method, payload }) => {
          if (method === 'POST') reports.push(decodeReport(payload ?? new Uint8Array()));
          return { code: method === 'POST' ? '2.04' : '2.05' };
        },
        clock: systemClock,
        timers: systemTimers,
        random: secureRandom,
      }),
    );
    const register = route({
      method: 'POST',
      path: '/v1/registrations',
      summary: 'registers',
      body: registrationRequest,
      answer: registration,
      handle: ({ body }) => ({ vehicle: body.vehicle, number: 7, twin: twin.local, nextBoot: 1 }),
    });
    const manager = kept(await openHttp({ ...common, part: 'md-manager', listen: LOOPBACK, routes: [register] }));
    const url = manager.url;
    const state = join(folder, 'state');
    const argv = [
      ...['--vehicle', 'car-1', '--state', state, '--manager-url', url, '--clock-system', 'trusted'],
      ...['--obd-tcp', `127.0.0.1:${adapter.port}`, '--gpsd', `127.0.0.1:${gpsd.port}`],
      ...['--uplink-bind', '127.0.0.1:0', '--log-level', 'silent', '--process-metrics', 'false'],
    ];
    return { argv, state, twin, reports };
  }

  const doctor = (argv: readonly string[], processes = nobody): Promise<Observations> =>
    examine(doctorConfig([...argv, '--measure-ms', '1000'], {}), { processes }, never);
  const severities = (seen: Observations): Record<string, string> =>
    Object.fromEntries(findingsOf(CHECKS, seen).map(({ check, severity }) => [check, severity]));

  it('is examined in full while no agent runs', async () => {
    const { argv, state, twin } = await world();
    const disk = kept(await openNodeDisk(state));
    await keepRegistration(disk, { vehicle: 'car-1', number: 7, twin: twin.local, nextBoot: 1 });
    const seen = await doctor(argv);
    const found = severities(seen);
    for (const check of ['adapter', 'maker', 'protocol', 'signals', 'voltage', 'receiver', 'clock', 'manager', 'twin'])
      assert.equal(found[check], 'ok', `${check}: ${JSON.stringify(seen)}`);
    assert.ok(seen.twin.at === 'answered' && seen.twin.by === 'doctor');
    assert.ok(Math.abs(seen.clock.receiverAheadMs ?? Infinity) < 1_000);
  });

  it('is asked of its agent while that runs, and the agent keeps its adapter', async () => {
    const { argv, reports } = await world();
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as { port: number };
    free.close();
    await once(free, 'close');
    const withListen = [...argv, '--http-listen', `127.0.0.1:${port}`];
    const stop = new AbortController();
    const running = runDevices([deviceConfig({ argv: withListen, env: {} })], stop.signal, () => undefined);
    try {
      await eventually('the car is read', () =>
        reports.some(({ samples }) => samples.some(({ name }) => name === 'spd')),
      );
      const seen = await doctor(withListen);
      assert.ok(seen.agent.at === 'told');
      assert.ok(seen.car.at === 'seen' && seen.car.by === 'agent' && seen.car.car.state === 'polling');
      assert.ok(seen.twin.at === 'answered' && seen.twin.by === 'agent');
      assert.ok(seen.outbox.at === 'seen' && seen.outbox.vehicle === 'car-1');
      const count = reports.length;
      await eventually('reports go on', () => reports.length > count + 2);
      assert.equal((await doctor(withListen)).car.at, 'seen');
    } finally {
      stop.abort(new Error('over'));
      await running;
    }
  });

  it('is left alone where its agent tells nothing: neither adapter nor socket are fought over', async () => {
    const { argv, state, twin } = await world();
    const disk = kept(await openNodeDisk(state));
    await keepRegistration(disk, { vehicle: 'car-1', number: 7, twin: twin.local, nextBoot: 1 });
    const mute = (): Promise<AgentProcess[]> => Promise.resolve([{ pid: 77, vehicle: 'car-1', isFleet: false }]);
    const seen = await doctor(argv, mute);
    assert.deepEqual([seen.agent.at, seen.car.at, seen.twin.at, seen.gps.at], ['mute', 'held', 'held', 'seen']);
    assert.equal(severities(seen)['agent'], 'warning');
  });

  it('is told what is missing where nothing of it is there', async () => {
    const { argv } = await world();
    for (const one of closers.splice(0).reverse()) await one[Symbol.asyncDispose]();
    const found = severities(await doctor(argv));
    assert.deepEqual(
      [found['adapter'], found['receiver'], found['manager'], found['outbox']],
      ['fault', 'fault', 'fault', 'note'],
    );
  });

  it('is recorded while it drives, and the recording drives again, to the twin, in its own time', async () => {
    const { argv, reports } = await world();
    const file = join(folder, 'drive.jsonl');
    const stop = new AbortController();
    const recording = [...argv, '--record', file];
    const running = runDevices([deviceConfig({ argv: recording, env: {} })], stop.signal, () => undefined);
    await eventually('positions and speeds', () => {
      const names = new Set(reports.flatMap(({ samples }) => samples.map(({ name }) => name)));
      return names.has('spd') && names.has('lat') && reports.length > 4;
    });
    stop.abort(new Error('over'));
    await running;
    const capture = await readCapture(file);
    assert.deepEqual([capture.isTorn, capture.lost], [false, 0]);
    assert.ok(capture.entries.some(entry => 'dir' in entry) && capture.entries.some(entry => 'gpsd' in entry));
    const before = reports.length;
    const again = [...argv, '--replay', file, '--state', join(folder, 'other')];
    await runDevices([deviceConfig({ argv: again, env: {} })], never, () => undefined);
    const replayed = reports.slice(before);
    assert.ok(replayed.some(({ samples }) => samples.some(({ name }) => name === 'spd')));
    assert.deepEqual(await readdir(folder), ['drive.jsonl', 'other', 'state']);
    // The recorded clock goes: what was driven then is reported with the times of then.
    const [first, last] = [reports[0]!, replayed.at(-1)!];
    assert.ok(Math.abs(last.timeMs - first.timeMs) <= capture.endMs + 2_000);
  });
});

describe('agents of this machine', () => {
  let folder: string;
  beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'edgetwin-proc-'))));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('are known by their titles', async () => {
    for (const [pid, title] of [
      ['12', 'edgetwin-device car-1'],
      ['13', 'edgetwin-device\0car-2..car-9\0'],
      ['14', 'node edgetwin-device car-3 --flag'],
      ['self', 'edgetwin-device car-4'],
    ] as const) {
      await mkdir(join(folder, pid));
      await writeFile(join(folder, pid, 'cmdline'), title);
    }
    await mkdir(join(folder, '15'));
    assert.deepEqual(await agentProcesses(folder), [
      { pid: 12, vehicle: 'car-1', isFleet: false },
      { pid: 13, vehicle: 'car-2', isFleet: true },
    ]);
    assert.deepEqual(await agentProcesses(join(folder, 'none')), []);
  });
});
