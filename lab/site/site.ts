import { execFile } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify as stringifyYaml } from 'yaml';
import { delay } from '../../common/clock.js';
import { Resources } from '../../common/lifecycle.js';
import { packageRoot } from '../../common/package-root.js';
import { addressAt, hostMac } from '../../protocol/addresses.js';
import { HttpClient } from '../../protocol/api/http-client.js';
import { poolList } from '../../protocol/api/pools.js';
import { fault } from '../../protocol/errors.js';
import { runCommand } from '../demo/command.js';
import { DOMAINS, controlStoreOf, storeOf, type Plan, type Vehicle } from '../demo/plan.js';
import type { RunningSystem } from '../demo/running.js';
import { Supervisor, ownEnvironment, type Launch } from '../demo/supervisor.js';
import { drivePath } from '../drive/drive-file.js';
import { ipv6Of } from '../netns/address-plan.js';
import { openForwardTo } from '../netns/forward.js';
import { openNetwork, type Network } from '../netns/network.js';
import { STATION_DEVICE } from '../netns/plan.js';
import { openOpenVSwitch, type OpenVSwitch } from '../open-vswitch/open-vswitch.js';
import { openLauncher } from './launcher.js';
import {
  CORE,
  SITE_PORT,
  carPlace,
  hostsBlock,
  hostsControlAddress,
  hostsFrom,
  hostsPlace,
  layOutSite,
  type LayoutOptions,
} from './layout.js';
import { CONTROLLERS, sdnNames, sdnPort, sitePartsOf, type SitePart, type SitePlan } from './parts.js';

export interface SiteOptions extends Partial<LayoutOptions> {
  readonly drive?: string;
  readonly sdnApps?: number;
  /** By default as the environment says (`EDGETWIN_LAB_CONTROLLER`), without it Ryu. */
  readonly controller?: SitePlan['controller'];
  /** With `ipv6`: cars (from 0) that register and report over it, the others over IPv4. */
  readonly overIpv6?: readonly number[];
  readonly lagMs?: number;
  readonly extra?: Readonly<Record<string, readonly string[]>>;
  readonly trust?: SitePlan['trust'];
  /** Puts gates between services; they listen in the core place. */
  readonly via?: (network: Network) => Promise<Plan['via']>;
}

const ASK_EVERY_MS = 50;
/** vMD hosts of a domain that may run one after the other. */
const HOSTS_MAX = 64;

const macText = (mac: number): string => (mac.toString(16).padStart(12, '0').match(/../g) ?? []).join(':');

/**
 * A whole edgetwin on network namespaces: Open vSwitch, its controller, sdn-app, md-manager, vMD hosts, cars with their adapters and
 * agents, each where it would be; nothing of it reaches the machine's own network but doors to the APIs. Needs root.
 */
export class Site implements RunningSystem, AsyncDisposable {
  readonly network: Network;
  readonly switches: readonly OpenVSwitch[];
  readonly plan: SitePlan;
  readonly vehicles: readonly Vehicle[];
  readonly urls: RunningSystem['urls'] & { readonly replicator: string };
  readonly supervisor: Supervisor;
  readonly #resources: Resources;

  private constructor(
    made: Pick<Site, 'network' | 'switches' | 'plan' | 'vehicles' | 'urls'>,
    resources: Resources,
    launch: Launch,
  ) {
    this.network = made.network;
    this.switches = made.switches;
    this.plan = made.plan;
    this.vehicles = made.vehicles;
    this.urls = made.urls;
    this.#resources = resources;
    this.supervisor = resources.use(new Supervisor(join(made.plan.data, 'log'), launch));
  }

