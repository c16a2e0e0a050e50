import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify as stringifyYaml } from 'yaml';
import { delay, systemClock, systemTimers } from '../../common/clock.js';
import { fault } from '../../protocol/errors.js';
import { HttpClient } from '../../protocol/api/http-client.js';
import { readTopology } from '../../protocol/topology-file.js';
import { ManagerClient } from '../../protocol/api/manager-client.js';
import { poolList } from '../../protocol/api/pools.js';
import { openLog } from '../../common/log.js';
import { openTwinStore } from '../../store/open.js';
import type { TwinStore } from '../../store/types.js';
import { wallTimeMs } from '../drive/drive-clock.js';
import { drivePath, openDrive } from '../drive/drive-file.js';
import type { Drive } from '../drive/drive.js';
import type { LoopbackBlock } from '../network/loopback-block.js';
import { layOutTopology } from '../topology/lay-out.js';
import { runCommand } from './command.js';
import { CARS_WITH_OWN_PROCESS } from './config.js';
import { agentSettings, partsOf } from './parts.js';
import { blockOfFolder } from './kept-block.js';
import type { RunningSystem } from './running.js';
import {
  DOMAINS,
  controlStoreOf,
  fleetFile,
  fleets,
  managersOf,
  storeOf,
  urlsOf,
  vehiclesOf,
  type Plan,
  type Urls,
  type Vehicle,
  type Via,
} from './plan.js';
import { TARGETS_FILE, scrapeTargets } from './scrape-targets.js';
import { clusterWords } from './store-words.js';
import type { CassandraPlan } from './plan.js';
import { hostPids, sweepHosts } from './sweep-hosts.js';
import { Supervisor, type Part } from './supervisor.js';

export interface SystemOptions {
  /** A CSV file, or the name of a recording in lab/drives. */
  readonly drive: string;
  readonly cars: number;
  /** What vehicles are called before their number: `car` where absent. */
  readonly fleet?: string;
  readonly speed: number;
  readonly httpPort: number;
  readonly lagMs?: number;
  readonly turnAroundMs?: number;
  /** How many md-managers; one where absent. */
  readonly managers?: 1 | 2;
  /** YAML file; else laid along the drive. */
  readonly topology?: string;
  /** Kept where given; else a temporary folder, removed at the end. */
  readonly data?: string;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  readonly via?: (block: LoopbackBlock, urls: Urls) => Promise<Via>;
  /** A cluster that is there and stays there; its keyspaces are made. Absent: folders, and the replicator between them. */
  readonly cassandra?: CassandraPlan;
}

/** Time that the parts have to get ready before the cars begin to move. */
const LEAD_MS = 3_000;
const ASK_EVERY_MS = 50;

/** A whole edgetwin on this machine: every part its own process, addresses of a block of its own. */
export class System implements RunningSystem, AsyncDisposable {
  /** The drive of a system on Cassandra begins when that is ready: until then `startAtMs` is not the last word. */
  plan: Plan;
  readonly block: LoopbackBlock;
  readonly urls: Urls;
  readonly vehicles: readonly Vehicle[];
  readonly supervisor: Supervisor;
  readonly #temporary: boolean;
  readonly #driveMs: number;

  private constructor(plan: Plan, drive: Drive, block: LoopbackBlock, temporary: boolean) {
    this.plan = plan;
    this.#driveMs = drive.durationMs;
    this.block = block;
    this.urls = urlsOf(block, plan);
    this.vehicles = vehiclesOf(block, plan);
    this.supervisor = new Supervisor(join(plan.data, 'log'));
    this.#temporary = temporary;
  }

  static async open(options: SystemOptions, signal: AbortSignal = new AbortController().signal): Promise<System> {
    const drive = await openDrive(options.drive);
    // What every part would refuse is refused before any of them is started.
    if (options.topology !== undefined) readTopology(options.topology);
    const data = options.data ?? (await mkdtemp(join(tmpdir(), 'edgetwin-')));
    for (const folder of ['log', 'agents', 'witness', 'store/control', ...DOMAINS.map(domain => `store/${domain}`)])
      await mkdir(join(data, folder), { recursive: true });
    const block = await blockOfFolder(data);
    if (options.cassandra !== undefined) await migrate(options.cassandra);
    const topology = options.topology ?? (await layTopology(drive, data));
    const { managers = 1 } = options;
    const plan: Plan = {
      data,
      drive: drivePath(options.drive),
      topology,
      cars: options.cars,
      fleet: options.fleet ?? 'car',
      speed: options.speed,
      startAtMs: Date.now() + LEAD_MS,
      httpPort: options.httpPort,
      lagMs: options.lagMs ?? 50,
      turnAroundMs: options.turnAroundMs ?? 20,
      managers,
      extra: options.extra ?? {},
      via: (await options.via?.(block, urlsOf(block, { httpPort: options.httpPort, managers }))) ?? {},
      ...(options.cassandra === undefined ? {} : { cassandra: options.cassandra }),
    };
    await writeFile(join(data, TARGETS_FILE), `${JSON.stringify(scrapeTargets(block, plan), undefined, 1)}\n`);
    const system = new System(plan, drive, block, options.data === undefined);
    try {
      await system.#start(signal);
    } catch (error) {
      await system[Symbol.asyncDispose]();
      throw error;
    }
    return system;
  }

