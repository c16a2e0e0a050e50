import { delay } from '../common/clock.js';
import { quantilesOf } from '../common/quantiles.js';
import { PHASES, type Way } from '../protocol/api/common.js';
import { HttpClient } from '../protocol/api/http-client.js';
import { handoverCounts, handoverList, type HandoverRecord } from '../protocol/api/md-manager.js';
import { readTopology } from '../protocol/topology-file.js';
import { spanMs } from '../lab/demo/outcome.js';
import { System } from '../lab/demo/system.js';
import { freePort } from '../lab/network/free-port.js';
import { openLmdbTwinStore } from '../store/lmdb/twin-store.js';
import { cpuMeter, type BenchRow } from './harness.js';

interface Case {
  readonly cars: number;
  readonly rounds: number;
  readonly way: Way;
}

const CASES: readonly Case[] = [
  { cars: 1, rounds: 40, way: 'manager' },
  { cars: 10, rounds: 6, way: 'manager' },
  { cars: 50, rounds: 3, way: 'manager' },
  { cars: 1, rounds: 10, way: 'cold' },
];
/** A vehicle hands over at most every two seconds (dwell). */
const BETWEEN_MS = 2_200;
/** A report that is later than this after the one before was not delayed by the hand-over alone. */
const AROUND_MS = 1_500;

interface Measured {
  readonly records: readonly HandoverRecord[];
  /** Vehicle → when its reports were stored, in order. */
  readonly stored: ReadonlyMap<string, readonly number[]>;
}

/**
 * Hand-over on the soft switch: cars change to an access point of the other domain all at once, again and again; phase
 * times are those of the ledger, from `detected`. `cold`: the target domain's pool is empty each time. Beside them what
 * the paper counts: packet-in → flow confirmed at the re-route, the same at the redirect (from `prepared`, so the wait for
 * the intent is in it), and their sum; and what the car sees: the longest time between two of its reports around a move.
 */
export async function benchHandover(signal: AbortSignal): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const one of CASES) rows.push(...(await benchCase(one, signal)));
  return rows;
}

async function benchCase(one: Case, signal: AbortSignal): Promise<BenchRow[]> {
  const meter = cpuMeter();
  const { records: all, stored } = await measure(one, signal);
  const records = all.filter(({ way, kind, result }) => way === one.way && kind === 'move' && result === 'completed');
  const cpuIdle = meter.idle();
  const rowOf = (metric: string, values: readonly number[]): BenchRow[] =>
    values.length === 0
      ? []
      : [{ case: `${one.way}, ${one.cars} cars`, metric, unit: 'ms', ...quantilesOf(values), cpuIdle }];
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

async function measure({ cars, rounds, way }: Case, signal: AbortSignal): Promise<Measured> {
  const pool = way === 'cold' ? ['--pool-size', 'core=1,edge-1=0,edge-2=0'] : [];
  await using system = await System.open({
    drive: 'drive-17',
    cars,
    speed: 1,
    httpPort: await freePort(),
    turnAroundMs: 20,
    extra: { 'md-manager': pool },
  });
  await using manager = new HttpClient(system.urls.manager);
  await using radio = new HttpClient(system.urls.radio);
  const { accessPoints } = readTopology(system.plan.topology);
  const pointOf = (domain: string): string | undefined => accessPoints.find(point => point.domain === domain)?.id;
  for (let round = 0; round < rounds + 1; round++) {
    const accessPoint = pointOf(round % 2 === 0 ? 'edge-1' : 'edge-2') ?? null;
    await Promise.all(
      system.vehicles.map(({ index }) => radio.call('PUT', `/v1/cars/${index}/attachment`, { body: { accessPoint } })),
    );
    await delay(BETWEEN_MS, signal);
    while ((await manager.call('GET', '/v1/handovers/counts', { answer: handoverCounts })).running > 0)
      await delay(50, signal);
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
