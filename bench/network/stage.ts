import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify as stringifyYaml } from 'yaml';
import { delay } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import { Resources } from '../../common/lifecycle.js';
import { HttpClient } from '../../protocol/api/http-client.js';
import { registration, type Registration } from '../../protocol/api/md-manager.js';
import { carAddress } from '../../lab/netns/address-plan.js';
import { layOutSite } from '../../lab/site/layout.js';
import type { Controller } from '../../lab/site/parts.js';
import { Site } from '../../lab/site/site.js';
import type { Topology } from '../../protocol/topology.js';
import { cpuSecondsOf, cpuSecondsOfTree } from '../harness.js';
import { reportDatagram } from '../report-datagram.js';
import type { CarRow } from './cars.js';

/** A vehicle of a benchmark: registered, and spoken for by the benchmark. */
export interface BenchCar extends CarRow {
  readonly vehicle: string;
  readonly number: number;
  /** Where it is in the network. */
  readonly place: string;
}

export interface StageOptions {
  readonly fleets: readonly { readonly name: string; readonly count: number }[];
  /** One way, from the switch to its controller. */
  readonly controllerMs: number;
  readonly controller?: Controller;
  readonly manager: readonly string[];
  readonly sdn: readonly string[];
  /** Without: the manager knows of no access point that a car may go to next. */
  readonly neighbours: boolean;
}

/** A site with registered vehicles and without agents. */
export interface Stage extends AsyncDisposable {
  readonly site: Site;
  readonly manager: HttpClient;
  readonly sdn: HttpClient;
  readonly cars: readonly BenchCar[];
}

/** The two access points between which cars move, by domain. */
export const POINTS = { 'edge-1': 'ap-1', 'edge-2': 'ap-2' } as const;
export type Edge = keyof typeof POINTS;
export const otherEdge = (edge: Edge): Edge => (edge === 'edge-1' ? 'edge-2' : 'edge-1');

const AT_ONCE = 32;

export const layoutOf = ({ fleets, controllerMs }: Pick<StageOptions, 'fleets' | 'controllerMs'>) => ({
  cars: 0,
  accessPoints: 2,
  switches: 1 as const,
  // A link that is named goes through a relay, which takes time of its own.
  links: controllerMs === 0 ? {} : { 'control:1': { delayMs: controllerMs } },
  ipv6: false,
  fleets,
});

export async function openStage(options: StageOptions, signal: AbortSignal): Promise<Stage> {
  const resources = new Resources();
  try {
    const folder = await mkdtemp(join(tmpdir(), 'edgetwin-bench-'));
    resources.defer(() => rm(folder, { recursive: true, force: true }));
    const layout = layoutOf(options);
    const alone = join(folder, 'topology.yaml');
    await writeFile(alone, stringifyYaml(withoutNeighbours(layOutSite(layout).topology as Topology)));
    const extra = {
      'md-manager': [...options.manager, ...(options.neighbours ? [] : ['--topology', alone])],
      'sdn-app': options.sdn,
    };
    const site = resources.use(await Site.open({ ...layout, extra, controller: options.controller ?? 'ryu' }));
    signal.throwIfAborted();
    const manager = resources.use(new HttpClient(site.urls.manager));
    const sdn = resources.use(new HttpClient(site.urls.sdn));
    const cars = await registered(manager, options.fleets, signal);
    return { site, manager, sdn, cars, [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose]() };
  } catch (error) {
    await resources[Symbol.asyncDispose]();
    throw error;
  }
}

/** Nobody knows where a car may go next. */
export const withoutNeighbours = (topology: Topology): Topology => ({
  ...topology,
  accessPoints: topology.accessPoints.map(point => ({ ...point, neighbours: [] })),
});

const REGISTER_TRIES = 60;
const REGISTER_AGAIN_MS = 250;

async function registered(
  manager: HttpClient,
  fleets: StageOptions['fleets'],
  signal: AbortSignal,
): Promise<BenchCar[]> {
  const places = fleets.flatMap(({ name, count }) => Array.from({ length: count }, () => name));
  const cars: BenchCar[] = [];
  for (let from = 0; from < places.length; from += AT_ONCE) {
    const group = places.slice(from, from + AT_ONCE).map(async (place, offset) => {
      const vehicle = `bench-${from + offset + 1}`;
      const { number, twin } = await register(manager, vehicle, signal);
      const { bytes, seqAt } = reportDatagram(vehicle);
      const bind = carAddress(from + offset);
      return { vehicle, number, place, bind, twin: twin.address, report: bytes.toString('hex'), seqAt };
    });
    cars.push(...(await Promise.all(group)));
  }
  return cars;
}

/** As a car does it: until the switch behind a far controller is reconciled, it is asked again. */
async function register(manager: HttpClient, vehicle: string, signal: AbortSignal): Promise<Registration> {
  const key = Buffer.from(vehicle).toString('hex').padStart(32, '0').slice(-32);
  const body = { vehicle, key, nextBootFloor: 1 };
  for (let tries = 1; ; tries++)
    try {
      return await manager.call('POST', '/v1/registrations', { body, answer: registration, signal, timeoutMs: 30_000 });
    } catch (error) {
      if (codeOf(error) !== 'AUTHORITY_AWAY' || tries >= REGISTER_TRIES) throw error;
      await delay(REGISTER_AGAIN_MS, signal);
    }
}

/**
 * Processor time of what a hand-over goes through, from now on, in milliseconds. vMD hosts are children of md-manager, and
 * theirs is told apart: they store the reports of all cars meanwhile.
 */
export function processorMeter({ site }: Pick<Stage, 'site'>): () => { readonly name: string; readonly ms: number }[] {
  const pids = ['ryu', 'sdn-app', 'md-manager', 'replicator'].map(
    name => [name, site.supervisor.state(name)?.pid] as const,
  );
  const all = new Map([...pids, ['ovs-vswitchd', site.switches[0]?.pid] as const].filter(isRunning));
  const manager = all.get('md-manager');
  const read = (): Map<string, number> => {
    const seconds = new Map([...all].map(([name, pid]) => [name, cpuSecondsOfTree(pid)]));
    if (manager === undefined) return seconds;
    const own = cpuSecondsOf(manager);
    return seconds.set('vMD hosts', (seconds.get('md-manager') ?? own) - own).set('md-manager', own);
  };
  const before = read();
  return () => [...read()].map(([name, seconds]) => ({ name, ms: (seconds - (before.get(name) ?? 0)) * 1_000 }));
}

const isRunning = (entry: readonly [string, number | undefined]): entry is readonly [string, number] =>
  entry[1] !== undefined;

/** Asks until the answer is there, every 20 ms by default. An error names what was waited for. */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined | false>,
  wait: { readonly withinMs: number; readonly everyMs?: number; readonly signal: AbortSignal },
): Promise<T> {
  const { withinMs, everyMs = 20, signal } = wait;
  for (const endMs = performance.now() + withinMs; ;) {
    const found = await ask();
    if (found !== undefined && found !== false) return found;
    if (performance.now() > endMs) throw new Error(`${what}: not within ${withinMs} ms`);
    await delay(everyMs, signal);
  }
}
