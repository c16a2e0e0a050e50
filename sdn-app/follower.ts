import { messageOf } from '../common/errors.js';
import { backoff } from '../common/retry.js';
import type { AttachmentChanged } from '../protocol/api/md-manager.js';
import type { StandbySlot } from '../protocol/api/sdn-app.js';
import { step, type Effect, type Event, type Offer, type Report, type State } from './attachment/machine.js';
import { attachmentOf } from './attachments.js';
import type { SdnDeps, SdnOptions } from './deps.js';
import type { FlowRunner } from './flow-runner.js';
import type { Moves } from './moves.js';
import type { Reporter } from './reporter.js';
import type { Tickets } from './tickets.js';
import type { TimerSet } from './timer-set.js';
import { hostEnd, pointTo, type OwnRedirect, type Vehicle, type Vehicles } from './vehicles.js';

export interface FollowerParts {
  /** Of the lease under which it follows. */
  readonly term: number;
  readonly vehicles: Vehicles;
  readonly runner: FlowRunner;
  readonly reporter: Reporter;
  readonly tickets: Tickets;
  readonly moves: Moves;
  readonly timers: TimerSet;
}

/** What the manager is told: the machine's report, or what an app before this one could not tell any more. */
export type Change = Omit<Report, 'redirected' | 'detector'> & {
  readonly detector?: string;
  readonly redirected?: OwnRedirect & { readonly atMs: number };
};

const REPAIR = { firstMs: 100, maxMs: 2_000, jitter: 0.2 } as const;

/** Feeds the attachment machines of the vehicles and performs what they ask. */
export class Follower {
  readonly #options: SdnOptions;
  readonly #deps: SdnDeps;
  readonly #parts: FollowerParts;
  readonly #repairs = new Map<Vehicle, () => void>();
  readonly #wakes = new Map<Vehicle, () => void>();

  constructor(options: SdnOptions, deps: SdnDeps, parts: FollowerParts) {
    this.#options = options;
    this.#deps = deps;
    this.#parts = parts;
  }

  /** What a move of this vehicle into a domain may take with it. */
  offer(vehicle: Vehicle, domain: string | undefined): Offer {
    const ticket = domain === undefined ? undefined : this.#parts.tickets.offer(domain, this.#deps.clock.stampMs());
    return {
      handover: this.#deps.newId(),
      twinDomain: vehicle.host.domain,
      ...(ticket === undefined ? {} : { ticket }),
    };
  }

