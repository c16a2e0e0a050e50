import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify as stringifyYaml } from 'yaml';
import { delay } from '../common/clock.js';
import { Resources } from '../common/lifecycle.js';
import { packageRoot } from '../common/package-root.js';
import { quantilesOf } from '../common/quantiles.js';
import { NETWORK_PLAN, aliasAddress, twinAddress } from '../protocol/addresses.js';
import { HttpClient } from '../protocol/api/http-client.js';
import { moveList, standingAnswer, vehicleFlows } from '../protocol/api/sdn-app.js';
import { Supervisor, type Launch, type Part } from '../lab/demo/supervisor.js';
import { openForwardTo } from '../lab/netns/forward.js';
import { labMissing } from '../lab/netns/namespaces.js';
import { openNetwork, type Network } from '../lab/netns/network.js';
import { openOpenVSwitch } from '../lab/open-vswitch/open-vswitch.js';
import { CORE, SITE_PORT, hostsPlace, layOutSite } from '../lab/site/layout.js';
import { controllerParts, controllerWords, type Controller } from '../lab/site/parts.js';
import { countRow, cpuMeter, residentBytesOfTree, type BenchRow, type Kept } from './harness.js';
import { openCaptures } from './network/captures.js';
import { linesOf, openCars } from './network/cars.js';
import { logOf, rowsOf } from './network/driven.js';
import { networkOptions } from './network/options.js';
import { openResponder } from './network/responder.js';
import { PING_HZ } from './network/row-case.js';
import { POINTS, layoutOf, otherEdge, until, type Edge } from './network/stage.js';

const PROBE = 'bench-1';
const SIZES = [1_000, 10_000, 100_000];
/** Moves of one car for each size: re-routes, because no manager is there to hand it over. */
const MOVES = 100;
/** Longer than two times `QUICK`'s dwell between two moves: a quicker car would be taken for dual-homed. */
const BETWEEN_MS = 300;
const DWELL_MS = 100;
const UP_MS = 600_000;

/** What the size of the table costs: one switch with so many vehicles, of which one moves. Each size is told of as it comes. */
export async function benchTableSize(
  signal: AbortSignal,
  words: readonly string[],
  { done }: Pick<Kept, 'done'>,
): Promise<BenchRow[]> {
  const missing = labMissing();
  if (missing !== undefined) throw new Error(`tables cannot be measured here: ${missing}`);
  const { cars = SIZES, controllers = ['ryu'], handovers } = networkOptions(words, { handovers: MOVES });
  const rows: BenchRow[] = [];
  for (const vehicles of cars)
    for (const controller of controllers) {
      const one = { vehicles, controller, name: tableName(vehicles, controller) };
      process.stderr.write(`table-size: ${one.name}\n`);
      const measured = await tableOf(one, handovers, signal);
      await done(measured);
      rows.push(...measured);
    }
  return rows;
}

interface Table {
  /** Of its rows. */
  readonly name: string;
  readonly vehicles: number;
  readonly controller: Controller;
}

const tableName = (vehicles: number, controller: Controller): string =>
  `${vehicles} vehicles${controller === 'ryu' ? '' : ', own OpenFlow controller'}`;

