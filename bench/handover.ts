import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify as stringifyYaml } from 'yaml';
import { delay } from '../common/clock.js';
import { Resources } from '../common/lifecycle.js';
import { quantilesOf } from '../common/quantiles.js';
import { PHASES, type Way } from '../protocol/api/common.js';
import { HttpClient } from '../protocol/api/http-client.js';
import { handoverCounts, handoverList, type HandoverRecord } from '../protocol/api/md-manager.js';
import { poolList } from '../protocol/api/pools.js';
import { readTopology } from '../protocol/topology-file.js';
import { spanMs } from '../lab/demo/outcome.js';
import { System } from '../lab/demo/system.js';
import { openDrive } from '../lab/drive/drive-file.js';
import { labMissing } from '../lab/netns/namespaces.js';
import { freePort } from '../lab/network/free-port.js';
import { layOutTopology } from '../lab/topology/lay-out.js';
import { openLmdbTwinStore } from '../store/lmdb/twin-store.js';
import { cpuMeter, type BenchRow, type Kept } from './harness.js';
import { benchNetwork } from './network.js';
import { networkOptions, type NetworkOptions } from './network/options.js';
import { withoutNeighbours } from './network/stage.js';

const DRIVE = 'drive-17';

interface Case {
  readonly cars: number;
  readonly rounds: number;
  readonly way: Way;
}

/** At least ten hand-overs each. */
const CASES: readonly Case[] = [
  { cars: 1, rounds: 25, way: 'armed' },
  { cars: 10, rounds: 6, way: 'armed' },
  { cars: 50, rounds: 3, way: 'armed' },
  { cars: 1, rounds: 25, way: 'ticket' },
  { cars: 10, rounds: 6, way: 'ticket' },
  { cars: 50, rounds: 3, way: 'ticket' },
  { cars: 1, rounds: 25, way: 'manager' },
  { cars: 10, rounds: 6, way: 'manager' },
  { cars: 50, rounds: 3, way: 'manager' },
  { cars: 1, rounds: 12, way: 'cold' },
  { cars: 10, rounds: 4, way: 'cold' },
  { cars: 50, rounds: 3, way: 'cold' },
];
/** Twins that one host carries where hosts are started on the path: 1, 10 and 50 cars wait for 1, 3 and 13 of them. */
const COLD_SLOTS = 4;
/** How long a host of the domain that the cars have left is kept, so that the domain is empty when they come back. */
const SURPLUS_MS = 500;
const ASK_EVERY_MS = 50;
/** A vehicle hands over at most every two seconds (dwell), and slots are kept for it once these are over. */
const BETWEEN_MS = 3_000;
/** A report that is later than this after the one before was not delayed by the hand-over alone. */
const AROUND_MS = 1_500;

interface Measured {
  readonly records: readonly HandoverRecord[];
  /** Vehicle → when its reports were stored, in order. */
  readonly stored: ReadonlyMap<string, readonly number[]>;
}

/**
 * Hand-over on the soft switch: cars change to an access point of the other domain all at once, again and again; phase
 * times are those of the ledger, from `detected`. `cold`: the target domain has no host each time, and the cars wait for as
 * many as it takes. Beside them what
 * the paper counts: packet-in → flow confirmed at the re-route, the same at the redirect (from `prepared`, so the wait for
 * the intent is in it), and their sum; and what the car sees: the longest time between two of its reports around a move.
 */
async function benchSoftSwitch(
  signal: AbortSignal,
  { ways, only }: Pick<NetworkOptions, 'ways' | 'only'>,
  { done, before }: Kept,
): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const one of CASES.filter(({ way }) => ways.includes(way))) {
    const name = caseOf(one);
    if (only === 'missing' && before.some(row => row.case === name)) continue;
    process.stderr.write(`${name}: about ${(0.2 + (one.rounds * BETWEEN_MS) / 60_000).toFixed(1)} minutes\n`);
    const measured = await benchCase(one, signal);
    await done(measured);
    rows.push(...measured);
  }
  return rows;
}

/** One table: on Open vSwitch and Ryu, by frames, where that is to be had; and on the soft switch, by the ledger. */
export async function benchHandover(signal: AbortSignal, words: readonly string[], kept: Kept): Promise<BenchRow[]> {
  const missing = labMissing();
  if (missing !== undefined) process.stderr.write(`handover: without Open vSwitch: ${missing}\n`);
  const network = missing === undefined ? await benchNetwork(signal, words, kept) : [];
  return [...network, ...(await benchSoftSwitch(signal, networkOptions(words), kept))];
}

async function benchCase(one: Case, signal: AbortSignal): Promise<BenchRow[]> {
  const meter = cpuMeter();
  const { records: all, stored } = await measure(one, signal);
  const records = all.filter(({ way, kind, result }) => way === one.way && kind === 'move' && result === 'completed');
  const cpuIdle = meter.idle();
  const name = caseOf(one);
  const rowOf = (metric: string, values: readonly number[]): BenchRow[] =>
    values.length === 0 ? [] : [{ case: name, metric, unit: 'ms', ...quantilesOf(values), cpuIdle }];
  const legs = records.flatMap(record => legsOf(record) ?? []);
  return [
    ...PHASES.slice(1).flatMap(phase =>
      rowOf(
        phase,
        records.flatMap(record => spanMs(record, phase) ?? []),
      ),
    ),
    ...rowOf(
      'leg: re-route',
      legs.map(({ reroute }) => reroute),
    ),
    ...rowOf(
      'leg: redirect',
      legs.map(({ redirect }) => redirect),
    ),
    ...rowOf(
      'control sum',
      legs.map(({ reroute, redirect }) => reroute + redirect),
    ),
    ...rowOf(
      'longest interval of reports',
      records.flatMap(record => intervalAround(record, stored.get(record.vehicle) ?? []) ?? []),
    ),
  ];
}

