import { delay } from '../../common/clock.js';
import { quantilesOf } from '../../common/quantiles.js';
import { Resources } from '../../common/lifecycle.js';
import { aliasAddress, NETWORK_PLAN } from '../../protocol/addresses.js';
import { PHASES, type Way } from '../../protocol/api/common.js';
import { handoverList, vehicleRecord, type HandoverRecord } from '../../protocol/api/md-manager.js';
import { poolList } from '../../protocol/api/pools.js';
import { standingAnswer, vehicleFlows } from '../../protocol/api/sdn-app.js';
import { DOMAINS } from '../../lab/demo/plan.js';
import { hostsPlace } from '../../lab/site/layout.js';
import { cpuMeter, type BenchRow } from '../harness.js';
import { openCaptures } from './captures.js';
import { openCars } from './cars.js';
import { dropMeter } from './drops.js';
import { logOf, rowsOf, type Known } from './driven.js';
import { CARS, JITTER_MS, PING_HZ, REST_MS, caseName, type RowCase } from './row-case.js';
import { POINTS, openStage, otherEdge, processorMeter, until, type BenchCar, type Edge, type Stage } from './stage.js';
import { QUICK, WAYS } from './ways.js';

/** Often enough that a hand-over completes soon after its swap: it waits for a report at the new twin. */
const REPORT_MS = 200;
const SETTLE_MS = 20_000;
/** Seldom: questions every few milliseconds would be most of what the manager does. */
const ASK_EVERY_MS = 100;

/** Our hand-over by one way: cars change between the access points of two domains, each once its last move has ended. */
export async function measureWay(way: Way, one: RowCase, signal: AbortSignal): Promise<BenchRow[]> {
  const settings = WAYS[way];
  const names = Array.from({ length: CARS }, (_, index) => `bench-${index + 1}`);
  await using stage = await openStage(
    {
      fleets: names.map(name => ({ name, count: 1 })),
      controllerMs: one.controllerMs,
      ...(one.controller === undefined ? {} : { controller: one.controller }),
      manager: [...QUICK.manager, ...settings.manager],
      sdn: QUICK.sdn,
      neighbours: settings.neighbours,
    },
    signal,
  );
  const { network } = stage.site;
  const hosts = DOMAINS.map(hostsPlace);
  await using stack = new Resources();
  const senders = await Promise.all(
    stage.cars.map(async car =>
      stack.use(await openCars(network, car.place, { cars: [car], pingHz: PING_HZ, reportMs: REPORT_MS })),
    ),
  );
  await Promise.all(stage.cars.map(car => settled(stage, car, 'edge-1', signal)));
  const captures = stack.use(
    await openCaptures(network, [
      ...names.map(place => ({ place, kind: 'car' as const })),
      ...hosts.map(place => ({ place, kind: 'hosts' as const })),
    ]),
  );
  const [openVSwitch] = stage.site.switches;
  const drops = openVSwitch && (await dropMeter(network, openVSwitch, names));
  for (const sender of senders) sender.ping();
  const processors = processorMeter(stage);
  const meter = cpuMeter();
  const rounds = Math.ceil(one.handovers / CARS);
  await Promise.all(stage.cars.map(car => drive(stage, car, { way, rounds }, signal)));
  const cpuIdle = meter.idle();
  const spent = processors();
  const outcomes = (await Promise.all(senders.map(sender => sender.end()))).flat();
  const captured = await captures.end();
  const dropped = drops === undefined ? {} : await drops();
  const atHosts = new Map(hosts.flatMap(place => [[place, captured.get(place)] as const]).filter(isThere));
  const logs = new Map(
    stage.cars.flatMap(({ vehicle, place, twin, number }) => {
      const own = captured.get(place);
      const seenAs = aliasAddress(NETWORK_PLAN, number);
      return own === undefined ? [] : [[vehicle, logOf({ place, twin, seenAs }, own, atHosts)] as const];
    }),
  );
  const { handovers: records } = await stage.manager.call('GET', '/v1/handovers?limit=10000', { answer: handoverList });
  const name = caseName(way, one);
  const rows = rowsOf({
    case: name,
    way,
    logs,
    known: records.flatMap(knownOf),
    cpuIdle,
    drops: dropped,
    faults: {
      'frames that captures missed': [...captured.values()].reduce((sum, { dropped }) => sum + dropped, 0),
      'reports not acknowledged': outcomes.reduce((sum, row) => sum + row.reports - row.acknowledged, 0),
      'UDP checksum errors': Object.values(await network.checksumErrors()).reduce((sum, count) => sum + count, 0),
    },
  });
  const perMove = spent.map(({ name: process, ms }) => ({
    ...{ case: name, metric: `processor time a move: ${process}`, unit: 'ms', cpuIdle },
    ...quantilesOf([ms / (rounds * CARS)]),
  }));
  return [...rows, ...perMove];
}

