import { every, type Clock, type Timers } from '../common/clock.js';
import { messageOf } from '../common/errors.js';
import { Resources } from '../common/lifecycle.js';
import type { Log } from '../common/log.js';
import type { Metrics } from '../common/metrics.js';
import { LOOPBACK_PLAN, type AddressPlan } from '../protocol/addresses.js';
import type { HostRef } from '../protocol/api/common.js';
import type { StoreHealth } from '../protocol/api/vmd.js';
import { openHttp } from '../protocol/api/http-server.js';
import type { CoapEndpoint, DatagramPort } from '../protocol/coap/types.js';
import type { MetricName } from '../protocol/metrics.js';
import type { TwinStore } from '../store/types.js';
import type { VmdConfig } from './config.js';
import { hostHandler, openHostEndpoint } from './coap.js';
import { Control } from './control/control.js';
import { DrainWatch } from './control/drain-watch.js';
import { healthOf } from './control/health.js';
import { HostEvents } from './control/host-events.js';
import { Motions } from './control/motions.js';
import { controlRoutes } from './control/routes.js';
import { Ingest, type StoredReport } from './ingest/ingest.js';
import { KnownVehicles } from './ingest/known-vehicles.js';
import { Proofs, type ProofsDeps } from './ingest/proofs.js';
import { LiveWriter } from './ingest/live-writer.js';
import { TwinLimits } from './limits/twin-limits.js';
import { AskCar } from './query/ask-car.js';
import { Coverage } from './query/coverage.js';
import { observableOf } from './query/observable.js';
import { Reads } from './query/read.js';
import { Residents, type Resident } from './residents.js';
import { acts } from './twin/slot.js';
import { Slots } from './twin/slots.js';

const GAUGE_PERIOD_MS = 1_000;

export interface HostDeps {
  /** The host closes neither; the endpoint closes the port. */
  readonly store: TwinStore;
  readonly port: DatagramPort;
  readonly clock: Clock;
  readonly timers: Timers;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
  readonly pid: number;
  readonly startTicks: number;
  /** Told of attachments that reports have proven; without it nobody is. */
  readonly confirm?: ProofsDeps['confirm'];
  /** How the store is, where it is reached over the network. */
  readonly storeHealth?: () => StoreHealth | undefined;
}

export interface VmdHost extends AsyncDisposable {
  readonly ref: HostRef;
  readonly coap: CoapEndpoint;
}

export type HostSettings = Pick<
  VmdConfig,
  | 'host'
  | 'domain'
  | 'address'
  | 'controlPort'
  | 'slots'
  | 'aliasPrefix'
  | 'leaseMs'
  | 'ingest.queueMax'
  | 'car.timeoutMs'
> &
  Partial<Pick<VmdConfig, 'address6' | 'alias6' | 'limits.reportsPerS' | 'limits.bytesPerS' | 'limits.observers'>>;

