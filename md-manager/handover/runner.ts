import { messageOf } from '../../common/errors.js';
import type { Timers } from '../../common/clock.js';
import type { AttachmentAnswer, AttachmentChanged } from '../../protocol/api/md-manager.js';
import type { HostEvent } from '../../protocol/api/vmd.js';
import { keepBooks } from './books.js';
import { step } from './machine.js';
import { Performer, type PerformerDeps, type Underway } from './performer.js';
import type { HandoverEvent, Move, Redirected, Timing, VehicleState } from './state.js';
import { deadlineOf, namedHosts } from './work.js';

export interface RunnerDeps extends PerformerDeps {
  readonly timers: Timers;
  readonly timing: Timing;
  readonly leaseMs: number;
  readonly newId: () => string;
  /** The slot that sdn-app redirected to becomes the hand-over's, where it can be had. */
  readonly takeSlot: (
    vehicle: string,
    handover: string,
    at: NonNullable<AttachmentChanged['redirected']>,
  ) => Redirected;
  /** The state of a vehicle has changed. */
  readonly onChange: (state: VehicleState) => void;
}

type Ordered = Omit<HandoverEvent & { readonly type: 'ordered' }, 'type'>;

interface Entry extends Underway {
  cancelTimer: () => void;
  deadlineMs?: number;
  /** The deadline that was put off because this process was late itself; once for each. */
  grantedMs?: number;
}

/** A deadline that is noticed so much too late is put off by as much. */
const OWN_LATE_MS = 100;

/** Drives the machines of all vehicles: events in, effects out, timers, the pool's and the ledger's books. */
export class Runner implements AsyncDisposable {
  readonly #deps: RunnerDeps;
  readonly #performer: Performer;
  readonly #vehicles = new Map<string, Entry>();
  /** Host → vehicles whose state names it. */
  readonly #byHost = new Map<string, Set<string>>();
  /** Vehicles that wait for a slot. */
  readonly #ordering = new Set<string>();
  #closed = false;

  constructor(deps: RunnerDeps) {
    this.#deps = deps;
    this.#performer = new Performer(deps, (vehicle, event) => this.dispatch(vehicle, event));
  }

