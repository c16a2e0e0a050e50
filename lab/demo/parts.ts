import { join } from 'node:path';
import { COAP_PORT } from '../../protocol/addresses.js';
import type { LoopbackBlock } from '../network/loopback-block.js';
import { CARS_WITH_OWN_PROCESS } from './config.js';
import type { Part } from './supervisor.js';

/** Ports on the addresses of a claimed block: nobody else has those addresses, so the ports are fixed. */
export const PORT = {
  manager: 7001,
  sdn: 7002,
  switchFrames: 7003,
  switchControl: 7004,
  analytics: 7005,
  replicator: 7006,
  radioFrames: 7007,
  radio: 7008,
  agent: 7009,
  switchHttp: 7010,
  elm: 35_000,
  gpsd: 2947,
} as const;
const SERVICE = { manager: 0, sdn: 1, switch: 2, analytics: 3, replicator: 4, radio: 5 } as const;
export const DOMAINS = ['core', 'edge-1', 'edge-2'] as const;
const AGENTS_PER_PROCESS = 10;

/** Where a test puts a gate between two services; absent: they talk straight to one another. */
export interface Via {
  /** md-manager → vMD hosts. */
  readonly hosts?: string;
  /** md-manager → sdn-app. */
  readonly sdn?: string;
  /** sdn-app → md-manager. */
  readonly manager?: string;
}

export interface Plan {
  readonly data: string;
  readonly drive: string;
  readonly topology: string;
  readonly cars: number;
  readonly speed: number;
  readonly startAtMs: number;
  readonly httpPort: number;
  readonly lagMs: number;
  readonly turnAroundMs: number;
  /** Words appended to a part's command line, by its name. */
  readonly extra: Readonly<Record<string, readonly string[]>>;
  readonly via: Via;
}

export interface Vehicle {
  readonly vehicle: string;
  readonly index: number;
  readonly state: string;
  readonly witness: string;
  /** Base URL of the status API of its agent's process. */
  readonly status: string;
}

export interface Urls {
  readonly manager: string;
  readonly sdn: string;
  readonly analytics: string;
  readonly replicator: string;
  readonly radio: string;
}

type Addresses = Omit<LoopbackBlock, keyof AsyncDisposable>;

export function urlsOf(block: Addresses, httpPort: number): Urls {
  const http = (service: keyof typeof SERVICE, port: number): string =>
    `http://${block.serviceAddress(SERVICE[service])}:${port}`;
  return {
    manager: http('manager', PORT.manager),
    sdn: http('sdn', PORT.sdn),
    analytics: `http://127.0.0.1:${httpPort}`,
    replicator: http('replicator', PORT.replicator),
    radio: http('radio', PORT.radio),
  };
}

export function vehiclesOf(block: Addresses, plan: Pick<Plan, 'cars' | 'data'>): Vehicle[] {
  return Array.from({ length: plan.cars }, (_, index) => {
    const vehicle = `car-${index + 1}`;
    return {
      vehicle,
      index,
      state: join(plan.data, 'agents', vehicle),
      witness: join(plan.data, 'witness', vehicle),
      status: `http://${block.carAddress(fleetOf(plan, index))}:${PORT.agent}`,
    };
  });
}

/** Index of the first car whose agent shares a process with that of car `index`. */
const fleetOf = ({ cars }: Pick<Plan, 'cars'>, index: number): number =>
  cars <= CARS_WITH_OWN_PROCESS ? index : index - (index % AGENTS_PER_PROCESS);

export const storeOf = (data: string, domain: string): string => join(data, 'store', domain);
export const controlStoreOf = (data: string): string => join(data, 'store', 'control');

