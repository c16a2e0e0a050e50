import { join } from 'node:path';
import { NETWORK_PLAN, COAP_PORT } from '../../protocol/addresses.js';
import type { SwitchPlan } from '../netns/plan.js';
import { OPENFLOW_PORT } from '../netns/address-plan.js';
import { DOMAINS, controlStoreOf, storeOf, type Plan, type Vehicle } from '../demo/plan.js';
import type { Part } from '../demo/supervisor.js';
import type { Trust } from '../../sdn-app/attachment/detectors.js';
import {
  CORE,
  SITE_PORT,
  carPlace,
  coreAddress,
  coreAddress6,
  coreControlAddress,
  hosts6From,
  hostsFrom,
} from './layout.js';

/** A process of a site, and the place where it runs. */
export interface SitePart extends Part {
  readonly place: string;
}

/** What an sdn-app reaches switches by: a Ryu of its own, or OpenFlow of its own. */
export const CONTROLLERS = ['ryu', 'openflow'] as const;
export type Controller = (typeof CONTROLLERS)[number];

export interface SitePlan extends Pick<
  Plan,
  'data' | 'drive' | 'topology' | 'cars' | 'speed' | 'startAtMs' | 'lagMs' | 'turnAroundMs' | 'extra'
> {
  /** sdn-apps, each with its own controller: the first is active, the others stand by. */
  readonly sdnApps: number;
  readonly controller: Controller;
  readonly switches: readonly SwitchPlan[];
  /** IPv6 beside IPv4, and the cars (from 0) that register and report over it; absent: IPv4 alone. */
  readonly overIpv6?: readonly number[];
  /** Where it is not `lab`, cars prove their reports. */
  readonly trust: Trust;
  /** Script by which md-manager's hosts get into their namespaces. */
  readonly launcher: string;
  /** Gates in front of services, as in the demo's plan. */
  readonly via: Plan['via'];
}

const { twin6 = '', alias6 = '', gateways = [] } = NETWORK_PLAN;
/** One TCP socket serves both families. */
const everyAddress = ({ overIpv6 }: SitePlan): string => (overIpv6 === undefined ? '0.0.0.0' : '[::]');

const CARS_BLOCK = 1_024;
const CAR_ADDRESS = '127.112.4.1';

/** In the order of their start; agents last. */
export function sitePartsOf(plan: SitePlan, vehicles: readonly Vehicle[]): SitePart[] {
  const parts: SitePart[] = [
    replicator(plan),
    ...Array.from({ length: plan.sdnApps }, (_, index) => [
      ...controllerParts(plan, index),
      sdnApp(plan, index),
    ]).flat(),
    manager(plan),
    ...vehicles.flatMap(vehicle => [car(plan, vehicle), agent(plan, vehicle)]),
  ];
  return parts.map(part => ({ ...part, argv: [...part.argv, ...(plan.extra[part.name] ?? [])] }));
}

const replicator = ({ data, lagMs }: SitePlan): SitePart => ({
  name: 'replicator',
  title: 'edgetwin-lab-replicator',
  place: CORE,
  argv: [
    ...['lab', 'replicator', '--lag-ms', String(lagMs), '--listen', `127.0.0.1:${SITE_PORT.replicator}`],
    ...['--stores', DOMAINS.map(domain => `${domain}=${storeOf(data, domain)}`).join(',')],
    ...['--control', controlStoreOf(data)],
  ],
});

const controlAddresses = ({ switches }: Pick<SitePlan, 'switches'>): string =>
  switches.map(({ controlAddress }) => `${controlAddress}:${OPENFLOW_PORT}`).join(',');

/** The Ryu of an sdn-app, where that has one. */
export const controllerParts = (plan: Pick<SitePlan, 'controller' | 'switches'>, index = 0): SitePart[] =>
  plan.controller === 'ryu' ? [ryu(plan, index)] : [];

/** What an sdn-app is told of its controller. */
export const controllerWords = (plan: Pick<SitePlan, 'controller' | 'switches'>, index = 0): string[] => [
  ...['--switch-kind', plan.controller],
  ...(plan.controller === 'ryu'
    ? ['--switch-ryu-url', `ws://127.0.0.1:${SITE_PORT.ryu + index}`]
    : ['--switch-openflow-switches', controlAddresses(plan)]),
];

const ryu = (plan: Pick<SitePlan, 'switches'>, index: number): SitePart => ({
  name: numbered('ryu', index),
  title: numbered('edgetwin-ryu', index),
  place: CORE,
  argv: [
    ...['ryu', '--listen', `127.0.0.1:${SITE_PORT.ryu + index}`],
    ...['--openflow', `127.0.0.1:${SITE_PORT.openflow + index}`],
    ...['--switches', controlAddresses(plan)],
  ],
});

