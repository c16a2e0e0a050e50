import { delay } from '../common/clock.js';
import { Resources } from '../common/lifecycle.js';
import { quantilesOf } from '../common/quantiles.js';
import { NETWORK_PLAN, aliasAddress } from '../protocol/addresses.js';
import { WAYS } from '../protocol/api/common.js';
import { handoverCounts, handoverList, vehicleList } from '../protocol/api/md-manager.js';
import { vehicleFlowsList } from '../protocol/api/sdn-app.js';
import { labMissing } from '../lab/netns/namespaces.js';
import { hostsPlace } from '../lab/site/layout.js';
import { openLmdbTwinStore } from '../store/lmdb/twin-store.js';
import { countRow, cpuMeter, cpuSecondsOfTree, type BenchRow } from './harness.js';
import { openCaptures, type Captured } from './network/captures.js';
import { openCars } from './network/cars.js';
import { networkOptions } from './network/options.js';
import { POINTS, openStage, processesOf, until, type Edge, type Stage } from './network/stage.js';

const FLEET = 'fleet';
const SIZES = [10, 100, 1_000];
const STORM_MS = 1_000;
const REPORT_MS = 500;
const SETTLE_MS = 120_000;
/** How long it may take until every car that there is room for has its standby slot. */
const ARMED_MS = 30_000;

/** Cars at two reports a second change to an access point of the other domain, all within one second. */
export async function benchStorm(signal: AbortSignal, words: readonly string[] = []): Promise<BenchRow[]> {
  const missing = labMissing();
  if (missing !== undefined) throw new Error(`a storm cannot be measured here: ${missing}`);
  const rows: BenchRow[] = [];
  for (const cars of networkOptions(words).cars ?? SIZES) {
    process.stderr.write(`storm: ${cars} cars\n`);
    rows.push(...(await stormOf(cars, signal)));
  }
  return rows;
}

async function stormOf(count: number, signal: AbortSignal): Promise<BenchRow[]> {
  await using stage = await openStage(
    {
      fleets: [{ name: FLEET, count }],
      controllerMs: 0,
      manager: ['--pool-size', 'core=1,edge-1=1,edge-2=1', '--pool-slots', String(count * 2 + 8)],
      sdn: [],
      neighbours: true,
    },
    signal,
  );
  const { network } = stage.site;
  await using stack = new Resources();
  const cars = stack.use(await openCars(network, FLEET, { cars: stage.cars, pingHz: 0, reportMs: REPORT_MS }));
  await allIn(stage, 'edge-1', signal);
  const armed = await mostArmed(stage, count, signal);
  const captures = stack.use(
    await openCaptures(
      network,
      [
        { place: FLEET, kind: 'car' },
        { place: hostsPlace('edge-2'), kind: 'hosts' },
      ],
      'requests',
    ),
  );
  const processes = processesOf(stage);
  const before = processes.map(({ pid }) => cpuSecondsOfTree(pid));
  const meter = cpuMeter();
  const begunMs = performance.timeOrigin + performance.now();
  for (const [index, { bind }] of stage.cars.entries()) {
    const dueMs = begunMs + (index * STORM_MS) / count - (performance.timeOrigin + performance.now());
    if (dueMs > 1) await delay(dueMs, signal);
    await network.moveAddress(FLEET, bind, POINTS['edge-2']);
  }
  const movedMs = performance.timeOrigin + performance.now() - begunMs;
  await allIn(stage, 'edge-2', signal);
  const cpuIdle = meter.idle();
  const spent = processes.map(({ pid, name }, at) => ({ name, seconds: cpuSecondsOfTree(pid) - (before[at] ?? 0) }));
  const outcomes = await cars.end();
  const captured = await captures.end();
  const reports = outcomes.reduce((sum, row) => sum + row.reports, 0);
  const stored = await storedReports(stage, reports, signal);
  const { handovers } = await stage.manager.call('GET', '/v1/handovers?limit=10000', { answer: handoverList });
  const moves = handovers.filter(({ startedAtMs, kind }) => kind === 'move' && startedAtMs >= begunMs);
  const name = `${count} cars`;
  const ms = (metric: string, values: readonly number[]): BenchRow => ({
    case: name,
    metric,
    unit: 'ms',
    ...quantilesOf(values),
    cpuIdle,
  });
  const number = (metric: string, value: number): BenchRow => countRow(name, metric, value, cpuIdle);
  const arrivals = arrivalsOf(stage, captured);
  const ways = WAYS.map(way => ({ way, hits: moves.filter(move => move.way === way).length }));
  return [
    ms(
      'new port → new twin',
      arrivals.map(({ sentMs, arrivedMs }) => arrivedMs - sentMs),
    ),
    ms('all moved', [movedMs]),
    ms('the last at its new twin', [Math.max(...arrivals.map(({ arrivedMs }) => arrivedMs)) - begunMs]),
    ms('the last twin acts', [Math.max(...moves.map(({ phases }) => phases.activated ?? Infinity)) - begunMs]),
    number('cars that came to their new twin', arrivals.length),
    number('cars with a slot before', armed),
    ...ways.map(({ way, hits }) => number(`hand-overs: ${way}`, hits)),
    number('reports', reports),
    number('reports lost', reports - stored.distinct),
    number('reports stored twice', stored.rows - stored.distinct),
    number(
      'reports resent',
      outcomes.reduce((sum, row) => sum + row.resent, 0),
    ),
    ...spent.map(({ name: process, seconds }) => ms(`processor time: ${process}`, [seconds * 1_000])),
    number(
      'UDP checksum errors',
      Object.values(await network.checksumErrors()).reduce((sum, errors) => sum + errors, 0),
    ),
  ];
}