const isThere = <K, V>(entry: readonly [K, V | undefined]): entry is readonly [K, V] => entry[1] !== undefined;

/** Moves of one car, each when the last has ended and its way is open. */
async function drive(
  stage: Stage,
  car: BenchCar,
  { way, rounds }: { readonly way: Way; readonly rounds: number },
  signal: AbortSignal,
): Promise<void> {
  let at: Edge = 'edge-1';
  for (let round = 0; round < rounds; round++) {
    at = otherEdge(at);
    const to = at;
    await until(`${car.vehicle} may go to ${to} by ${way}`, () => isOpen(stage, car, to, way), {
      withinMs: SETTLE_MS,
      everyMs: ASK_EVERY_MS,
      signal,
    });
    await delay(REST_MS + Math.random() * JITTER_MS, signal);
    await stage.site.network.moveTo(car.place, POINTS[to]);
    await settled(stage, car, to, signal);
  }
}

/** The car's twin acts in a domain, and no hand-over of it is under way. */
const settled = (stage: Stage, { vehicle }: BenchCar, domain: Edge, signal: AbortSignal): Promise<unknown> =>
  until(
    `${vehicle} has its twin in ${domain}`,
    async () => {
      const found = await stage.manager.call('GET', `/v1/vehicles/${vehicle}`, { answer: vehicleRecord });
      return found.acting?.domain === domain && found.handover === undefined;
    },
    { withinMs: SETTLE_MS, everyMs: ASK_EVERY_MS, signal },
  );

async function isOpen(stage: Stage, { vehicle }: BenchCar, to: Edge, way: Way): Promise<boolean> {
  const { ready } = WAYS[way];
  if (ready === 'armed') {
    const { armed } = await stage.sdn.call('GET', `/v1/vehicles/${vehicle}`, { answer: vehicleFlows });
    return armed.includes(to);
  }
  if (ready === 'ticket') {
    const { tickets } = await stage.sdn.call('GET', '/v1/standing', { answer: standingAnswer });
    return (tickets[to] ?? 0) > 0;
  }
  const { pools } = await stage.manager.call('GET', '/v1/pools', { answer: poolList });
  const pool = pools.find(({ domain }) => domain === to);
  const slots = pool?.hosts.flatMap(host => host.slots.map(({ state }) => state)) ?? [];
  return ready === 'slot' ? slots.includes('ready') : !slots.includes('ready') && pool?.starting === 0;
}

/** The legs as the paper counts them, from the ledger's stamps; the redirect's from `prepared`, so its record is in it. */
function knownOf({ vehicle, way, kind, phases }: HandoverRecord): Known[] {
  const [detected, , rerouted, , prepared, redirected] = PHASES.map(phase => phases[phase]);
  if (way === undefined || kind !== 'move' || detected === undefined) return [];
  const fast = way === 'armed' || way === 'ticket';
  const reroute = rerouted === undefined ? {} : { reroute: rerouted - detected };
  const redirect =
    fast || prepared === undefined || redirected === undefined ? {} : { redirect: redirected - prepared };
  return [{ car: vehicle, detectedAtMs: detected, way, legsMs: { ...reroute, ...redirect } }];
}
