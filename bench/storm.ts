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
import { countRow, cpuMeter, type BenchRow, type Kept } from './harness.js';
import { openCaptures, type Captured } from './network/captures.js';
import { openCars } from './network/cars.js';
import { networkOptions } from './network/options.js';
import { POINTS, openStage, processorMeter, type Edge, type Stage } from './network/stage.js';

const FLEET = 'fleet';
const SIZES = [10, 100, 1_000];
const STORM_MS = 1_000;
const REPORT_MS = 500;
/** A storm in which nothing changes for so long has come to a stop. */
const STALLED_MS = 60_000;
/** How long it may take until every car that there is room for has its standby slot. */
const ARMED_MS = 60_000;
const PROGRESS_MS = 2_000;

/** Cars at two reports a second change to an access point of the other domain, all within one second. */
export async function benchStorm(signal: AbortSignal, words: readonly string[], { done }: Kept): Promise<BenchRow[]> {
  const missing = labMissing();
  if (missing !== undefined) throw new Error(`a storm cannot be measured here: ${missing}`);
  const rows: BenchRow[] = [];
  for (const cars of networkOptions(words).cars ?? SIZES) {
    const say = sayer(`storm of ${cars} cars`);
    say('the network and its processes start');
    const measured = await stormOf(cars, say, signal);
    await done(measured);
    rows.push(...measured);
  }
  return rows;
}

type Say = (what: string) => void;

/** Tells people how far it is, and how long that took. */
function sayer(name: string): Say {
  const begunMs = performance.now();
  return what => process.stderr.write(`${name}: ${((performance.now() - begunMs) / 1_000).toFixed(1)} s: ${what}\n`);
}

async function stormOf(count: number, say: Say, signal: AbortSignal): Promise<BenchRow[]> {
  await using stage = await openStage(
    {
      fleets: [{ name: FLEET, count }],
      controllerMs: 0,
      manager: ['--pool-size', 'core=1,edge-1=1,edge-2=1', '--pool-twins-per-host', String(count * 2 + 8)],
      sdn: [],
      neighbours: true,
    },
    signal,
  );
  const { network } = stage.site;
  await using stack = new Resources();
  say(`${stage.cars.length} vehicles are registered, and begin to report in edge-1`);
  const attaching = processorMeter(stage);
  const cars = stack.use(await openCars(network, FLEET, { cars: stage.cars, pingHz: 0, reportMs: REPORT_MS }));
  const firstMs = await allIn(stage, 'edge-1', say, signal);
  const firstSpent = attaching();
  const armed = await mostArmed(stage, count, say, signal);
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
  const moving = processorMeter(stage);
  const meter = cpuMeter();
  say('the storm begins');
  const begunMs = performance.timeOrigin + performance.now();
  for (const [index, { bind }] of stage.cars.entries()) {
    const dueMs = begunMs + (index * STORM_MS) / count - (performance.timeOrigin + performance.now());
    if (dueMs > 1) await delay(dueMs, signal);
    await network.moveAddress(FLEET, bind, POINTS['edge-2']);
  }
  const movedMs = performance.timeOrigin + performance.now() - begunMs;
  await allIn(stage, 'edge-2', say, signal);
  const cpuIdle = meter.idle();
  const spent = moving();
  say('all twins are in edge-2; the cars end');
  const outcomes = await cars.end();
  const captured = await captures.end();
  const reports = outcomes.reduce((sum, row) => sum + row.reports, 0);
  const stored = await storedReports(stage, reports, signal);
  const { handovers } = await stage.manager.call('GET', '/v1/handovers?limit=10000', {
    answer: handoverList,
    timeoutMs: 20_000,
  });
  const moves = handovers.filter(({ startedAtMs, kind }) => kind !== 'first' && startedAtMs >= begunMs);
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
  const completed = moves.filter(({ result }) => result === 'completed');
  const actedAtMs = completed.flatMap(({ phases }) => phases.activated ?? []);
  return [
    ms(
      'new port → new twin',
      arrivals.map(({ sentMs, arrivedMs }) => arrivedMs - sentMs),
    ),
    ms('all attached for the first time', [firstMs]),
    ms('all moved', [movedMs]),
    ms('the last at its new twin', [
      arrivals.reduce((last, { arrivedMs }) => Math.max(last, arrivedMs), begunMs) - begunMs,
    ]),
    ms('the last twin acts', [actedAtMs.reduce((last, atMs) => Math.max(last, atMs), begunMs) - begunMs]),
    number('cars that came to their new twin', arrivals.length),
    number('cars with a slot before', armed),
    ...WAYS.map(way => number(`hand-overs: ${way}`, completed.filter(move => move.way === way).length)),
    ...(['failed', 'cancelled'] as const).map(result =>
      number(`hand-overs ${result}`, moves.filter(move => move.result === result).length),
    ),
    number('hosts lost to vehicles', moves.filter(({ kind }) => kind === 'host-lost').length),
    number('reports', reports),
    number('reports lost', reports - stored.distinct),
    number(
      'reports not acknowledged',
      outcomes.reduce((sum, row) => sum + row.reports - row.acknowledged, 0),
    ),
    number(
      'reports refused for a while',
      outcomes.reduce((sum, row) => sum + row.refused, 0),
    ),
    number('reports stored twice', stored.rows - stored.distinct),
    number(
      'reports resent',
      outcomes.reduce((sum, row) => sum + row.resent, 0),
    ),
    ...firstSpent.map(({ name: process, ms: spentMs }) =>
      ms(`processor time, first attachments: ${process}`, [spentMs]),
    ),
    ...spent.map(({ name: process, ms: spentMs }) => ms(`processor time, storm: ${process}`, [spentMs])),
    ms('processor time a hand-over: md-manager', [
      (spent.find(({ name: process }) => process === 'md-manager')?.ms ?? 0) / Math.max(1, moves.length),
    ]),
    number(
      'UDP checksum errors',
      Object.values(await network.checksumErrors()).reduce((sum, errors) => sum + errors, 0),
    ),
  ];
}

