import type { Clock, Timers } from '../common/clock.js';
import { messageOf } from '../common/errors.js';
import { Resources } from '../common/lifecycle.js';
import type { Log } from '../common/log.js';
import type { Metrics } from '../common/metrics.js';
import { backoff } from '../common/retry.js';
import type { Attachment } from '../protocol/api/common.js';
import type { MetricName } from '../protocol/metrics.js';
import type { Topology } from '../protocol/topology.js';
import { readCopy } from './attachment/copy.js';
import { step, type Effect, type Event, type Report, type Rules } from './attachment/machine.js';
import { attachmentOf, isAccessPort } from './attachments.js';
import { FlowRunner } from './flow-runner.js';
import type { ManagerLink } from './manager-link.js';
import { wantedBase, type Reconciling } from './reconcile.js';
import { Recovery } from './recovery.js';
import type { Network } from './redirect/network.js';
import type { Place } from './redirect/vehicle.js';
import { Reporter } from './reporter.js';
import type { FlowSwitch, PacketIn, SwitchEvent } from './switch/flow-switch.js';
import { Vehicles, type Vehicle } from './vehicles.js';

export interface SdnDeps {
  readonly flowSwitch: FlowSwitch;
  readonly manager: ManagerLink;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly newId: () => string;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

export interface SdnOptions {
  readonly network: Network;
  readonly topology: Topology;
  readonly firstNumber: number;
  readonly rules: Rules;
}

/** Its own lease counter: one sdn-app for now. */
export const TERM = 1;
const REPAIR = { firstMs: 100, maxMs: 2_000, jitter: 0.2 } as const;

/** Follows the vehicles of one switch: feeds the attachment machines and performs what they ask. */
export class SdnService implements AsyncDisposable {
  readonly vehicles = new Vehicles();
  readonly runner: FlowRunner;
  readonly reporter: Reporter;
  readonly options: SdnOptions;
  readonly deps: SdnDeps;
  /** Highest term of md-manager that was seen. */
  managerTerm = 0;
  readonly #recovery = new Recovery(this);
  readonly #resources = new Resources();
  readonly #timers = new Map<object, () => void>();

  constructor(options: SdnOptions, deps: SdnDeps) {
    this.options = options;
    this.deps = deps;
    this.runner = new FlowRunner(options.network, deps.flowSwitch, deps.clock, deps.metrics);
    this.reporter = new Reporter(deps);
  }

  /** What is awaited before commands can be taken; `undefined` when nothing is. */
  get notReady(): string | undefined {
    return this.#recovery.done ? undefined : 'the switch';
  }

  get reconciling(): Reconciling {
    const { topology, firstNumber } = this.options;
    return { flowSwitch: this.deps.flowSwitch, runner: this.runner, vehicles: this.vehicles, topology, firstNumber };
  }

  /** TOPOLOGY_INVALID where the topology does not have this switch. */
  start(): void {
    wantedBase(this.reconciling);
    this.#resources.defer(this.deps.flowSwitch.listen(event => this.#onSwitch(event)));
    this.#resources.defer(() => this.reporter.stop());
    this.#resources.defer(() => {
      for (const cancel of this.#timers.values()) cancel();
      this.#timers.clear();
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources[Symbol.asyncDispose]();
  }

  /** One step of a vehicle's attachment, with everything that follows from it. */
  dispatch(vehicle: Vehicle, event: Event): void {
    const nowMs = this.deps.clock.stampMs();
    const was = vehicle.state.at;
    const [state, ...effects] = step(vehicle.state, event, nowMs, this.options.rules);
    vehicle.state = state;
    if (state.at !== was) this.countStates();
    for (const effect of effects) this.#perform(vehicle, effect, nowMs);
  }

  countStates(): void {
    const counts = { waiting: 0, attached: 0, moving: 0 };
    for (const { state } of this.vehicles.all()) counts[state.at]++;
    for (const [state, count] of Object.entries(counts)) this.deps.metrics.set('sdn_attachments', count, { state });
  }

  #perform(vehicle: Vehicle, effect: Effect, nowMs: number): void {
    const { metrics, log } = this.deps;
    switch (effect.do) {
      case 'flows':
        this.settle(vehicle, effect.handover, this.runner.push(vehicle));
        break;
      case 'readBack':
        metrics.count('sdn_read_backs_total');
        this.settle(vehicle, effect.handover, this.runner.readBack(vehicle));
        break;
      case 'report': {
        const { handover, from, to, detectedAtMs, validatedAtMs, reroutedAtMs } = effect;
        this.report(vehicle, effect);
        const observe = (phase: string, atMs: number): void =>
          metrics.observe('handover_duration_seconds', (atMs - detectedAtMs) / 1_000, { phase, way: 'any' });
        observe('validated', validatedAtMs);
        observe('rerouted', reroutedAtMs);
        log.info({
          event: 'sdn.rerouted',
          vehicle: vehicle.id,
          number: vehicle.number,
          handover,
          from: from?.port,
          to: to.port,
        });
        break;
      }
      case 'wake':
        this.after(effect.atMs - nowMs, () => this.dispatch(vehicle, { type: 'tick' }));
        break;
      case 'count':
        metrics.count(effect.what === 'late' ? 'sdn_late_copies_total' : 'sdn_attachments_unconfirmed_total');
        break;
    }
  }

