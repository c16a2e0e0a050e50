import { join } from 'node:path';
import type { LoopbackBlock } from '../network/loopback-block.js';
import { CARS_WITH_OWN_PROCESS } from './config.js';

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
  carsHttp: 7011,
  elm: 35_000,
  gpsd: 2947,
} as const;
export const SERVICE = {
  manager: 0,
  sdn: 1,
  switch: 2,
  analytics: 3,
  replicator: 4,
  radio: 5,
  cars: 6,
  standby: 7,
} as const;
export const DOMAINS = ['core', 'edge-1', 'edge-2'] as const;
const AGENTS_PER_PROCESS = 10;

/** A cluster that the system's parts share: what they are told of it. */
export interface CassandraPlan {
  /** host:port of the node of each domain. */
  readonly contactPoints: ReadonlyMap<string, string>;
  /** Prefix of the keyspaces. */
  readonly keyspace: string;
}

/** Where a test puts a gate between two services; absent: they talk straight to one another. */
export interface Via {
  /** md-manager → vMD hosts. */
  readonly hosts?: string;
  /** md-manager → sdn-app. */
  readonly sdn?: string;
  /** sdn-app → md-manager; with two of them a URL for each, with a comma between. */
  readonly manager?: string;
}

export interface Plan {
  readonly data: string;
  readonly drive: string;
  readonly topology: string;
  readonly cars: number;
  /** What vehicles are called before their number. */
  readonly fleet: string;
  readonly speed: number;
  readonly startAtMs: number;
  readonly httpPort: number;
  readonly lagMs: number;
  readonly turnAroundMs: number;
  /** How many md-managers run: one, or two of which one leads. */
  readonly managers: 1 | 2;
  /** Words appended to a part's command line, by its name. */
  readonly extra: Readonly<Record<string, readonly string[]>>;
  readonly via: Via;
  /** Where the stores are in a cluster; absent: each in a folder, copied by the replicator. */
  readonly cassandra?: CassandraPlan;
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
  /** The second md-manager, where there are two. */
  readonly standby?: string;
  readonly sdn: string;
  readonly analytics: string;
  readonly replicator: string;
  readonly radio: string;
}

export type Addresses = Omit<LoopbackBlock, keyof AsyncDisposable>;

export function urlsOf(block: Addresses, { httpPort, managers }: Pick<Plan, 'httpPort' | 'managers'>): Urls {
  const http = (service: keyof typeof SERVICE, port: number): string =>
    `http://${block.serviceAddress(SERVICE[service])}:${port}`;
  return {
    manager: http('manager', PORT.manager),
    ...(managers === 1 ? {} : { standby: http('standby', PORT.manager) }),
    sdn: http('sdn', PORT.sdn),
    analytics: `http://127.0.0.1:${httpPort}`,
    replicator: http('replicator', PORT.replicator),
    radio: http('radio', PORT.radio),
  };
}

/** All md-managers: whoever asks one of them is led to the one that leads. */
export const managersOf = ({ manager, standby }: Pick<Urls, 'manager' | 'standby'>): string[] =>
  standby === undefined ? [manager] : [manager, standby];

export function vehiclesOf(block: Addresses, plan: Pick<Plan, 'cars' | 'data' | 'fleet'>): Vehicle[] {
  return Array.from({ length: plan.cars }, (_, index) => {
    const vehicle = `${plan.fleet}-${index + 1}`;
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
export const fleetOf = ({ cars }: Pick<Plan, 'cars'>, index: number): number =>
  cars <= CARS_WITH_OWN_PROCESS ? index : index - (index % AGENTS_PER_PROCESS);

export const storeOf = (data: string, domain: string): string => join(data, 'store', domain);
export const controlStoreOf = (data: string): string => join(data, 'store', 'control');

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
