import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { delay, systemClock, systemTimers } from '../common/clock.js';
import { Resources } from '../common/lifecycle.js';
import { silentLog } from '../common/log.js';
import { Metrics } from '../common/metrics.js';
import { packageRoot } from '../common/package-root.js';
import { quantilesOf } from '../common/quantiles.js';
import { openElm327Server } from '../lab/car/elm327-server.js';
import { labVin } from '../lab/car/vin.js';
import { openDrive } from '../lab/drive/drive-file.js';
import { EngineModel } from '../lab/drive/engine-model.js';
import { openGpsdServer } from '../lab/gps/gpsd-server.js';
import { openCoapEndpoint } from '../protocol/coap/endpoint.js';
import { secureRandom } from '../protocol/coap/secure-random.js';
import { openUdpPort } from '../protocol/coap/udp-port.js';
import { METRICS, type MetricName } from '../protocol/metrics.js';
import { openAuthority } from '../test/fakes/authority.js';
import { cpuMeter, cpuSecondsOf, residentBytesOf, startPart, type BenchRow } from './harness.js';

const LOOPBACK = { address: '127.0.0.1', port: 0 };
/** Of a good adapter on CAN. */
const TURN_AROUND_MS = 20;
const FAST_HZ = 5;
/** The first minute finds the car, compiles, and fills what is filled once. */
const WARM_S = 60;
const RUN_S = 120;
/** A share of a core is told of so long at a time: /proc counts in hundredths of a second. */
const SPAN_S = 10;
const CASES: readonly (readonly [string, readonly string[]])[] = [
  ['reports every 0.5 s', []],
  ['reports every 0.2 s', ['--report-interval-ms', '200']],
];

/** What the agent's process takes of a machine, with a car that is read at 5 Hz, a receiver, and a twin that acknowledges at once. */
export async function benchDevice(signal: AbortSignal): Promise<BenchRow[]> {
  const scratch = join(packageRoot(), '.cache');
  await mkdir(scratch, { recursive: true });
  const folder = await mkdtemp(join(scratch, 'bench-device-'));
  try {
    const rows: BenchRow[] = [];
    for (const [name, words] of CASES) {
      await using world = await openWorld();
      const argv = [
        ...['device', 'run', '--vehicle', 'car-1', '--state', join(folder, name.replaceAll(' ', '-'))],
        ...['--obd-tcp', world.adapter, '--gpsd', world.gpsd, '--manager-url', world.manager],
        ...['--obd-fast-hz', String(FAST_HZ), '--clock-system', 'trusted', '--uplink-bind', '127.0.0.1:0'],
        ...['--log-level', 'warn', ...words],
      ];
      await using agent = await startPart('cli/edgetwin', argv, 'edgetwin-bench-device');
      rows.push(...(await measure(name, agent.pid, world.reports, signal)));
    }
    return rows;
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function measure(name: string, pid: number, reports: () => number, signal: AbortSignal): Promise<BenchRow[]> {
  await delay(WARM_S * 1_000, signal);
  const meter = cpuMeter();
  const resident: number[] = [];
  const own: number[] = [];
  const share: number[] = [];
  const reportsBefore = reports();
  let usedS = cpuSecondsOf(pid);
  for (let s = 1; s <= RUN_S; s++) {
    await delay(1_000, signal);
    const { all, anonymous } = residentBytesOf(pid);
    resident.push(all / 2 ** 20);
    own.push(anonymous / 2 ** 20);
    if (s % SPAN_S !== 0) continue;
    const nowS = cpuSecondsOf(pid);
    share.push((100 * (nowS - usedS)) / SPAN_S);
    usedS = nowS;
  }
  const cpuIdle = meter.idle();
  const perSecond = (reports() - reportsBefore) / RUN_S;
  const row = (metric: string, unit: string, values: readonly number[]): BenchRow => ({
    ...{ case: name, metric, unit, ...quantilesOf(values), cpuIdle },
  });
  return [
    row('resident', 'MiB', resident),
    row('resident, own', 'MiB', own),
    row('processor', '% of one core', share),
    row('reports', '1/s', [perSecond]),
  ];
}

/** A car, a receiver, a manager and a twin in this process: what they take is not counted. */
async function openWorld() {
  const resources = new Resources();
  const drive = await openDrive('drive-06');
  const engine = new EngineModel(drive);
  const beganMs = performance.now();
  const driveMs = (): number => (performance.now() - beganMs) % drive.durationMs;
  const metrics = new Metrics<MetricName>(METRICS);
  const common = { timers: systemTimers, log: silentLog, metrics };
  const adapter = resources.use(
    await openElm327Server({
      listen: LOOPBACK,
      car: { vin: labVin(0), values: () => engine.at(driveMs()) },
      turnAroundMs: TURN_AROUND_MS,
      ...common,
    }),
  );
  const moment = () => drive.at(driveMs());
  const gpsd = resources.use(
    await openGpsdServer({ listen: LOOPBACK, moment, intervalMs: 1_000, clock: systemClock, ...common }),
  );
  let reports = 0;
  const twin = resources.use(
    openCoapEndpoint({
      port: await openUdpPort(LOOPBACK),
      handler: () => {
        reports++;
        return { code: '2.04' };
      },
      clock: systemClock,
      timers: systemTimers,
      random: secureRandom,
    }),
  );
  const manager = resources.use(await openAuthority(twin.local, metrics, () => 1));
  return {
    adapter: `${adapter.address}:${adapter.port}`,
    gpsd: `${gpsd.address}:${gpsd.port}`,
    manager: manager.url,
    reports: () => reports,
    [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose](),
  };
}