  report(vehicle: Vehicle, { handover, from, to, detectedAtMs, validatedAtMs, reroutedAtMs }: Report): void {
    const { network, topology } = this.options;
    const at = (place: Place): Attachment => attachmentOf(place, network.datapath, topology);
    // while the manager has not answered about the first frame, this is still the first to it
    const first = from === undefined || this.reporter.isFirst(vehicle.number);
    const times = { detectedAtMs, validatedAtMs, reroutedAtMs };
    this.reporter.put(vehicle.number, handover, first, () => {
      const { id } = vehicle;
      return id === undefined
        ? undefined
        : { term: TERM, handover, vehicle: id, ...(first ? {} : { from: at(from) }), to: at(to), ...times };
    });
  }

  settle(vehicle: Vehicle, handover: string | undefined, work: Promise<void>): void {
    work.then(
      () => handover !== undefined && this.dispatch(vehicle, { type: 'applied', handover }),
      (error: unknown) => {
        this.failed(vehicle, error);
        if (handover !== undefined) this.dispatch(vehicle, { type: 'failed', handover });
      },
    );
  }

  /** Flows of a vehicle could not be confirmed: read them back until they are, or the switch comes back. */
  failed(vehicle: Vehicle, error: unknown): void {
    this.deps.log.warn({
      event: 'sdn.flows-failed',
      vehicle: vehicle.id,
      number: vehicle.number,
      error: messageOf(error),
    });
    if (this.#timers.has(vehicle)) return;
    const delays = backoff(REPAIR, this.deps.random);
    const again = (): void => {
      this.#timers.delete(vehicle);
      // without a switch there is nothing to repair: all are reconciled when it is back
      if (vehicle.sent !== undefined || !this.deps.flowSwitch.connected) return;
      this.runner
        .readBack(vehicle)
        .catch(() => this.#timers.set(vehicle, this.deps.timers.after(delays.next().value, again)));
    };
    this.#timers.set(vehicle, this.deps.timers.after(delays.next().value, again));
  }

  after(ms: number, fn: () => void): void {
    const key = {};
    this.#timers.set(
      key,
      this.deps.timers.after(Math.max(0, ms), () => {
        this.#timers.delete(key);
        fn();
      }),
    );
  }

  #onSwitch(event: SwitchEvent): void {
    const { log, metrics } = this.deps;
    switch (event.type) {
      case 'up':
        log.info({ event: 'sdn.switch-up' });
        metrics.set('sdn_switch_connected', 1);
        this.#recovery.begin();
        break;
      case 'down':
        log.warn({ event: 'sdn.switch-down' });
        metrics.set('sdn_switch_connected', 0);
        this.#recovery.lost();
        for (const vehicle of this.vehicles.all()) delete vehicle.sent;
        break;
      case 'packetIn':
        this.#onPacketIn(event);
        break;
      case 'portStatus':
        log.info({ event: 'sdn.port-status', port: event.port, up: event.up });
        break;
    }
  }

  #onPacketIn(event: PacketIn): void {
    const { network, topology } = this.options;
    const copy = readCopy(event);
    const vehicle = copy.of === 'vehicle' ? this.vehicles.numbered(copy.number) : undefined;
    const useful = event.datapath === network.datapath && isAccessPort(event.inPort, network.datapath, topology);
    this.deps.metrics.count('sdn_packet_ins_total', {
      of: useful && (vehicle !== undefined || copy.of !== 'vehicle') ? copy.of : 'foreign',
    });
    if (vehicle === undefined || copy.of !== 'vehicle' || !useful) return;
    this.dispatch(vehicle, { type: 'copy', place: copy.place, handover: this.deps.newId() });
  }
}