  /** One step of a vehicle's attachment, with everything that follows from it. */
  dispatch(vehicle: Vehicle, event: Event): void {
    if (this.#parts.timers.stopped) return;
    const nowMs = this.#deps.clock.stampMs();
    const was = vehicle.state.at;
    const [state, ...effects] = step(vehicle.state, event, nowMs, this.#options.rules);
    this.#parts.vehicles.change(vehicle, state);
    for (const effect of effects) this.#perform(vehicle, effect, nowMs);
    // behind what the effects have sent
    if (state.at === was) return;
    this.#countState(was);
    this.#countState(state.at);
  }

  countStates(): void {
    for (const at of ATTACHMENT_STATES) this.#countState(at);
  }

  #countState(state: AttachmentState): void {
    this.#deps.metrics.set('sdn_attachments', this.#parts.vehicles.states[state], { state });
  }

  /** No timer of a vehicle that is forgotten goes on. */
  forget(vehicle: Vehicle): void {
    this.#wakes.get(vehicle)?.();
    this.#wakes.delete(vehicle);
    this.#repairs.get(vehicle)?.();
    this.#repairs.delete(vehicle);
    this.#parts.vehicles.remove(vehicle);
  }

  #perform(vehicle: Vehicle, effect: Effect, nowMs: number): void {
    const { metrics } = this.#deps;
    const { runner } = this.#parts;
    switch (effect.do) {
      case 'redirect':
        this.#redirect(vehicle, effect.way, effect.slot);
        break;
      case 'flows':
        this.settle(vehicle, effect.handover, runner.push(vehicle));
        break;
      case 'readBack':
        metrics.count('sdn_read_backs_total');
        this.settle(vehicle, effect.handover, runner.readBack(vehicle));
        break;
      case 'report':
        this.#moved(vehicle, effect);
        break;
      case 'readCounters':
        this.#readCounters(vehicle);
        break;
      case 'wake':
        this.#wakes.get(vehicle)?.();
        this.#wakes.set(
          vehicle,
          this.#parts.timers.after(effect.atMs - nowMs, () => this.dispatch(vehicle, { type: 'tick' })),
        );
        break;
      case 'count':
        metrics.count(COUNTED[effect.what]);
        break;
    }
  }

  /** The flows that follow in the same step swap to the slot's host in the bundle of the re-route. */
  #redirect(vehicle: Vehicle, way: 'armed' | 'ticket', { lease, host }: StandbySlot): void {
    this.#parts.tickets.take(lease);
    const epoch = vehicle.highestEpoch + 1;
    pointTo(vehicle, hostEnd(this.#options.topology, host), host, epoch);
    vehicle.redirected = { way, lease, host, epoch };
    this.#deps.metrics.count('sdn_redirects_total', { way });
  }

  #moved(vehicle: Vehicle, effect: Extract<Effect, { do: 'report' }>): void {
    const { topology } = this.#options;
    const { do: _do, redirected: used, ...change } = effect;
    const own = used !== undefined && vehicle.redirected?.lease === used.slot.lease ? vehicle.redirected : undefined;
    const redirected = used === undefined || own === undefined ? undefined : { ...own, atMs: used.atMs };
    this.report(vehicle, { ...change, ...(redirected === undefined ? {} : { redirected }) });
    const { handover, from, to, detector, detectedAtMs, validatedAtMs, reroutedAtMs } = effect;
    const way = used?.way ?? 're-route';
    this.#parts.moves.add({
      vehicle: vehicle.id ?? `number ${vehicle.number}`,
      handover,
      ...(from === undefined ? {} : { from: attachmentOf(from, topology) }),
      to: attachmentOf(to, topology),
      detector,
      way,
      detectedAtMs,
      validatedAtMs,
      ...(reroutedAtMs === undefined ? {} : { reroutedAtMs }),
    });
    const observe = (phase: string, atMs: number | undefined): void => {
      if (atMs === undefined) return;
      this.#deps.metrics.observe('handover_duration_seconds', (atMs - detectedAtMs) / 1_000, { phase, way: 'any' });
    };
    observe('validated', validatedAtMs);
    observe('rerouted', reroutedAtMs);
    this.#deps.log.info({
      event: 'sdn.rerouted',
      vehicle: vehicle.id,
      number: vehicle.number,
      handover,
      from: from?.port,
      to: to.port,
      detector,
      way,
    });
  }

  /** Tells the manager, until it answers. */
  report(vehicle: Vehicle, { handover, from, to, redirected, ...change }: Change): void {
    const { topology } = this.#options;
    const { reporter, term } = this.#parts;
    // while the manager has not answered about the first frame, this is still the first to it
    const first = from === undefined || reporter.isFirst(vehicle.number);
    const message = (): AttachmentChanged | undefined => {
      const { id } = vehicle;
      if (id === undefined) return undefined;
      const told = first ? {} : { from: attachmentOf(from, topology) };
      return {
        term,
        handover,
        vehicle: id,
        ...told,
        to: attachmentOf(to, topology),
        ...change,
        ...(redirected === undefined ? {} : { redirected }),
      };
    };
    reporter.put(vehicle.number, { handover, first, mustArrive: redirected !== undefined, message });
  }

  /** Tells the machine how flows that were sent have fared. */
  settle(vehicle: Vehicle, handover: string | undefined, work: Promise<void>): void {
    work.then(
      () => {
        if (handover !== undefined) this.dispatch(vehicle, { type: 'applied', handover });
      },
      (error: unknown) => {
        this.failed(vehicle, error);
        if (handover !== undefined) this.dispatch(vehicle, { type: 'failed', handover });
      },
    );
  }

  /** Flows of a vehicle could not be confirmed: read them back until they are, or the switch is reconciled. */
  failed(vehicle: Vehicle, error: unknown): void {
    const { timers, runner } = this.#parts;
    if (timers.stopped) return;
    const { id, number } = vehicle;
    this.#deps.log.warn({ event: 'sdn.flows-failed', vehicle: id, number, error: messageOf(error) });
    if (this.#repairs.has(vehicle)) return;
    const delays = backoff(REPAIR, this.#deps.random);
    const later = (): void => void this.#repairs.set(vehicle, timers.after(delays.next().value, again));
    const again = (): void => {
      this.#repairs.delete(vehicle);
      // without a switch there is nothing to repair: all are reconciled when it is back
      if (runner.isSettled(vehicle)) return;
      runner.readBack(vehicle).catch(later);
    };
    later();
  }

  #readCounters(vehicle: Vehicle): void {
    this.#parts.runner.pathCounters(vehicle).then(
      rows => {
        if (rows.length === 0) return;
        this.dispatch(vehicle, { type: 'counters', rows, handover: this.#deps.newId() });
      },
      (error: unknown) => {
        // the machine asks again in a quarter of the dwell
        const { id, number } = vehicle;
        this.#deps.log.debug({ event: 'sdn.flows-failed', vehicle: id, number, error: messageOf(error) });
      },
    );
  }
}

type AttachmentState = State['at'];
const ATTACHMENT_STATES: readonly AttachmentState[] = ['waiting', 'attached', 'moving', 'dual-homed'];

const COUNTED = {
  late: 'sdn_late_copies_total',
  unconfirmed: 'sdn_attachments_unconfirmed_total',
  'dual-homed': 'sdn_dual_homed_total',
} as const;