/** Every process of a lab run in the order of its start, md-manager's own vMD hosts left out. */
export function partsOf(block: Addresses, plan: Plan): Part[] {
  const urls = urlsOf(block, plan.httpPort);
  const at = (service: keyof typeof SERVICE, port: number): string =>
    `${block.serviceAddress(SERVICE[service])}:${port}`;
  const driving = [
    '--drive',
    plan.drive,
    '--cars',
    String(plan.cars),
    '--speed',
    String(plan.speed),
    '--start-at',
    String(plan.startAtMs),
    '--block',
    String(block.base),
  ];
  const parts: Part[] = [
    {
      name: 'replicator',
      title: 'edgetwin-lab-replicator',
      argv: [
        'lab',
        'replicator',
        '--stores',
        DOMAINS.map(domain => `${domain}=${storeOf(plan.data, domain)}`).join(','),
        '--control',
        controlStoreOf(plan.data),
        '--lag-ms',
        String(plan.lagMs),
        '--listen',
        at('replicator', PORT.replicator),
      ],
    },
    {
      name: 'switch',
      title: 'edgetwin-lab-switch',
      argv: [
        'lab',
        'switch',
        '--topology',
        plan.topology,
        '--listen',
        at('switch', PORT.switchFrames),
        '--control',
        at('switch', PORT.switchControl),
        '--radio',
        at('radio', PORT.radioFrames),
        ...['--http', at('switch', PORT.switchHttp)],
      ],
    },
    {
      name: 'sdn-app',
      title: 'edgetwin-sdn-app',
      argv: [
        'sdn-app',
        '--listen',
        at('sdn', PORT.sdn),
        '--manager-url',
        plan.via.manager ?? urls.manager,
        '--topology',
        plan.topology,
        '--switch-control',
        at('switch', PORT.switchControl),
      ],
    },
    {
      name: 'md-manager',
      title: 'edgetwin-md-manager',
      argv: [
        'md-manager',
        ...['--listen', at('manager', PORT.manager), '--sdn-url', plan.via.sdn ?? urls.sdn],
        ...['--control-store', controlStoreOf(plan.data), '--store-root', join(plan.data, 'store')],
        ...['--hosts-from', block.hostAddress(0), '--registration-first-number', String(block.firstNumber)],
        ...[
          '--pool-size',
          DOMAINS.map(domain => `${domain}=2`).join(','),
          '--pool-slots',
          String(Math.max(4, plan.cars)),
        ],
        // All parts share one machine here: hosts that answer late for want of processor time are not lost. Exits and broken
        // control connections are seen at once all the same.
        ...['--probe-ms', '1000'],
        ...['--host-log-dir', join(plan.data, 'log')],
        ...(plan.via.hosts === undefined ? [] : ['--hosts-via', plan.via.hosts]),
      ],
    },
    {
      name: 'radio',
      title: 'edgetwin-lab-radio',
      argv: [
        ...['lab', 'radio', '--topology', plan.topology, ...driving, '--first-number', String(block.firstNumber)],
        ...[
          '--switch',
          at('switch', PORT.switchFrames),
          '--listen',
          at('radio', PORT.radioFrames),
          '--http',
          at('radio', PORT.radio),
          '--manager',
          at('manager', PORT.manager),
        ],
      ],
    },
    {
      name: 'cars',
      title: 'edgetwin-lab-cars',
      argv: ['lab', 'cars', ...driving, '--turn-around-ms', String(plan.turnAroundMs)],
    },
    {
      name: 'analytics',
      title: 'edgetwin-analytics',
      argv: [
        'analytics',
        '--listen',
        `127.0.0.1:${plan.httpPort}`,
        '--store',
        storeOf(plan.data, 'core'),
        '--manager-url',
        urls.manager,
        '--topology',
        plan.topology,
      ],
    },
    ...deviceParts(block, plan),
  ];
  return parts.map(part => ({ ...part, argv: [...part.argv, ...(plan.extra[part.name] ?? [])] }));
}

/** Settings of the agent of one car, by name. */
export function agentSettings(block: Addresses, plan: Plan, vehicle: Vehicle): Record<string, string> {
  const address = block.carAddress(vehicle.index);
  return {
    vehicle: vehicle.vehicle,
    state: vehicle.state,
    witness: vehicle.witness,
    'obd.tcp': `${address}:${PORT.elm}`,
    gpsd: `${address}:${PORT.gpsd}`,
    'manager.url': `http://${address}:${PORT.manager}`,
    'uplink.bind': `${address}:${COAP_PORT}`,
    // One status API per process: that of its first agent.
    'http.listen': `${block.carAddress(fleetOf(plan, vehicle.index))}:${PORT.agent}`,
    'clock.system': 'trusted',
    'gps.plausibleSpeedFactor': String(plan.speed),
    'report.intervalMs': plan.cars > CARS_WITH_OWN_PROCESS ? '1000' : '500',
  };
}

const flagOf = (name: string): string =>
  `--${name
    .split(/\.|(?=[A-Z])/)
    .join('-')
    .toLowerCase()}`;

/** One process per agent, or one for ten. Fleet files are written by whoever starts the system. */
function deviceParts(block: Addresses, plan: Plan): Part[] {
  const vehicles = vehiclesOf(block, plan);
  if (plan.cars <= CARS_WITH_OWN_PROCESS) {
    return vehicles.map(vehicle => ({
      name: `device-${vehicle.vehicle}`,
      title: `edgetwin-device ${vehicle.vehicle}`,
      argv: [
        'device',
        'run',
        ...Object.entries(agentSettings(block, plan, vehicle)).flatMap(([name, value]) => [flagOf(name), value]),
      ],
    }));
  }
  return fleets(vehicles).map(fleet => ({
    name: `device-${fleet.name}`,
    title: `edgetwin-device ${fleet.name}`,
    argv: ['device', 'run', '--fleet', fleetFile(plan.data, fleet.name)],
  }));
}

export const fleetFile = (data: string, name: string): string => join(data, 'agents', `${name}.json`);

export function fleets(
  vehicles: readonly Vehicle[],
): { readonly name: string; readonly vehicles: readonly Vehicle[] }[] {
  const groups: { name: string; vehicles: Vehicle[] }[] = [];
  for (let from = 0; from < vehicles.length; from += AGENTS_PER_PROCESS) {
    const group = vehicles.slice(from, from + AGENTS_PER_PROCESS);
    groups.push({ name: `${group[0]?.vehicle}..${group.at(-1)?.vehicle}`, vehicles: group });
  }
  return groups;
}