/**
 * Milliseconds until every vehicle has its acting twin in the domain, and no hand-over is under way. The list of all vehicles
 * is asked for once the counts say that it may be so. An error, once nothing has changed for a while, says how far it came.
 */
async function allIn(stage: Stage, domain: Edge, say: Say, signal: AbortSignal): Promise<number> {
  const begunMs = performance.now();
  let toldMs = begunMs;
  let changedMs = begunMs;
  let last = '';
  for (;;) {
    const nowMs = performance.now();
    const counts = await stage.manager.call('GET', '/v1/handovers/counts', {
      answer: handoverCounts,
      timeoutMs: 20_000,
    });
    const { running, first, completed, failed, cancelled, hostLost } = counts;
    const text = `for ${domain}: ${running} hand-overs run; first ${first}, completed ${completed}, failed ${failed}, cancelled ${cancelled}, of lost hosts ${hostLost}`;
    if (text !== last) changedMs = nowMs;
    last = text;
    if (nowMs - toldMs > PROGRESS_MS) {
      toldMs = nowMs;
      say(text);
    }
    if (running === 0 && first + completed > 0) {
      const { vehicles } = await stage.manager.call('GET', '/v1/vehicles', { answer: vehicleList, timeoutMs: 20_000 });
      if (vehicles.every(({ acting }) => acting?.domain === domain)) return performance.now() - begunMs;
    }
    if (nowMs - changedMs > STALLED_MS) throw new Error(`nothing has changed for ${STALLED_MS / 1_000} s ${text}`);
    await delay(250, signal);
  }
}

/** Waits until all vehicles hold a standby slot, or no more of them do for a while; says how many. */
async function mostArmed(stage: Stage, count: number, say: Say, signal: AbortSignal): Promise<number> {
  let armed = 0;
  for (const endMs = performance.now() + ARMED_MS; armed < count && performance.now() < endMs;) {
    await delay(1_000, signal);
    const { vehicles } = await stage.sdn.call('GET', '/v1/vehicles', { answer: vehicleFlowsList, timeoutMs: 20_000 });
    armed = vehicles.filter(vehicle => vehicle.armed.includes('edge-2')).length;
    say(`${armed} vehicles have a slot in edge-2`);
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