  /** Takes a vehicle over in this state; `dispatch` with `resumed` sets a recovered one going. */
  add(state: VehicleState): void {
    const entry: Entry = { state, burning: false, cancelTimer: () => undefined };
    this.#vehicles.set(state.vehicle, entry);
    this.#index(undefined, state);
    keepBooks(this.#deps, undefined, state);
    this.#deps.onChange(state);
    this.#performer.burnSpare(entry);
  }

  state(vehicle: string): VehicleState | undefined {
    return this.#vehicles.get(vehicle)?.state;
  }

  states(): VehicleState[] {
    return [...this.#vehicles.values()].map(({ state }) => state);
  }

  /** What acts on a host, for its lease. */
  acting(host: string): { vehicle: string; epoch: number }[] {
    return [...(this.#byHost.get(host) ?? [])].flatMap(vehicle => {
      const twin = this.state(vehicle)?.twin;
      const acts = twin?.host.host === host && twin.acts && twin.health.is === 'alive';
      return acts ? [{ vehicle, epoch: twin.actingEpoch }] : [];
    });
  }

  attachmentChanged(change: AttachmentChanged): AttachmentAnswer['result'] {
    const { handover: id, vehicle, from, to, detectedAtMs, validatedAtMs, reroutedAtMs, redirected } = change;
    const before = this.state(vehicle);
    if (before === undefined || before.seen.includes(id)) return 'known';
    const phases = {
      detected: detectedAtMs,
      validated: validatedAtMs,
      ...(reroutedAtMs === undefined ? {} : { rerouted: reroutedAtMs }),
    };
    const first = from === undefined && before.attachment === undefined;
    const slot = redirected === undefined ? {} : { redirected: this.#deps.takeSlot(vehicle, id, redirected) };
    const move: Move = { id, to, first, phases, ...slot };
    this.dispatch(vehicle, { type: 'attachmentChanged', move });
    const after = this.state(vehicle);
    if (after?.next?.id === id) return 'deferred';
    return to.domain === before.twin.host.domain && after?.run?.record.id !== id ? 'same-domain' : 'started';
  }

  hostEvent(host: string, event: HostEvent): void {
    const { vehicle } = event;
    if (event.type === 'first-report') this.dispatch(vehicle, { type: 'firstReport', host, epoch: event.epoch });
    else this.dispatch(vehicle, { type: 'drained', host });
  }

  hostLost(host: string, dead: boolean): void {
    const leaseUntilMs = this.#now() + this.#deps.leaseMs;
    for (const vehicle of [...(this.#byHost.get(host) ?? [])])
      this.dispatch(vehicle, { type: 'hostLost', host, dead, leaseUntilMs, id: this.#deps.newId() });
  }

  /** Vehicles that hold a slot of a host. */
  namedBy(host: string): string[] {
    return [...(this.#byHost.get(host) ?? [])];
  }

  /**
   * A hand-over that no move has caused. `known`: its id was seen before; `busy`: another one is under way, or the vehicle has no
   * twin that serves; `there`: an operator's order to where the twin is.
   */
  order(vehicle: string, order: Ordered): 'started' | 'known' | 'busy' | 'there' {
    const before = this.state(vehicle);
    if (before?.seen.includes(order.id)) return 'known';
    if (order.kind === 'ordered' && before?.run === undefined && before?.twin.host.domain === order.domains[0])
      return 'there';
    this.dispatch(vehicle, { type: 'ordered', ...order });
    return this.state(vehicle)?.seen.includes(order.id) ? 'started' : 'busy';
  }

  /** A slot became ready: for those who wait. */
  hostReady(domain: string): void {
    for (const vehicle of [...this.#ordering]) this.dispatch(vehicle, { type: 'hostReady', domain });
  }

  orderFailed(domain: string): void {
    for (const vehicle of [...this.#ordering]) this.dispatch(vehicle, { type: 'orderFailed', domain });
  }

  /** A host does not act although the owner row names it: told again. */
  leaseRefused(host: string, vehicles: readonly string[]): void {
    for (const vehicle of vehicles) {
      const state = this.state(vehicle);
      if (state?.twin.host.host !== host || state.run !== undefined) continue;
      const { twin, term } = state;
      const header = { term, handover: 'lease', attempt: 0, epoch: twin.actingEpoch, way: 'manager' } as const;
      const order = { do: 'activate', header, host: twin.host } as const;
      const wanted = (): boolean => this.state(vehicle)?.twin.actingEpoch === twin.actingEpoch;
      this.#deps.effects.activate(state, order, wanted).catch((error: unknown) => this.#failed(order, error));
    }
  }

  /** Events are handled one after the other; those that an effect causes at once come next. */
  dispatch(vehicle: string, event: HandoverEvent): void {
    const entry = this.#vehicles.get(vehicle);
    if (entry === undefined || this.#closed) return;
    const events = [event];
    for (let next = events.shift(); next !== undefined; next = events.shift()) {
      const before = entry.state;
      const [after, ...effects] = step(before, next, this.#now(), this.#deps.timing);
      entry.state = after;
      this.#index(before, after);
      keepBooks(this.#deps, before, after);
      if (before !== after) this.#deps.onChange(after);
      for (const effect of effects) events.push(...this.#performer.perform(entry, effect));
    }
    this.#performer.moved(entry.state);
    this.#arm(entry);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#performer.close();
    for (const entry of this.#vehicles.values()) entry.cancelTimer();
    return Promise.resolve();
  }

  #arm(entry: Entry): void {
    const deadlineMs = deadlineOf(entry.state, this.#deps.timing);
    if (deadlineMs === entry.deadlineMs) return;
    entry.cancelTimer();
    entry.cancelTimer = () => undefined;
    delete entry.deadlineMs;
    if (deadlineMs === undefined) return;
    entry.deadlineMs = deadlineMs;
    const inMs = Math.max(1, Math.ceil(deadlineMs - this.#now()));
    entry.cancelTimer = this.#deps.timers.after(inMs, () => this.#due(entry, deadlineMs));
  }

  /** A timer that is late tells that this process was held up, and of nobody else: answers that wait in its sockets are read first. */
  #due(entry: Entry, deadlineMs: number): void {
    if (this.#now() - deadlineMs > OWN_LATE_MS && entry.grantedMs !== deadlineMs) {
      entry.grantedMs = deadlineMs;
      entry.cancelTimer = this.#deps.timers.after(OWN_LATE_MS, () => this.#due(entry, deadlineMs));
      return;
    }
    delete entry.deadlineMs;
    this.dispatch(entry.state.vehicle, { type: 'tick' });
  }

  #index(before: VehicleState | undefined, after: VehicleState): void {
    if (after.run?.stage.at === 'ordering') this.#ordering.add(after.vehicle);
    else this.#ordering.delete(after.vehicle);
    // Most steps leave all of it as it was.
    if (before?.twin === after.twin && before.leaving === after.leaving && before.run?.stage === after.run?.stage)
      return;
    const had = before === undefined ? [] : namedHosts(before);
    const has = namedHosts(after);
    for (const host of had) if (!has.includes(host)) this.#byHost.get(host)?.delete(after.vehicle);
    for (const host of has) this.#byHost.set(host, (this.#byHost.get(host) ?? new Set()).add(after.vehicle));
    for (const host of had) if (this.#byHost.get(host)?.size === 0) this.#byHost.delete(host);
  }

  #now(): number {
    return this.#deps.clock.stampMs();
  }

  #failed(effect: { readonly do: string }, error: unknown): void {
    this.#deps.log.error({ event: 'manager.effect.failed', effect: effect.do, error: messageOf(error) });
  }
}