/** Every vehicle has its acting twin in the domain, and no hand-over is under way. */
const allIn = (stage: Stage, domain: Edge, signal: AbortSignal): Promise<unknown> =>
  until(
    `all twins in ${domain}`,
    async () => {
      const { running } = await stage.manager.call('GET', '/v1/handovers/counts', { answer: handoverCounts });
      if (running > 0) return false;
      const { vehicles } = await stage.manager.call('GET', '/v1/vehicles', { answer: vehicleList, timeoutMs: 20_000 });
      return vehicles.every(({ acting }) => acting?.domain === domain);
    },
    { withinMs: SETTLE_MS, everyMs: 200, signal },
  );

/** Waits until all vehicles hold a standby slot, or no more of them do for a while; says how many. */
async function mostArmed(stage: Stage, count: number, signal: AbortSignal): Promise<number> {
  let armed = 0;
  for (const endMs = performance.now() + ARMED_MS; armed < count && performance.now() < endMs;) {
    await delay(250, signal);
    const { vehicles } = await stage.sdn.call('GET', '/v1/vehicles', { answer: vehicleFlowsList, timeoutMs: 20_000 });
    armed = vehicles.filter(vehicle => vehicle.armed.includes('edge-2')).length;
  }
  return armed;
}

/** Of each car, its first frame out of the new device, and its first one at the new host. */
function arrivalsOf(
  { site, cars }: Stage,
  captured: ReadonlyMap<string, Captured>,
): { readonly sentMs: number; readonly arrivedMs: number }[] {
  const fleet = captured.get(FLEET);
  const device = site.network.plan.mobiles[0]?.attachments.find(({ name }) => name === POINTS['edge-2'])?.device;
  const sent = new Map<string, number>();
  for (const { src, atMs, device: by } of fleet?.datagrams ?? [])
    if (by?.outgoing === true && fleet?.devices.get(by.index) === device && !sent.has(src)) sent.set(src, atMs);
  const arrived = new Map<string, number>();
  for (const { src, atMs } of captured.get(hostsPlace('edge-2'))?.datagrams ?? [])
    if (!arrived.has(src)) arrived.set(src, atMs);
  return cars.flatMap(({ bind, number }) => {
    const sentMs = sent.get(bind);
    const arrivedMs = arrived.get(aliasAddress(NETWORK_PLAN, number));
    return sentMs === undefined || arrivedMs === undefined ? [] : [{ sentMs, arrivedMs }];
  });
}

const REPLICATED_MS = 15_000;

/** What the core's store holds, once it has `wanted` reports or has been waited for long enough. */
async function storedReports(
  stage: Stage,
  wanted: number,
  signal: AbortSignal,
): Promise<{ readonly distinct: number; readonly rows: number }> {
  await using store = await openLmdbTwinStore({ path: stage.site.store('core'), domain: 'core' });
  for (const endMs = performance.now() + REPLICATED_MS; ;) {
    const seen = new Set<string>();
    let rows = 0;
    for await (const { vehicle, boot, seq } of store.scan()) {
      rows++;
      seen.add(`${vehicle} ${boot} ${seq}`);
    }
    if (seen.size >= wanted || performance.now() > endMs) return { distinct: seen.size, rows };
    await delay(500, signal);
  }
}