async function tableOf(table: Table, moves: number, signal: AbortSignal): Promise<BenchRow[]> {
  const { name, vehicles, controller } = table;
  await using stack = new Resources();
  const network = stack.use(
    await openNetwork(layOutSite(layoutOf({ fleets: [{ name: PROBE, count: 1 }], controllerMs: 0 }))),
  );
  const openVSwitch = stack.use(await openOpenVSwitch(network, 1));
  stack.use(await openResponder(network, hostsPlace('edge-1')));
  const manager = stack.use(await openManager(network, vehicles));
  const supervisor = stack.use(await openParts(network, controller));
  const forward = stack.use(await openForwardTo(network, CORE, { address: '127.0.0.1', port: SITE_PORT.sdn }));
  const sdn = stack.use(new HttpClient(`http://127.0.0.1:${forward.port}`));
  await reconciled(sdn, signal);
  const meter = cpuMeter();
  const installMs = await manager.install();
  const cpuIdle = meter.idle();
  const value = (metric: string, unit: string, one: number): BenchRow => ({
    case: name,
    metric,
    unit,
    ...quantilesOf([one]),
    cpuIdle,
  });
  const processes = [
    ...supervisor.states().map(({ part, pid = 0 }) => ({ part: part.name, pid })),
    { part: 'ovs-vswitchd', pid: openVSwitch.pid ?? 0 },
  ];
  const memory = processes.map(({ part, pid }) => value(`memory: ${part}`, 'MiB', residentBytesOfTree(pid) / 2 ** 20));
  const flows = Number(/flow_count=(\d+)/.exec(await openVSwitch.ofctl('dump-aggregate'))?.[1] ?? NaN);
  const moved = await movesAmong(name, moves, { network, sdn }, signal);
  const restarted = supervisor.restarted('sdn-app');
  supervisor.kill('sdn-app', 'SIGKILL');
  await restarted;
  const begunMs = performance.now();
  await reconciled(sdn, signal);
  const reconcileMs = performance.now() - begunMs;
  // Its manager has told it of every vehicle, the last one included.
  await until('the last vehicle is known by its name', () => nameKnown(sdn, vehicles), {
    withinMs: UP_MS,
    everyMs: 100,
    signal,
  });
  const recallMs = performance.now() - begunMs;
  return [
    countRow(name, 'flows', flows, cpuIdle),
    value('install', 'ms', installMs),
    value('install, a vehicle', 'ms', installMs / vehicles),
    ...memory,
    value('restart of sdn-app: reconciled', 'ms', reconcileMs),
    value('restart of sdn-app: all known by name', 'ms', recallMs),
    ...moved,
  ];
}

/** A car that changes its port again and again: its frames take the back-up route, then its flow is set anew. */
async function movesAmong(
  name: string,
  count: number,
  { network, sdn }: { readonly network: Network; readonly sdn: HttpClient },
  signal: AbortSignal,
): Promise<BenchRow[]> {
  const twin = twinAddress(NETWORK_PLAN, 1);
  const car = { bind: network.addressOf(PROBE), twin };
  await using stack = new Resources();
  const sender = stack.use(await openCars(network, PROBE, { cars: [car], pingHz: PING_HZ, reportMs: 0 }));
  await until(
    'the car is attached',
    async () => {
      sender.hello();
      const found = await sdn.call('GET', `/v1/vehicles/${PROBE}`, { answer: vehicleFlows });
      return found.state === 'attached';
    },
    { withinMs: UP_MS, everyMs: 200, signal },
  );
  const hosts = hostsPlace('edge-1');
  const captures = stack.use(
    await openCaptures(network, [
      { place: PROBE, kind: 'car' },
      { place: hosts, kind: 'hosts' },
    ]),
  );
  sender.ping();
  const meter = cpuMeter();
  let at: Edge = 'edge-1';
  for (let move = 0; move < count; move++) {
    await delay(BETWEEN_MS, signal);
    at = otherEdge(at);
    await network.moveTo(PROBE, POINTS[at]);
  }
  await delay(BETWEEN_MS, signal);
  const cpuIdle = meter.idle();
  await sender.end();
  const captured = await captures.end();
  const [own, atHosts] = [captured.get(PROBE), captured.get(hosts)];
  if (own === undefined || atHosts === undefined) return [];
  const addresses = { place: PROBE, twin, seenAs: aliasAddress(NETWORK_PLAN, 1) };
  const { moves } = await sdn.call('GET', '/v1/moves?limit=1000', { answer: moveList });
  return rowsOf({
    case: name,
    way: 're-route',
    logs: new Map([[PROBE, logOf(addresses, own, new Map([[hosts, atHosts]]))]]),
    known: moves.flatMap(({ vehicle, way, detectedAtMs, reroutedAtMs, from }) =>
      from === undefined || reroutedAtMs === undefined
        ? []
        : [{ car: vehicle, way, detectedAtMs, legsMs: { reroute: reroutedAtMs - detectedAtMs } }],
    ),
    cpuIdle,
    faults: { 'frames that captures missed': own.dropped + atHosts.dropped },
  });
}