/** Wires a host: reports, reads and control of its slots. It serves when this resolves. */
export async function openVmdHost(settings: HostSettings, deps: HostDeps): Promise<VmdHost> {
  const { store, clock, timers, random, log, metrics } = deps;
  const resources = new Resources();
  const { address6, aliasPrefix, alias6 } = settings;
  const plan: AddressPlan = { ...LOOPBACK_PLAN, aliasPrefix, ...(alias6 === undefined ? {} : { alias6 }) };
  const slots = new Slots(settings.slots);
  const residents = new Residents();
  const events = new HostEvents();
  const stopping = new AbortController();

  const live = resources.use(
    new LiveWriter({
      store,
      clock,
      timers,
      onFailed: error => {
        metrics.count('vmd_live_failed_total');
        log.warn({ event: 'vmd.live.failed', error: messageOf(error) });
      },
    }),
  );
  const tellObservers = (vehicle: string, cells: Iterable<{ readonly signal: string }>): void => {
    if (coap.isObserved) for (const { signal } of cells) coap.changed(observableOf(vehicle, signal));
  };
  const tellObserversOfAll = ({ vehicle, twin }: Resident): void =>
    tellObservers(
      vehicle,
      twin.signals().map(signal => ({ signal })),
    );
  const onStored = ({ row, cells, reported }: StoredReport): void => {
    if (cells.length > 0) live.add(row.vehicle, cells);
    const resident = residents.ofVehicle(row.vehicle);
    const epoch = slots.get(row.vehicle)?.slot.order.epoch;
    if (resident === undefined || epoch === undefined) return;
    if (reported !== undefined && resident.settings.heard(reported))
      events.emit({ type: 'settings', vehicle: row.vehicle, reported, atMs: row.receivedAtMs });
    if (!resident.twin.applyReport(row.boot, row.seq, cells)) metrics.count('vmd_reports_duplicate_total');
    tellObservers(row.vehicle, cells);
    resident.lastReportAtMs = row.receivedAtMs;
    if (resident.reports++ === 0)
      events.emit({ type: 'first-report', vehicle: row.vehicle, epoch, atMs: clock.stampMs() });
  };
  const { confirm } = deps;
  const proofs = confirm === undefined ? undefined : new Proofs({ store, confirm, clock, timers, log, metrics });
  resources.defer(() => proofs?.stop());
  const { 'limits.reportsPerS': reportsPerS = 0, 'limits.bytesPerS': bytesPerS = 0 } = settings;
  const limits = new TwinLimits({ reportsPerS, bytesPerS }, clock, metrics);
  const ingest = new Ingest({
    store,
    limits,
    vehicles: new KnownVehicles(plan.aliasPrefix, residents, store, plan.alias6),
    clock,
    metrics,
    log,
    queueMax: settings['ingest.queueMax'],
    ...(proofs === undefined ? {} : { onRead: (report, peer) => proofs.look(report, peer) }),
    onStored,
    // Only who acts configures the car (DESIGN §6).
    settingsFor: vehicle => {
      const held = slots.get(vehicle);
      const nowMs = clock.monotonicMs();
      return held !== undefined && acts(held.slot, nowMs)
        ? residents.ofVehicle(vehicle)?.settings.take(nowMs)
        : undefined;
    },
  });
  const unread = (vehicle: string, error: unknown): void => {
    metrics.count('vmd_store_unread_total');
    log.debug({ event: 'vmd.store.unread', vehicle, error: messageOf(error) });
  };
  const reads: Reads = new Reads({
    slots,
    residents,
    store,
    car: new AskCar(() => coap),
    clock,
    metrics,
    carTimeoutMs: settings['car.timeoutMs'],
    onUnread: unread,
  });
  const drains = new DrainWatch(clock, timers, ({ vehicle }, epoch) => {
    void ingest.flushed().then(() => {
      log.info({ event: 'vmd.drained', vehicle, epoch });
      events.emit({ type: 'drained', vehicle, epoch, atMs: clock.stampMs() });
    });
  });
  const coverage = new Coverage({ store, timers, random, signal: stopping.signal, onFailed: unread });
  const completeFromStore = async (resident: Resident): Promise<void> => {
    await reads.joinStore(resident);
    try {
      await coverage.watch(resident.twin, () => residents.ofVehicle(resident.vehicle) === resident);
    } catch (error) {
      if (!stopping.signal.aborted) throw error;
    }
    tellObserversOfAll(resident);
  };
  const control = new Control({
    slots,
    residents,
    events,
    drains,
    plan,
    clock,
    log,
    random,
    leaseMaxMs: settings.leaseMs,
    flushed: () => ingest.flushed(),
    onStanding: tellObserversOfAll,
    // The answer leaves first: a flow waits for it, and whoever reads meanwhile reads the store himself.
    onPrepared: resident =>
      void timers.after(0, () => {
        const isHere = residents.ofVehicle(resident.vehicle) === resident;
        if (isHere && !stopping.signal.aborted) void completeFromStore(resident);
      }),
  });

  const coap: CoapEndpoint = resources.use(
    openHostEndpoint({
      port: deps.port,
      handler: hostHandler(ingest, reads, residents),
      limits,
      observersPerTwin: settings['limits.observers'] || Infinity,
      residents,
      slots,
      plan,
      clock,
      timers,
      random,
      log,
      metrics,
    }),
  );
  resources.defer(() => ingest.flushed());
  try {
    const refOf = (control: string): HostRef => ({
      host: settings.host,
      domain: settings.domain,
      address: settings.address,
      ...(address6 === undefined ? {} : { address6 }),
      port: coap.local.port,
      control,
    });
    let url = `http://${settings.address}:${settings.controlPort}`;
    const health = ({ slots: list }: { readonly slots: boolean }): ReturnType<typeof healthOf> =>
      healthOf({
        list,
        host: refOf(url),
        pid: deps.pid,
        startTicks: deps.startTicks,
        stalledMs: ingest.stalledMs,
        store: deps.storeHealth?.(),
        slots,
        residents,
        monotonicMs: clock.monotonicMs(),
        going: stopping.signal.aborted,
      });
    const http = resources.use(
      await openHttp({
        part: 'vmd',
        listen: { address: settings.address, port: settings.controlPort },
        routes: controlRoutes(control, events, health, {
          timers,
          open: () =>
            new Motions(
              () => residents.all(),
              () => clock.nowMs(),
            ),
        }),
        log,
        metrics,
      }),
    );
    url = http.url;
    const gauges = (): void => {
      metrics.set('vmd_ingest_queue', ingest.depth);
      for (const [state, count] of slots.counts()) metrics.set('vmd_twins', count, { state });
    };
    gauges();
    resources.defer(every(timers, GAUGE_PERIOD_MS, gauges));
    resources.defer(() => drains.close());
    resources.defer(() => stopping.abort(new Error('the host stops')));
    return { ref: refOf(url), coap, [Symbol.asyncDispose]: () => resources[Symbol.asyncDispose]() };
  } catch (error) {
    stopping.abort(error);
    await resources[Symbol.asyncDispose]();
    throw error;
  }
}
