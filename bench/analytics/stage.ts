import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { systemClock, systemTimers } from '../../common/clock.js';
import { Resources } from '../../common/lifecycle.js';
import { packageRoot } from '../../common/package-root.js';
import { openCoapEndpoint } from '../../protocol/coap/endpoint.js';
import { secureRandom } from '../../protocol/coap/secure-random.js';
import { FORMAT } from '../../protocol/coap/types.js';
import { openUdpPort } from '../../protocol/coap/udp-port.js';
import type { SignalAnswer } from '../../protocol/api/vmd.js';
import { liveFromReport } from '../../store/join.js';
import { openLmdbTwinStore } from '../../store/lmdb/twin-store.js';
import type { TwinStore } from '../../store/types.js';
import { TWO_EDGES } from '../../test/fakes/analytics-under-test.js';
import { FakeManager, vehicleOf } from '../../test/fakes/fake-manager.js';
import { reportOf, rowOf } from '../../test/fakes/recorded-reports.js';
import { startPart, type Part } from '../harness.js';

export const CARS = 1_000;
export const DAY_S = 86_400;
/** The car of which a whole day is stored. */
export const DAY_CAR = 'day-car';
const TWIN_HOSTS = 4;
const ROWS_AT_ONCE = 2_000;

export interface Stage extends AsyncDisposable {
  readonly url: string;
  readonly analytics: Part;
  /** What analytics reads: writing here is what a vMD host does. */
  readonly store: TwinStore;
  /** Begin of the day that is stored. */
  readonly dayMs: number;
}

export const carName = (index: number): string => `car-${index + 1}`;

/** One second of a drive that goes round a town. */
export function reportAt(vehicle: string, seq: number, timeMs: number) {
  const turn = (seq % 1_800) / 286;
  const second = {
    atS: seq,
    latitude: 41.26 + 0.02 * Math.sin(turn),
    longitude: -96.07 + 0.02 * Math.cos(turn),
    heading: Math.round((seq * 3) % 360),
    speedKmh: 40 + 30 * Math.sin(seq / 17),
    rpm: 1_500 + 700 * Math.sin(seq / 11),
    throttle: 20 + 15 * Math.sin(seq / 7),
  };
  return reportOf(vehicle, second, seq, timeMs);
}

/** Twins that answer at once: for `maxAge=0` as if their car had, else from what they hold. */
async function twinHosts(resources: Resources): Promise<number[]> {
  const ports: number[] = [];
  for (let i = 0; i < TWIN_HOSTS; i++) {
    const port = await openUdpPort({ address: '127.0.0.1', port: 0 });
    ports.push(port.local.port);
    resources.use(
      openCoapEndpoint({
        port,
        handler: ({ query }) => {
          const nowMs = Date.now();
          const measured = query?.includes('maxAge=0') === true;
          const body: SignalAnswer = {
            ...{ value: 50, timeMs: nowMs, ageMs: 0, source: measured ? 'measured' : 'twin-cache' },
            ...{ provisional: false, stale: false, complete: true },
          };
          return { code: '2.05', payload: Buffer.from(JSON.stringify(body)), contentFormat: FORMAT.json };
        },
        clock: systemClock,
        timers: systemTimers,
        random: secureRandom,
      }),
    );
  }
  return ports;
}

async function seed(store: TwinStore, dayMs: number): Promise<void> {
  for (let from = 0; from < DAY_S; from += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, DAY_S - from);
    const seconds = Array.from({ length: count }, (_, i) => from + i);
    await store.append(seconds.map(second => rowOf(reportAt(DAY_CAR, second + 1, dayMs + second * 1_000))));
  }
  const nowMs = Date.now();
  const last = reportAt(DAY_CAR, DAY_S, dayMs + (DAY_S - 1) * 1_000);
  await store.putLive(DAY_CAR, liveFromReport(last, nowMs, nowMs));
  // Ten minutes old: a read that wants less asks the twin.
  for (let i = 0; i < CARS; i++) {
    const report = reportAt(carName(i), 1, nowMs - 600_000);
    await Promise.all([store.append([rowOf(report)]), store.putLive(carName(i), liveFromReport(report, nowMs, nowMs))]);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** Analytics in a process of its own, with a thousand cars and one that has a day behind it. */
export async function openStage(rollUps: boolean): Promise<Stage> {
  const resources = new Resources();
  const scratch = join(packageRoot(), '.cache');
  await mkdir(scratch, { recursive: true });
  const folder = await mkdtemp(join(scratch, 'bench-analytics-'));
  resources.defer(() => rm(folder, { recursive: true, force: true }));
  const store = resources.use(await openLmdbTwinStore({ path: join(folder, 'store'), domain: 'core', journal: false }));
  const dayMs = Date.now() - (DAY_S + 3_600) * 1_000;
  await seed(store, dayMs);
  const ports = await twinHosts(resources);
  const manager = await FakeManager.open();
  resources.use(manager);
  manager.vehicles = Array.from({ length: CARS }, (_, i) =>
    vehicleOf(carName(i), {
      number: i + 1,
      host: {
        ...{ host: `edge-1/${(i % TWIN_HOSTS) + 1}`, domain: 'edge-1', address: '127.0.0.1' },
        ...{ port: ports[i % TWIN_HOSTS] ?? 0, control: 'http://127.0.0.1:1' },
      },
    }),
  );
  const topology = join(folder, 'topology.json');
  await writeFile(topology, JSON.stringify(TWO_EDGES));
  const words = [
    ...['analytics', '--listen', `127.0.0.1:${await freePort()}`, '--store', join(folder, 'store')],
    ...['--manager-url', manager.url, '--topology', topology, '--log-level', 'error'],
    ...(rollUps ? ['--rollups-path', join(folder, 'rollups')] : []),
  ];
  const analytics = await startPart('cli/edgetwin', words, 'edgetwin-bench-analytics');
  resources.use(analytics);
  const url = analytics.firstLine.replace('ready ', '');
  return { url, analytics, store, dayMs, [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose]() };
}