const reconciled = (sdn: HttpClient, signal: AbortSignal): Promise<unknown> =>
  until(
    'sdn-app is active and its switch reconciled',
    async () => {
      const { at, switches } = await sdn.call('GET', '/v1/standing', { answer: standingAnswer }).catch(() => NOT_YET);
      return at === 'active' && switches.length > 0 && switches.every(one => one.reconciled);
    },
    { withinMs: UP_MS, everyMs: 50, signal },
  );

/** It does not serve yet. */
const NOT_YET = { at: 'standby', switches: [] } as const;

async function nameKnown(sdn: HttpClient, number: number): Promise<boolean> {
  try {
    await sdn.call('GET', `/v1/vehicles/bench-${number}`, { answer: vehicleFlows });
    return true;
  } catch {
    return false; // VEHICLE_UNKNOWN, or it has no time to answer
  }
}

interface TableManager extends AsyncDisposable {
  /** Resolves with the milliseconds that it took. */
  install(): Promise<number>;
}

async function openManager(network: Network, vehicles: number): Promise<TableManager> {
  const built = import.meta.url.endsWith('.js');
  const module = 'bench/network/table-manager';
  const program = built
    ? [join(packageRoot(), `dist/${module}.js`)]
    : ['--import', 'tsx', join(packageRoot(), `${module}.ts`)];
  const words = [SITE_PORT.manager, `http://127.0.0.1:${SITE_PORT.sdn}`, vehicles].map(String);
  const argv = [process.execPath, ...program, ...words, network.addressOf(hostsPlace('edge-1'))];
  const child = network.exec(CORE, argv, { stdio: ['pipe', 'pipe', 'inherit'], cwd: packageRoot() });
  const ended = once(child, 'close');
  const lines = linesOf(child);
  if ((await lines()) !== 'ready') throw new Error('the manager of the table did not start');
  return {
    async install() {
      child.stdin?.write('install\n');
      const line = await lines();
      if (line === undefined) throw new Error('the manager of the table ended');
      return Number(line);
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** sdn-app of a site and its controller, without the rest of it. */
async function openParts(network: Network, controller: Controller): Promise<Supervisor> {
  const data = join(network.folder, 'data');
  await mkdir(join(data, 'log'), { recursive: true });
  const topology = join(data, 'topology.yaml');
  await writeFile(topology, stringifyYaml(network.topology));
  const plan = { controller, switches: network.plan.switches };
  const listen = (port: number): string => `127.0.0.1:${port}`;
  const parts: Part[] = [
    ...controllerParts(plan),
    {
      name: 'sdn-app',
      title: 'edgetwin-sdn-app',
      argv: [
        ...['sdn-app', '--listen', listen(SITE_PORT.sdn), '--manager-url', `http://${listen(SITE_PORT.manager)}`],
        ...['--topology', topology, ...controllerWords(plan)],
        ...['--network-twin-prefix', NETWORK_PLAN.twinPrefix, '--network-alias-prefix', NETWORK_PLAN.aliasPrefix],
        ...['--dwell-ms', String(DWELL_MS)],
      ],
    },
  ];
  const launch: Launch = (part, argv, options) =>
    network.exec(CORE, ['bash', '-c', 'exec -a "$0" "$@"', part.title, ...argv], options);
  const supervisor = new Supervisor(join(data, 'log'), launch);
  try {
    for (const part of parts) await supervisor.start(part);
    return supervisor;
  } catch (error) {
    await supervisor[Symbol.asyncDispose]();
    throw error;
  }
}
