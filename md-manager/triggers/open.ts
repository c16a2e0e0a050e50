import type { Clock, Timers } from '../../common/clock.js';
import { Resources } from '../../common/lifecycle.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { HostRef } from '../../protocol/api/common.js';
import type { HandoverRecord } from '../../protocol/api/md-manager.js';
import type { Route } from '../../protocol/api/route.js';
import type { AttachmentHint } from '../../protocol/api/sdn-app.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { Topology } from '../../protocol/topology.js';
import { associateIdOf, type AssociateId, type MobilityDevice } from '../../protocol/triggers/mec-mobility.js';
import type { ControlStore } from '../../store/types.js';
import type { VehicleState } from '../handover/state.js';
import { Acks } from './acks.js';
import { FarEndClient } from './far-end-client.js';
import { locationContract } from './far-ends/mec-location.js';
import { mobilityContract } from './far-ends/mec-mobility.js';
import { REGISTRATION, registrationContract } from './far-ends/mec-registration.js';
import { nefContract } from './far-ends/nef.js';
import { smfContract } from './far-ends/smf.js';
import { Adjacency } from './mobility/adjacency.js';
import { Announcements } from './mobility/announcements.js';
import { Mail } from './mobility/mail.js';
import { Registered } from './mobility/registered.js';
import { registeredRoutes } from './mobility/registered-rest.js';
import { AMS_PATH, mobilityRoutes } from './mobility/rest.js';
import { Subscribers } from './mobility/subscribers.js';
import { Transfers } from './mobility/transfers.js';
import type { Names } from './names.js';
import { triggerRoutes } from './rest.js';
import type { TriggerConfig } from './settings.js';
import { Standing, type Contract } from './standing.js';
import { Triggers } from './triggers.js';

export interface OpenTriggersDeps {
  /** URL by which others reach this manager. */
  readonly callback: string;
  readonly names: Names;
  readonly domains: readonly string[];
  readonly topology: Topology | undefined;
  readonly state: (vehicle: string) => VehicleState | undefined;
  readonly foresee: (vehicle: string, domain: string, reason: string) => void;
  readonly hint: (vehicle: string, place: AttachmentHint) => Promise<void>;
  /** Slots that are kept, `undefined` where none ever is. */
  readonly armed: () => Iterable<{ readonly vehicle: string; readonly domain: string }> | undefined;
  readonly hosts: () => readonly HostRef[];
  /** Calls for each thing that a hand-over reaches; the returned function ends it. */
  readonly onHandover: (listener: (record: HandoverRecord) => void) => () => void;
  readonly store: Pick<ControlStore, 'putNote' | 'deleteNote' | 'notes'>;
  /** Under which notes are written there. */
  readonly term: number;
  readonly newId: () => string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly metrics: Metrics<MetricName>;
  readonly log: Log;
}

export interface OpenTriggers extends AsyncDisposable {
  readonly routes: readonly Route[];
  /** Begins to subscribe, once `routes` are served: far ends try where they are to post. */
  start(): void;
}

type Origin = Contract['origin'];

/** All that md-manager has to do with core networks and MEC platforms, both ways. CONFIG_INVALID where a file cannot be read. */
export async function openTriggers(config: TriggerConfig, deps: OpenTriggersDeps): Promise<OpenTriggers> {
  const { names, topology, clock, timers, metrics, log, callback } = deps;
  const open = new Resources();
  const clients = await openClients(config);
  for (const client of clients.values()) open.use(client);
  const triggers = new Triggers(deps);
  const acks = new Acks({
    ...{ clock, timers, metrics, log },
    client: origin => clients.get(origin),
    mayAnswer: originsOf(config),
    armed: () => {
      const kept = deps.armed();
      return kept === undefined ? undefined : new Set(Array.from(kept, row => `${row.vehicle} ${row.domain}`));
    },
    actsIn: vehicle => deps.state(vehicle)?.twin.host.domain,
  });
  open.defer(() => acks[Symbol.dispose]());
  const standings: Standing[] = [];

  // Ours are published on their own connections: whoever subscribes names any address.
  const post = open.use(await FarEndClient.open({ url: callback, caFile: config['triggers.caFile'] }));
  const mail = new Mail({
    ...{ timers, metrics, log },
    post: async (url, json, signal) => void (await post.send({ method: 'POST', url, json }, signal)),
  });
  open.defer(() => mail[Symbol.dispose]());
  const url = `${callback}${AMS_PATH}/subscriptions`;
  const { store } = deps;
  const subscribers = new Subscribers({ ...deps, url, mail });
  open.defer(() => subscribers[Symbol.dispose]());
  const registered = new Registered(deps);
  open.defer(() => registered[Symbol.dispose]());
  const [subscriptions, registrations] = await Promise.all([store.notes('mobility'), store.notes('mobility-app')]);
  subscribers.load(subscriptions);
  registered.load(registrations);
  const adjacency = new Adjacency({ subscribers, topology, hosts: deps.hosts, clock, timers });
  open.defer(() => adjacency[Symbol.dispose]());
  const announcements = new Announcements({
    subscribers,
    associateIds: vehicle => associateIds(names, vehicle, deps.state(vehicle)),
    follows: (appInstanceId, ids) => registered.follows(appInstanceId, ids),
    hostOf: host => deps.hosts().find(ref => ref.host === host),
    nowMs: () => clock.nowMs(),
  });
  const isRegistration = ({ contract: { what } }: Standing): boolean => what === REGISTRATION;
  const transfers = new Transfers({
    ...{ names, timers },
    onChange: () => standings.filter(isRegistration).forEach(standing => standing.hurry()),
  });
  open.defer(() => transfers[Symbol.dispose]());
  const heard = deps.onHandover(record => {
    announcements.onRecord(record);
    transfers.onRecord(record);
  });
  open.defer(heard);

  return {
    routes: [
      ...triggerRoutes({ triggers, acks, standings, nowMs: () => clock.nowMs() }),
      ...mobilityRoutes(subscribers, adjacency, callback),
      ...registeredRoutes(registered, callback),
    ],
    start() {
      for (const contract of contractsOf(config, deps, clients, transfers))
        standings.push(open.use(new Standing(contract, deps)));
    },
    [Symbol.asyncDispose]: () => open[Symbol.asyncDispose](),
  };
}

