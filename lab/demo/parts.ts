import { join } from 'node:path';
import { COAP_PORT } from '../../protocol/addresses.js';
import { CARS_WITH_OWN_PROCESS } from './config.js';
import {
  DOMAINS,
  PORT,
  SERVICE,
  controlStoreOf,
  fleetFile,
  fleetOf,
  fleets,
  managersOf,
  storeOf,
  urlsOf,
  vehiclesOf,
  type Addresses,
  type Plan,
  type Vehicle,
} from './plan.js';
import { managerStoreWords, twinStoreWords } from './store-words.js';
import type { Part } from './supervisor.js';

/** Every process of a lab run in the order of its start, md-manager's own vMD hosts left out. */
export function partsOf(block: Addresses, plan: Plan): Part[] {
  const urls = urlsOf(block, plan);
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
  const replicator: Part[] = [
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
  ];
  const parts: Part[] = [
    // Cassandra copies between its datacentres itself.
    ...(plan.cassandra === undefined ? replicator : []),
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
        plan.via.manager ?? managersOf(urls).join(','),
        '--topology',
        plan.topology,
        '--switch-control',
        at('switch', PORT.switchControl),
        ...['--lease-url', plan.via.sdn ?? urls.sdn, '--registration-first-number', String(block.firstNumber)],
      ],
    },
    ...managerParts(block, plan),
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
      argv: [
        ...['lab', 'cars', ...driving, '--turn-around-ms', String(plan.turnAroundMs)],
        ...['--http', at('cars', PORT.carsHttp)],
      ],
    },
    {
      name: 'analytics',
      title: 'edgetwin-analytics',
      argv: [
        'analytics',
        '--listen',
        `127.0.0.1:${plan.httpPort}`,
        ...twinStoreWords(plan, 'core'),
        '--manager-url',
        managersOf(urls).join(','),
        '--topology',
        plan.topology,
        '--rollups-path',
        join(plan.data, 'rollups'),
      ],
    },
    ...deviceParts(block, plan),
  ];
  return parts.map(part => ({ ...part, argv: [...part.argv, ...(plan.extra[part.name] ?? [])] }));
}

/** md-manager, and its stand-by where there are two: the same but for the address. */
function managerParts(block: Addresses, plan: Plan): Part[] {
  const urls = urlsOf(block, plan);
  const services = plan.managers === 1 ? (['manager'] as const) : (['manager', 'standby'] as const);
  return services.map(service => {
    const name = service === 'manager' ? 'md-manager' : 'md-manager-2';
    // Where a gate stands before it, callers are sent there.
    const behind = plan.managers === 1 ? undefined : plan.via.manager?.split(',')[service === 'manager' ? 0 : 1];
    const peers = managersOf(urls).filter(url => url !== urls[service]);
    return {
      name,
      title: `edgetwin-${name}`,
      argv: [
        'md-manager',
        ...['--listen', `${block.serviceAddress(SERVICE[service])}:${PORT.manager}`],
        ...['--sdn-url', plan.via.sdn ?? urls.sdn],
        ...(peers.length === 0 ? [] : ['--leader-peers', peers.join(',')]),
        ...(behind === undefined ? [] : ['--leader-url', behind]),
        // Neighbouring access points: where slots are kept for a car before it moves.
        ...['--topology', plan.topology],
        ...managerStoreWords(plan),
        ...['--hosts-from', block.hostAddress(0), '--registration-first-number', String(block.firstNumber)],
        ...[
          '--pool-size',
          DOMAINS.map(domain => `${domain}=2`).join(','),
          '--pool-twins-per-host',
          String(Math.max(4, plan.cars)),
        ],
        // All parts share one machine here: hosts that answer late for want of processor time are not lost. Exits and broken
        // control connections are seen at once all the same.
        ...['--probe-ms', '1000'],
        ...['--host-log-dir', join(plan.data, 'log')],
        ...(plan.via.hosts === undefined ? [] : ['--hosts-via', plan.via.hosts]),
      ],
    };
  });
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
