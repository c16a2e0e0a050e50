import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { delay } from '../../common/clock.js';
import { Resources } from '../../common/lifecycle.js';
import { packageRoot } from '../../common/package-root.js';
import { GATEWAY_MAC, NETWORK_PLAN, macText, twinAddress } from '../../protocol/addresses.js';
import { hostPortOf } from '../../protocol/topology.js';
import { OPENFLOW_PORT } from '../../lab/netns/address-plan.js';
import { openNetwork, type Network } from '../../lab/netns/network.js';
import { CORE, hostsPlace, layOutSite } from '../../lab/site/layout.js';
import { openOpenVSwitch } from '../../lab/open-vswitch/open-vswitch.js';
import { ensureVenv } from '../../sdn-app/ryu/venv.js';
import { pythonArgv } from '../../sdn-app/ryu/launch.js';
import { cpuMeter, type BenchRow } from '../harness.js';
import { openCaptures } from './captures.js';
import { linesOf, openCars } from './cars.js';
import { dropMeter } from './drops.js';
import { logOf, rowsOf, type Known } from './driven.js';
import { openResponder } from './responder.js';
import { CARS, JITTER_MS, PING_HZ, REST_MS, caseName, type RowCase } from './row-case.js';
import { POINTS, layoutOf, otherEdge, type Edge } from './stage.js';

/** The paper's way: a reactive Ryu app of its own on the same network, and hosts that do nothing but answer. */

const moved = z.object({
  car: z.string(),
  detectedAtMs: z.number(),
  reroutedAtMs: z.number(),
  decidedAtMs: z.number(),
  redirectedAtMs: z.number(),
});
type Moved = z.infer<typeof moved>;

const MOVE_MS = 10_000;
const EDGES = Object.keys(POINTS) as Edge[];

export async function measurePaper({ handovers, controllerMs }: RowCase, signal: AbortSignal): Promise<BenchRow[]> {
  const places = Array.from({ length: CARS }, (_, index) => `bench-${index + 1}`);
  await using stack = new Resources();
  const fleets = places.map(name => ({ name, count: 1 }));
  const network = stack.use(await openNetwork(layOutSite(layoutOf({ fleets, controllerMs }))));
  const openVSwitch = stack.use(await openOpenVSwitch(network, 1));
  const cars = places.map((place, index) => ({
    place,
    bind: network.addressOf(place),
    twin: twinAddress(NETWORK_PLAN, index + 1),
  }));
  for (const edge of EDGES) stack.use(await openResponder(network, hostsPlace(edge)));
  const app = stack.use(await openApp(network, openVSwitch.address, cars, signal));
  const senders = await Promise.all(
    cars.map(async car => stack.use(await openCars(network, car.place, { cars: [car], pingHz: PING_HZ, reportMs: 0 }))),
  );
  const captures = stack.use(
    await openCaptures(network, [
      ...places.map(place => ({ place, kind: 'car' as const })),
      ...EDGES.map(edge => ({ place: hostsPlace(edge), kind: 'hosts' as const })),
    ]),
  );
  const drops = await dropMeter(network, openVSwitch, places);
  for (const sender of senders) sender.ping();
  const meter = cpuMeter();
  const rounds = Math.ceil(handovers / CARS);
  await Promise.all(
    cars.map(async ({ place, bind }) => {
      let at: Edge = 'edge-1';
      for (let round = 0; round < rounds; round++) {
        await delay(REST_MS + Math.random() * JITTER_MS, signal);
        at = otherEdge(at);
        const done = app.moveOf(bind);
        await network.moveTo(place, POINTS[at]);
        await done;
      }
      await delay(REST_MS, signal);
    }),
  );
  const cpuIdle = meter.idle();
  await Promise.all(senders.map(sender => sender.end()));
  const captured = await captures.end();
  const dropped = await drops();
  const atHosts = new Map([...captured].filter(([place]) => !places.includes(place)));
  const logs = new Map(
    cars.flatMap(({ place, twin, bind }) => {
      const own = captured.get(place);
      return own === undefined ? [] : [[bind, logOf({ place, twin, seenAs: bind }, own, atHosts)] as const];
    }),
  );
  return rowsOf({
    case: caseName('paper', { controllerMs }),
    way: 'paper',
    logs,
    known: app.moves.map(knownOf),
    cpuIdle,
    drops: dropped,
    faults: {
      'frames that captures missed': [...captured.values()].reduce((sum, { dropped }) => sum + dropped, 0),
      'UDP checksum errors': Object.values(await network.checksumErrors()).reduce((sum, count) => sum + count, 0),
    },
  });
}

const knownOf = ({ car, detectedAtMs, reroutedAtMs, decidedAtMs, redirectedAtMs }: Moved): Known => ({
  car,
  detectedAtMs,
  way: 'paper',
  legsMs: { reroute: reroutedAtMs - detectedAtMs, redirect: redirectedAtMs - decidedAtMs },
});

interface PaperApp extends AsyncDisposable {
  readonly moves: readonly Moved[];
  /** The next move of a car that is confirmed. */
  moveOf(car: string): Promise<unknown>;
}

async function openApp(
  network: Network,
  switchAddress: string,
  cars: readonly { readonly place: string; readonly bind: string; readonly twin: string }[],
  signal: AbortSignal,
): Promise<PaperApp> {
  const file = join(network.folder, 'paper.json');
  await writeFile(file, JSON.stringify(configOf(network, cars)));
  const [python = '', ...words] = pythonArgv(
    await ensureVenv('ryu', { signal }),
    join(packageRoot(), 'bench/paper-ryu-app.py'),
  );
  const argv = [python, ...words, `${switchAddress}:${OPENFLOW_PORT}`, file];
  const child = network.exec(CORE, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(child, 'close');
  const lines = linesOf(child);
  if ((await lines()) !== 'ready') throw new Error("the paper's app did not start");
  const moves: Moved[] = [];
  const waiting = new Map<string, () => void>();
  const read = (async () => {
    for (let line = await lines(); line !== undefined; line = await lines()) {
      const move = moved.parse(JSON.parse(line));
      moves.push(move);
      waiting.get(move.car)?.();
    }
  })();
  return {
    moves,
    moveOf: car =>
      new Promise<void>((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`the move of ${car} was not confirmed`)), MOVE_MS);
        waiting.set(car, () => {
          clearTimeout(late);
          resolve();
        });
      }),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
      await read;
    },
  };
}

function configOf(
  network: Network,
  cars: readonly { readonly place: string; readonly bind: string; readonly twin: string }[],
) {
  const { topology, plan } = network;
  const ports = topology.switches.flatMap(one => one.ports);
  const hosts = EDGES.map(edge => {
    const station = plan.stations.find(({ name }) => name === hostsPlace(edge));
    return [edge, { address: station?.address, mac: station?.mac, port: hostPortOf(topology, 1, edge) }] as const;
  });
  const access = ports.flatMap(row => (row.role === 'access' ? [[row.port, row.domain] as const] : []));
  return {
    prefix: NETWORK_PLAN.twinPrefix,
    gatewayMac: macText(GATEWAY_MAC),
    hosts: Object.fromEntries(hosts),
    ports: Object.fromEntries(access),
    cars: cars.map(({ place, bind, twin }) => ({
      address: bind,
      mac: plan.mobiles.find(({ name }) => name === place)?.mac,
      twin,
      port: access.find(([, domain]) => domain === 'edge-1')?.[0],
      host: 'edge-1',
    })),
  };
}