const URLS = {
  smf: ['triggers.smf.url', 'triggers.smf.tokenFile'],
  nef: ['triggers.nef.url', 'triggers.nef.tokenFile'],
  'mec-location': ['triggers.mecLocation.url', 'triggers.mecLocation.tokenFile'],
  'mec-mobility': ['triggers.mecMobility.url', 'triggers.mecMobility.tokenFile'],
} as const satisfies Readonly<Record<Origin, unknown>>;

async function openClients(config: TriggerConfig): Promise<ReadonlyMap<Origin, FarEndClient>> {
  const clients = new Map<Origin, FarEndClient>();
  for (const [origin, [urlName, tokenName]] of Object.entries(URLS) as [Origin, (typeof URLS)[Origin]][]) {
    const url = config[urlName];
    if (url === undefined) continue;
    const options = { url, tokenFile: config[tokenName], caFile: config['triggers.caFile'] };
    clients.set(origin, await FarEndClient.open(options));
  }
  return clients;
}

/** What we subscribe to: wherever a far end is named. */
function contractsOf(
  config: TriggerConfig,
  { callback, domains, clock }: Pick<OpenTriggersDeps, 'callback' | 'domains' | 'clock'>,
  clients: ReadonlyMap<Origin, FarEndClient>,
  transfers: Pick<Transfers, 'devices'>,
): Contract[] {
  const lifeS = config['triggers.lifeS'];
  const { 'triggers.dnn': dnn, 'triggers.snssai': snssai } = config;
  const at = (origin: Origin): string => `${callback}/v1/triggers/${origin}`;
  const zones = config['triggers.mecLocation.zones'];
  const made: Readonly<Record<Origin, (client: FarEndClient) => Contract[]>> = {
    smf: client => [
      smfContract(client, { notifId: at('smf'), notifUri: at('smf'), dnn, snssai }, lifeS * 1_000, clock),
    ],
    nef: client => [
      nefContract(client, config['triggers.nef.afId'], {
        afAppId: config['triggers.nef.afAppId'],
        // The same for every manager of this deployment: the next one finds it.
        ...{ afTransId: at('nef'), notificationDestination: at('nef'), dnn, snssai },
      }),
    ],
    'mec-location': client =>
      (zones.length > 0 ? zones : domains).map(zoneId =>
        locationContract(
          client,
          { zoneId, notifyURL: at('mec-location'), clientCorrelator: `edgetwin-${zoneId}`, durationS: lifeS },
          clock,
        ),
      ),
    'mec-mobility': client => {
      const appInstanceId = config['triggers.mecMobility.appInstanceId'];
      const devices = (): MobilityDevice[] => transfers.devices();
      const wish = { callbackReference: at('mec-mobility'), appInstanceId, lifeMs: lifeS * 1_000 };
      return [
        // A platform watches the devices of those applications that have registered them.
        ...(appInstanceId === undefined
          ? []
          : [registrationContract(client, { appInstanceId, devices, lifeS }, clock)]),
        mobilityContract(client, wish, clock),
      ];
    },
  };
  return [...clients].flatMap(([origin, client]) => made[origin](client));
}

function originsOf(config: TriggerConfig): (uri: URL, origin: 'smf' | 'nef') => boolean {
  const more = config['triggers.ackOrigins'].map(url => new URL(url).origin);
  return (uri, origin) => {
    const url = config[URLS[origin][0]];
    return (url !== undefined && uri.origin === new URL(url).origin) || more.includes(uri.origin);
  };
}

/** By the names of the deployment, and by the address that its traffic comes from. */
function associateIds(names: Names, vehicle: string, state: VehicleState | undefined): AssociateId[] {
  const named = names.devicesOf(vehicle).flatMap(device => associateIdOf(device) ?? []);
  const address = state?.attachment?.source.address;
  if (address === undefined || named.some(({ value }) => value === address)) return named;
  return [...named, { type: address.includes(':') ? 'UE_IPV6_ADDRESS' : 'UE_IPv4_ADDRESS', value: address }];
}