  /** Resolves once every part is ready and the core has a slot; agents are started last. */
  static async open(options: SiteOptions = {}): Promise<Site> {
    const resources = new Resources();
    try {
      const site = await build(options, resources);
      await site.#start();
      return site;
    } catch (error) {
      await resources[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** @internal */
  static of(made: Pick<Site, 'network' | 'switches' | 'plan' | 'vehicles' | 'urls'>, resources: Resources): Site {
    const launch: Launch = (part, argv, options) =>
      // Inside a namespace the title is given by bash: nsenter cannot.
      made.network.exec((part as SitePart).place, ['bash', '-c', 'exec -a "$0" "$@"', part.title, ...argv], options);
    return new Site(made, resources, launch);
  }

  store(domain: string): string {
    return storeOf(this.plan.data, domain);
  }

  get control(): string {
    return controlStoreOf(this.plan.data);
  }

  get services(): { readonly manager: string; readonly sdn: string } {
    // The first sdn-app that was not stopped for good.
    const index = sdnNames(this.plan).findIndex(name => this.supervisor.state(name) !== undefined);
    return { manager: `http://127.0.0.1:${SITE_PORT.manager}`, sdn: `http://127.0.0.1:${sdnPort(Math.max(0, index))}` };
  }

  command(words: readonly string[]): ReturnType<typeof runCommand> {
    return runCommand(words, ['nsenter', `--net=${this.network.pathOf(CORE)}`, '--']);
  }

  restarts(): number {
    return this.supervisor.states().reduce((sum, { restarts }) => sum + restarts, 0);
  }

  async #start(): Promise<void> {
    const parts = sitePartsOf(this.plan, this.vehicles);
    const agents = parts.filter(({ name }) => name.startsWith('device-'));
    await Promise.all(parts.filter(part => !agents.includes(part)).map(part => this.supervisor.start(part)));
    await using manager = new HttpClient(this.urls.manager, { connections: 1 });
    for (;;) {
      const { pools } = await manager.call('GET', '/v1/pools', { answer: poolList });
      const filled = pools.every(({ hosts, size }) => hosts.length >= size);
      if (filled) break;
      await delay(ASK_EVERY_MS);
    }
    await Promise.all(agents.map(part => this.supervisor.start(part)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.supervisor[Symbol.asyncDispose]();
    const argv = [join(packageRoot(), 'dist/bin/edgetwin.js'), 'md-manager', 'sweep', '--control-store', this.control];
    await promisify(execFile)(process.execPath, argv, { env: ownEnvironment() });
    await this.#resources[Symbol.asyncDispose]();
  }
}

/** Which controller sites have whose opener does not say: so the same journeys are run through either. */
function controllerOf(word = 'ryu'): SitePlan['controller'] {
  const found = CONTROLLERS.find(each => each === word);
  if (found === undefined) throw fault('LAB_FAILED', `EDGETWIN_LAB_CONTROLLER is ${CONTROLLERS.join(' or ')}`);
  return found;
}

async function build(options: SiteOptions, resources: Resources): Promise<Site> {
  const { cars = 1, accessPoints = 4, switches = 1, links = {}, ipv6 = false } = options;
  const spec = layOutSite({ ...options, cars, accessPoints, switches, links, ipv6 });
  const network = resources.use(await openNetwork(spec));
  const opened: OpenVSwitch[] = [];
  for (const { datapath } of network.plan.switches)
    opened.push(resources.use(await openOpenVSwitch(network, datapath)));
  const data = join(network.folder, 'data');
  for (const folder of ['log', 'agents', 'witness', 'store/control', ...DOMAINS.map(domain => `store/${domain}`)])
    await mkdir(join(data, folder), { recursive: true });
  const topology = join(data, 'topology.yaml');
  await writeFile(topology, stringifyYaml(network.topology));
  await Promise.all(DOMAINS.map(domain => giveBlock(network, domain, ipv6)));
  const plan: SitePlan = {
    data,
    topology,
    drive: drivePath(options.drive ?? 'drive-17'),
    cars,
    speed: 1,
    startAtMs: Date.now(),
    lagMs: options.lagMs ?? 50,
    turnAroundMs: 2,
    extra: options.extra ?? {},
    via: (await options.via?.(network)) ?? {},
    sdnApps: options.sdnApps ?? 1,
    controller: options.controller ?? controllerOf(process.env['EDGETWIN_LAB_CONTROLLER']),
    trust: options.trust ?? 'lab',
    switches: network.plan.switches,
    ...(ipv6 ? { overIpv6: options.overIpv6 ?? [] } : {}),
    launcher: await openLauncher(network),
  };
  const reach = async (place: string, port: number): Promise<string> => {
    const forward = resources.use(await openForwardTo(network, place, { address: '127.0.0.1', port }));
    return `http://127.0.0.1:${forward.port}`;
  };
  const vehicles: Vehicle[] = [];
  for (let index = 0; index < cars; index++) {
    const vehicle = `car-${index + 1}`;
    const status = await reach(carPlace(index), SITE_PORT.agent);
    vehicles.push({
      vehicle,
      index,
      status,
      state: join(data, 'agents', vehicle),
      witness: join(data, 'witness', vehicle),
    });
  }
  const urls = {
    manager: await reach(CORE, SITE_PORT.manager),
    sdn: await reach(CORE, SITE_PORT.sdn),
    replicator: await reach(CORE, SITE_PORT.replicator),
  };
  return Site.of({ network, switches: opened, plan, vehicles, urls }, resources);
}

/**
 * Every address of a domain's block is an address of its namespace, and the first of them have the MAC address that flows
 * send to, so that vMD hosts may come and go. What the core services say to hosts goes by the controller network, as in an
 * edge site: a switch that is down cuts cars off, and nobody else.
 */
async function giveBlock(network: Network, domain: string, ipv6: boolean): Promise<void> {
  const place = hostsPlace(domain);
  // The first has the device itself.
  const lines = Array.from({ length: HOSTS_MAX - 1 }, (_, index) => {
    const n = index + 2;
    const address = addressAt(hostsFrom(domain), n);
    const mac = macText(hostMac(address));
    // A local route is enough for IPv4; of IPv6 the kernel lets a socket have an address of a device alone.
    const own = ipv6 ? `\naddr add ${ipv6Of(address)}/128 dev ${STATION_DEVICE} nodad` : '';
    return `link add link ${STATION_DEVICE} name host${n} address ${mac} type macvlan mode bridge\nlink set host${n} up${own}`;
  });
  await network.run(place, ['ip', '-batch', '-'], `${lines.join('\n')}\n`);
  await network.run(place, ['ip', 'route', 'add', 'local', hostsBlock(domain), 'dev', 'lo']);
  await network.run(CORE, ['ip', 'route', 'add', hostsBlock(domain), 'via', hostsControlAddress(domain), 'dev', 'ctl']);
}