const sdnApp = (plan: SitePlan, index: number): SitePart => ({
  name: numbered('sdn-app', index),
  title: numbered('edgetwin-sdn-app', index),
  place: CORE,
  argv: [
    ...['sdn-app', '--listen', `0.0.0.0:${sdnPort(index)}`],
    ...['--lease-url', plan.via.sdn ?? `http://127.0.0.1:${sdnPort(index)}`],
    ...['--manager-url', plan.via.manager ?? `http://127.0.0.1:${SITE_PORT.manager}`, '--topology', plan.topology],
    ...controllerWords(plan, index),
    ...['--network-twin-prefix', NETWORK_PLAN.twinPrefix, '--network-alias-prefix', NETWORK_PLAN.aliasPrefix],
    ...(plan.overIpv6 === undefined ? [] : ['--network-twin6', twin6, '--network-alias6', alias6]),
    ...['--network-gateways', gateways.join(',')],
    // A stand-by takes over soon: that is what is waited for most.
    ...['--network-trust', plan.trust, '--lease-ttl-ms', '1000'],
  ],
});

const manager = (plan: SitePlan): SitePart => ({
  name: 'md-manager',
  title: 'edgetwin-md-manager',
  place: CORE,
  argv: [
    ...['md-manager', '--listen', `${everyAddress(plan)}:${SITE_PORT.manager}`],
    ...['--sdn-url', plan.via.sdn ?? `http://127.0.0.1:${SITE_PORT.sdn}`, '--topology', plan.topology],
    ...['--control-store', controlStoreOf(plan.data), '--store-root', join(plan.data, 'store')],
    ...['--hosts-from', DOMAINS.map(domain => `${domain}=${hostsFrom(domain)}`).join(',')],
    ...['--hosts-launcher', plan.launcher, '--hosts-manager', `http://${coreControlAddress}:${SITE_PORT.manager}`],
    '--hosts-sdn',
    Array.from({ length: plan.sdnApps }, (_, index) => `http://${coreControlAddress}:${sdnPort(index)}`).join(','),
    ...['--plan-twin-prefix', NETWORK_PLAN.twinPrefix, '--plan-alias-prefix', NETWORK_PLAN.aliasPrefix],
    ...(plan.overIpv6 === undefined
      ? []
      : [
          ...['--hosts-from6', DOMAINS.map(domain => `${domain}=${hosts6From(domain)}`).join(',')],
          ...['--plan-twin6', twin6, '--plan-alias6', alias6],
        ]),
    ...['--pool-size', DOMAINS.map(domain => `${domain}=2`).join(',')],
    ...['--pool-twins-per-host', String(Math.max(4, plan.cars)), '--host-log-dir', join(plan.data, 'log')],
    // All parts share one machine: a host that answers late for want of processor time is not lost (see lab/demo/parts.ts).
    ...['--probe-ms', '1000'],
    ...(plan.via.hosts === undefined ? [] : ['--hosts-via', plan.via.hosts]),
  ],
});

const car = (plan: SitePlan, { vehicle, index }: Vehicle): SitePart => ({
  name: `adapters-${vehicle}`,
  title: `edgetwin-lab-cars ${vehicle}`,
  place: carPlace(index),
  argv: [
    ...['lab', 'cars', '--drive', plan.drive, '--cars', '1', '--speed', String(plan.speed)],
    ...['--start-at', String(plan.startAtMs), '--block', String(CARS_BLOCK)],
    ...['--turn-around-ms', String(plan.turnAroundMs)],
  ],
});

const agent = (
  plan: SitePlan,
  { vehicle, index, state, witness }: Vehicle,
  overIpv6 = plan.overIpv6?.includes(index) === true,
): SitePart => ({
  name: `device-${vehicle}`,
  title: `edgetwin-device ${vehicle}`,
  place: carPlace(index),
  argv: [
    ...['device', 'run', '--vehicle', vehicle, '--state', state, '--witness', witness],
    ...['--obd-tcp', `${CAR_ADDRESS}:${SITE_PORT.elm}`, '--gpsd', `${CAR_ADDRESS}:${SITE_PORT.gpsd}`],
    // The source address is that of the route: a car that gets another address keeps its socket.
    ...['--manager-url', `http://${overIpv6 ? `[${coreAddress6}]` : coreAddress}:${SITE_PORT.manager}`],
    ...['--uplink-family', overIpv6 ? 'ipv6' : 'ipv4', '--uplink-bind', `0.0.0.0:${COAP_PORT}`],
    ...['--http-listen', `127.0.0.1:${SITE_PORT.agent}`, '--clock-system', 'trusted'],
    ...['--gps-plausible-speed-factor', String(plan.speed), '--report-interval-ms', '500'],
    ...(plan.trust === 'lab' ? [] : ['--network-proof']),
  ],
});

export const sdnPort = (index: number): number => SITE_PORT.sdn + 100 * index;
export const sdnNames = ({ sdnApps }: Pick<SitePlan, 'sdnApps'>): string[] =>
  Array.from({ length: sdnApps }, (_, index) => numbered('sdn-app', index));

const numbered = (name: string, index: number): string => (index === 0 ? name : `${name}-${index + 1}`);
