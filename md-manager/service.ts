import { randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { Clock, Timers } from '../common/clock.js';
import { Resources, aborted } from '../common/lifecycle.js';
import type { Log } from '../common/log.js';
import type { Metrics } from '../common/metrics.js';
import type { Topology } from '../protocol/topology.js';
import { readTopology } from '../protocol/topology-file.js';
import { openHttp } from '../protocol/api/http-server.js';
import type { MetricName } from '../protocol/metrics.js';
import type { ControlStore } from '../store/types.js';
import { CoverageMap } from './arming/coverage-map.js';
import { MOTION_MS, Predictor, type PredictorOptions } from './arming/predictor.js';
import { Standby } from './arming/standby.js';
import { callbackOf, domainsOf, planOf, policyOf, triggerNames, type ManagerConfig } from './config.js';
import { openTriggers } from './triggers/open.js';
import { Effects } from './handover/effects.js';
import { Ledger } from './handover/ledger.js';
import { Runner } from './handover/runner.js';
import { DEFAULT_TIMING } from './handover/state.js';
import { ServiceLeases } from './leases/service-leases.js';
import { refOf, type Mano } from './mano/mano.js';
import { SdnClient } from './peers.js';
import { DEFAULT_LINK_TIMING } from './pool/host-link.js';
import { LoopWatch } from './pool/loop-watch.js';
import { Pool } from './pool/pool.js';
import { findAll, followAttachments, recoverAll, resumeAll, type RecoveryDeps } from './recovery.js';
import { Registrations } from './registration/registration.js';
import { Drains } from './upkeep/drains.js';
import { upkeepRoutes } from './upkeep/open.js';
import { managerRoutes } from './rest/routes.js';
import { settingsRoutes } from './rest/settings.js';
import { SettingsDesk } from './settings/desk.js';
import { fencedMano, fencedStore } from './leader/fence.js';
import { endIfStopped, isGone, ownHolder } from './leader/holder.js';
import { Leadership } from './leader/leadership.js';
import { Orders } from './leader/orders.js';
import { leaderRoute, ordersRoute } from './leader/routes.js';
import type { Tenure } from './leader/tenure.js';
import { WaitingApi, urlOf } from './leader/waiting-api.js';
import { askWhileAway, patientStore } from './starting.js';

export interface ManagerDeps {
  readonly openStore: () => Promise<ControlStore>;
  /** What a store that is away says for itself; hosts and hand-overs that run go on without it, nothing is claimed. */
  readonly storeAway?: () => string | undefined;
  readonly openMano: (store: ControlStore) => Mano | Promise<Mano>;
  /** The highest boot stored of a vehicle, 0 where none is. */
  readonly highestBoot: (vehicle: string) => Promise<number>;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
  /** Called with the API's URL once vehicles are served. */
  readonly onReady: (url: string) => void;
}

/** Runs md-manager until the signal is aborted: it leads while it has the lease, and follows else. Hosts go on without it. */
export async function runManager(config: ManagerConfig, deps: ManagerDeps, signal: AbortSignal): Promise<void> {
  await using open = new Resources();
  const { timers, log } = deps;
  const ready = once(deps.onReady);
  const waiting = open.use(new WaitingApi(config.listen, deps));
  const store = open.use(await deps.openStore());
  open.defer(askWhileAway(store, () => deps.storeAway?.() !== undefined, timers));
  const leadership = new Leadership(
    {
      ...{
        holder: await ownHolder(),
        url: config['leader.url'] ?? urlOf(config.listen),
        ttlMs: config['leader.ttlMs'],
      },
      alone: config['leader.peers'].length === 0,
    },
    { ...deps, store, isGone, endIfStopped },
  );
  for (;;) {
    waiting.awaitStore();
    const tenure = await leadership.next(leader => void waiting.follow(leader).then(ready), signal);
    if (tenure === undefined) break;
    try {
      await lead(config, { ...deps, store, tenure, waiting, onReady: ready }, AbortSignal.any([signal, tenure.signal]));
    } catch (error) {
      // Whatever fails of one that is deposed: another one goes on with it.
      if (!tenure.signal.aborted) throw error;
    } finally {
      if (tenure.signal.aborted) log.warn({ event: 'manager.leader.deposed', term: tenure.term });
      else await tenure.giveBack();
    }
  }
}

interface LeadDeps extends ManagerDeps {
  readonly store: ControlStore;
  readonly tenure: Tenure;
  readonly waiting: WaitingApi;
}

/** One time as the leader: rebuilds all from the store, the hosts and the switch, and leaves nothing of it in this process. */
async function lead(config: ManagerConfig, deps: LeadDeps, signal: AbortSignal): Promise<void> {
  await using open = new Resources();
  const { clock, timers, random, log, metrics, tenure } = deps;
  // Each call that is under way hears of the end: as many as there are, and no leak.
  setMaxListeners(0, signal);
  const { term } = tenure;
  const starting = patientStore(fencedStore(deps.store, tenure), deps, signal);
  const { store } = starting;
  const sdn = open.use(new SdnClient(config['sdn.url'], tenure));
  const mano = open.use(fencedMano(await deps.openMano(store), tenure));
  const loop = new LoopWatch(clock, timers);
  open.defer(() => loop.close());
  const ledger = open.use(new Ledger({ store, metrics, log, timers }));
  const { leaseMs, dwellMs, graceMs, drainMaxMs, probeMs } = config;

  const topology = topologyOf(config);
  const motion = motionOptions(config, topology);
  const pool: Pool = new Pool(
    {
      sizes: new Map(config['pool.size']),
      policy: policyOf(config),
      slotsPerHost: config['pool.twinsPerHost'],
      maxHosts: config['pool.maxHosts'],
      startMs: config['pool.startMs'],
      surplusMs: config['pool.surplusMs'],
      hostHourCost: config['pool.hostHourCost'],
    },
    {
      ...{ mano, log, metrics, clock, timers },
      link: {
        ...{ clock, timers, loop, term, via: config['hosts.via'], fence: tenure },
        timing: { ...DEFAULT_LINK_TIMING, probeMs, leaseMs, renewMs: Math.min(1_000, leaseMs / 3) },
        acting: host => runner.acting(host),
        onEvent: (host, event) =>
          event.type === 'settings' ? void settings.heard(event) : runner.hostEvent(host, event),
        ...(motion === undefined
          ? {}
          : { motion: { everyMs: MOTION_MS, heard: (host, vehicles) => predictor?.heard(host, vehicles) } }),
        onLeaseRefused: (host, vehicles) => runner.leaseRefused(host, vehicles),
      },
      onReady: domain => runner.hostReady(domain),
      onLost: (host, dead) => {
        standby.hostLost(host);
        runner.hostLost(host, dead);
      },
      onOrderFailed: domain => runner.orderFailed(domain),
      onFlapping: (host, how) => drains.flaps(host, how),
    },
  );
  const effects = new Effects({
    ...{ store, sdn, leaseMs, timers, random, log, metrics, signal },
    link: host => pool.link(host),
    held: tenure.held,
    nowMs: () => clock.nowMs(),
  });
  const timing = { ...DEFAULT_TIMING, dwellMs, graceMs, drainMaxMs, orderMs: config['pool.startMs'] };
  const runner: Runner = new Runner({
    ...{ store, pool, effects, ledger, clock, timers, timing, leaseMs, log, metrics },
    newId: randomUUID,
    takeSlot: (vehicle, handover, at) => ({ ...at, ...standby.take(vehicle, handover, at) }),
    onChange: state => {
      standby.onChange(state);
      settings.onChange(state);
    },
  });
  const standby: Standby = new Standby(
    {
      topology,
      ...{ budget: config['arming.budget'], reserve: config['arming.reserve'], leaseMs: config['arming.leaseMs'] },
      ...{ ticketsPerDomain: config['tickets.perDomain'], dwellMs, by: config['arming.by'] },
    },
    {
      ...{ store, pool, sdn, term, newId: randomUUID, clock, timers, random, log, metrics, signal },
      state: vehicle => runner.state(vehicle),
    },
  );
  const predictor =
    motion && new Predictor(motion, { clock, metrics, standby, state: vehicle => runner.state(vehicle) });
  const triggers = await openTriggers(config, {
    ...{ store, term, clock, timers, random, metrics, log, newId: randomUUID },
    ...{ callback: callbackOf(config), names: triggerNames(config), domains: domainsOf(config), topology },
    state: vehicle => runner.state(vehicle),
    foresee: (vehicle, domain, reason) => standby.foresee(vehicle, { domain, reason }),
    hint: (vehicle, place) => sdn.hint(vehicle, place, signal),
    armed: () => (topology === undefined ? undefined : standby.view().armed),
    hosts: () => mano.list().map(refOf),
    onHandover: listener => ledger.listen(listener),
  });
  const settings: SettingsDesk = new SettingsDesk({
    ...{ store, term, newId: randomUUID, clock, timers, random, log, signal },
    client: host => pool.link(host)?.client,
    state: vehicle => runner.state(vehicle),
  });
  const sdnLease = new ServiceLeases('sdn-app', {
    ...{ store, clock, log, metrics },
    onHolder: ({ url }) => {
      void sdn.pointTo(url).then(() => standby.tellAll());
    },
  });

  open.use(triggers);
  open.use(pool);
  open.use(runner);
  open.use(standby);
  const recovery: RecoveryDeps = { store, mano, pool, runner, standby, sdn, term, clock, log, signal };
  // sdn-app is asked where it is; then all at once: who is silent costs his own patience, and not everybody's one after another.
  await sdnLease.load();
  const [found, seen, drainNotes] = await Promise.all([
    findAll(recovery),
    ledger.load(),
    store.notes('drain'),
    settings.load(),
  ]);
  const { devices, flows } = found;
  await recoverAll(recovery, found, seen);
  starting.over();
  const drains: Drains = new Drains(drainNotes, {
    ...{ store, mano, pool, runner, standby, term, newId: randomUUID, clock, timers, log },
  });
  open.defer(() => drains.close());
  pool.start();
  standby.start();
  resumeAll(recovery);
  const following = followAttachments(recovery, flows);
  const counting = ledger.countRest();
  const rehearsing = sdn.keepRehearsed(timers, signal);

  const registrations = new Registrations(
    {
      ...{ store, pool, mano, runner, sdn, log, metrics, signal, leaseMs, term },
      plan: planOf(config),
      firstNumber: config['registration.firstNumber'],
      highestBoot: deps.highestBoot,
      nowMs: () => clock.nowMs(),
    },
    devices,
  );
  const upkeep = upkeepRoutes({
    ...{ mano, pool, runner, standby, registrations, drains, domains: domainsOf(config), term, newId: randomUUID },
    ...{ clock, timers, log, metrics, signal },
  });
  const routes = [
    ...managerRoutes({ term, registrations, runner, ledger, pool, standby, sdnLease, settings }),
    ...settingsRoutes(settings, runner),
    ...triggers.routes,
    ...upkeep,
  ];
  const orders = open.use(new Orders({ ...{ store, term, newId: randomUUID, clock, timers, log, metrics } }));
  const self = { url: config['leader.url'] ?? urlOf(config.listen), term };
  await deps.waiting.close();
  const http = open.use(
    await openHttp({
      ...{ part: 'md-manager', listen: config.listen, log, metrics },
      routes: [...orders.audited(routes), ordersRoute(orders, () => clock.nowMs()), leaderRoute(() => self)],
      notReady: () => deps.storeAway?.() ?? (pool.filled() ? undefined : 'pools to fill'),
    }),
  );
  log.info({ event: 'service.started', url: http.url, vehicles: devices.length });
  triggers.start();
  deps.onReady(http.url);
  await aborted(signal);
  log.info({ event: 'service.stopping' });
  await Promise.all([settings.idle(), following, counting, rehearsing]);
}

/** Only the first call counts. */
const once = (call: (url: string) => void): ((url: string) => void) => {
  let called = false;
  return url => {
    if (called) return;
    called = true;
    call(url);
  };
};

/** What forecasts are made from; `undefined` where none are. */
const motionOptions = (config: ManagerConfig, topology: Topology | undefined): PredictorOptions | undefined =>
  topology === undefined || config['arming.by'] !== 'prediction'
    ? undefined
    : { map: new CoverageMap(topology.accessPoints), horizonS: config['arming.horizonS'] };

const topologyOf = (config: ManagerConfig): Topology | undefined =>
  config.topology === undefined || config['arming.enabled'] === 'false' ? undefined : readTopology(config.topology);