  /** When the last car has driven the whole, Unix milliseconds. */
  get driveEndsAtMs(): number {
    const { startAtMs, speed, cars } = this.plan;
    return wallTimeMs({ startAtMs, speed }, cars - 1, this.#driveMs);
  }

  async #start(signal: AbortSignal): Promise<void> {
    if (this.plan.cars > CARS_WITH_OWN_PROCESS) {
      for (const fleet of fleets(this.vehicles)) {
        const settings = fleet.vehicles.map(vehicle => agentSettings(this.block, this.plan, vehicle));
        await writeFile(fleetFile(this.plan.data, fleet.name), JSON.stringify(settings, undefined, 1));
      }
    }
    // Every part waits for those it needs, so all may start at once; only agents come when there is a slot for them,
    // because a device that was refused tries again seconds later. The first slots of a new cluster are long in coming:
    // what drives comes with the agents there.
    const late = this.plan.cassandra === undefined ? /^device-/ : /^(device-|radio$|cars$)/;
    await this.#startParts(({ name }) => !late.test(name), signal);
    await this.#coreReady(signal);
    if (this.plan.cassandra !== undefined) this.plan = { ...this.plan, startAtMs: Date.now() + LEAD_MS };
    await this.#startParts(({ name }) => late.test(name), signal);
  }

  #startParts(which: (part: Part) => boolean, signal: AbortSignal): Promise<void> {
    const starting = partsOf(this.block, this.plan)
      .filter(which)
      .map(part => this.supervisor.start(part));
    return unlessAborted(
      Promise.all(starting).then(() => undefined),
      signal,
    );
  }

  async #coreReady(signal: AbortSignal): Promise<void> {
    await using manager = new ManagerClient(managersOf(this.urls), { connections: 1 });
    for (;;) {
      const { pools } = await manager.call('GET', '/v1/pools', { answer: poolList, signal });
      const core = pools.find(({ domain }) => domain === 'core');
      if (core?.hosts.some(({ slots }) => slots.some(({ state }) => state === 'ready'))) return;
      await delay(ASK_EVERY_MS, signal);
    }
  }

  store(domain: string): string {
    return storeOf(this.plan.data, domain);
  }

  get control(): string {
    return controlStoreOf(this.plan.data);
  }

  /** Cuts or heals every link between the domains' stores. */
  async cutReplication(cut: boolean): Promise<void> {
    await using replicator = new HttpClient(this.urls.replicator, { connections: 1 });
    await replicator.call('PUT', '/v1/links', { body: { all: true, cut } });
  }

  /** How many reports each domain's store holds. */
  async storedPerDomain(): Promise<Map<string, number>> {
    const counts = new Map<string, number>();
    for (const domain of DOMAINS) {
      await using store = await this.#openStore(domain);
      let rows = 0;
      for await (const _row of store.scan()) rows++;
      counts.set(domain, rows);
    }
    return counts;
  }

  #openStore(domain: string): Promise<TwinStore> {
    const { cassandra } = this.plan;
    const deps = { clock: systemClock, timers: systemTimers, random: Math.random, log: openLog('demo', 'silent') };
    if (cassandra === undefined) return openTwinStore({ kind: 'lmdb', domain, path: this.store(domain) }, deps);
    const contactPoints = [cassandra.contactPoints.get(domain) ?? ''];
    const settings = { contactPoints, datacentre: domain, keyspace: cassandra.keyspace };
    return openTwinStore({ kind: 'cassandra', domain, cassandra: settings }, deps);
  }

  get services(): Urls {
    return this.urls;
  }

  command(words: readonly string[]): ReturnType<typeof runCommand> {
    return runCommand(words);
  }

  /** How often parts were started again. */
  restarts(): number {
    return this.supervisor.states().reduce((sum, { restarts }) => sum + restarts, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const hosts = this.plan.cassandra === undefined ? [] : await hostPids(managersOf(this.urls));
    await this.supervisor[Symbol.asyncDispose]();
    // vMD hosts belong to md-manager and outlive it: they are swept by what its store says of them.
    await sweepHosts(this.plan, hosts);
    await this.block[Symbol.asyncDispose]();
    if (this.#temporary) await rm(this.plan.data, { recursive: true, force: true });
  }
}

async function migrate(cassandra: CassandraPlan): Promise<void> {
  const { code, stderr } = await runCommand(['store', 'migrate', ...clusterWords(cassandra)]);
  if (code !== 0) throw fault('STORE_FAILED', `the keyspaces were not made: ${stderr.trim()}`);
}

async function layTopology(drive: Drive, data: string): Promise<string> {
  const file = join(data, 'topology.yaml');
  await writeFile(file, stringifyYaml(layOutTopology(drive.track)));
  return file;
}

/** The promise's value, or the signal's reason as soon as it is aborted. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error);
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}