function caseOf({ way, cars }: Case): string {
  const many = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;
  const name = `soft switch, ${way}, ${many(cars, 'car')}`;
  return way === 'cold' ? `${name}, ${many(Math.ceil(cars / COLD_SLOTS), 'host')}` : name;
}

function legsOf({ phases }: HandoverRecord): { reroute: number; redirect: number } | undefined {
  const { detected, rerouted, prepared, redirected } = phases;
  if (detected === undefined || rerouted === undefined || prepared === undefined || redirected === undefined)
    return undefined;
  return { reroute: rerouted - detected, redirect: redirected - prepared };
}

function intervalAround({ phases: { detected } }: HandoverRecord, storedAtMs: readonly number[]): number | undefined {
  if (detected === undefined) return undefined;
  const near = storedAtMs.filter(at => Math.abs(at - detected) < AROUND_MS);
  const intervals = near.slice(1).map((at, index) => at - (near[index] ?? at));
  return intervals.length === 0 ? undefined : Math.max(...intervals);
}

/** Settings of md-manager that make one way the only one. */
const FLAGS: Readonly<Record<Way, (cars: number) => readonly string[]>> = {
  armed: cars => ['--tickets-per-domain', '0', '--pool-twins-per-host', String(4 * Math.max(4, cars))],
  ticket: cars => ['--tickets-per-domain', String(cars), '--pool-twins-per-host', String(4 * Math.max(4, cars))],
  manager: () => ['--arming-enabled', 'false'],
  cold: cars => [
    ...[
      '--arming-enabled',
      'false',
      '--pool-twins-per-host',
      String(COLD_SLOTS),
      '--pool-surplus-ms',
      String(SURPLUS_MS),
    ],
    ...['--pool-size', `core=${Math.ceil(cars / COLD_SLOTS)},edge-1=0,edge-2=0`],
  ],
};

/** Tickets alone: of access points without neighbours nobody knows where a car goes next, so no slot is kept for one vehicle. */
async function topologyFor(way: Way, folder: string): Promise<{ readonly topology?: string }> {
  if (way !== 'ticket') return {};
  const topology = join(folder, 'topology.yaml');
  const drive = await openDrive(DRIVE);
  await writeFile(topology, stringifyYaml(withoutNeighbours(layOutTopology(drive.track))));
  return { topology };
}

async function measure(one: Case, signal: AbortSignal): Promise<Measured> {
  const { cars, rounds, way } = one;
  await using stack = new Resources();
  const folder = await mkdtemp(join(tmpdir(), 'edgetwin-bench-'));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await using system = await System.open({
    ...(await topologyFor(way, folder)),
    drive: DRIVE,
    cars,
    speed: 1,
    httpPort: await freePort(),
    turnAroundMs: 20,
    extra: { 'md-manager': FLAGS[way](cars) },
  });
  await using manager = new HttpClient(system.urls.manager);
  await using radio = new HttpClient(system.urls.radio);
  const { accessPoints } = readTopology(system.plan.topology);
  const pointOf = (domain: string): string | undefined => accessPoints.find(point => point.domain === domain)?.id;
  const hostsIn = async (domain: string): Promise<number> => {
    const { pools } = await manager.call('GET', '/v1/pools', { answer: poolList });
    const found = pools.find(pool => pool.domain === domain);
    return (found?.hosts.length ?? 0) + (found?.starting ?? 0);
  };
  // The first move is that from core, and counted apart.
  for (let round = 0; round < rounds + 1; round++) {
    const domain = round % 2 === 0 ? 'edge-1' : 'edge-2';
    const accessPoint = pointOf(domain) ?? null;
    if (way === 'cold') while ((await hostsIn(domain)) > 0) await delay(ASK_EVERY_MS, signal);
    await Promise.all(
      system.vehicles.map(({ index }) => radio.call('PUT', `/v1/cars/${index}/attachment`, { body: { accessPoint } })),
    );
    await delay(BETWEEN_MS, signal);
    while ((await manager.call('GET', '/v1/handovers/counts', { answer: handoverCounts })).running > 0)
      await delay(ASK_EVERY_MS, signal);
  }
  const { handovers: records } = await manager.call('GET', '/v1/handovers?limit=10000', { answer: handoverList });
  return { records, stored: await storedTimes(system) };
}

async function storedTimes(system: System): Promise<Map<string, number[]>> {
  await using store = await openLmdbTwinStore({ path: system.store('core'), domain: 'core' });
  const found = new Map<string, number[]>();
  for await (const { vehicle, receivedAtMs } of store.scan())
    found.set(vehicle, [...(found.get(vehicle) ?? []), receivedAtMs]);
  for (const times of found.values()) times.sort((a, b) => a - b);
  return found;
}
