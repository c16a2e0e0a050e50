import { messageOf } from '../../common/errors.js';
import type { Clock, Timers } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { AttachmentAnswer, AttachmentChanged, HandoverRecord } from '../../protocol/api/md-manager.js';
import type { HostEvent } from '../../protocol/api/vmd.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { ControlStore } from '../../store/types.js';
import type { Pool } from '../pool/pool.js';
import type { Effects } from './effects.js';
import type { Ledger } from './ledger.js';
import { step } from './machine.js';
import type { Effect, HandoverEvent, Of, Timing, VehicleState } from './state.js';
import { deadlineOf, namedHosts, targetOf } from './work.js';

export interface RunnerDeps {
  readonly store: ControlStore;
  readonly pool: Pool;
  readonly effects: Effects;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly timing: Timing;
  readonly leaseMs: number;
  readonly newId: () => string;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

interface Entry {
  state: VehicleState;
  /** Burnt ahead of need, so that a hand-over does not wait for the disk twice; never used twice. */
  spareEpoch?: number;
  burning: boolean;
  cancelTimer: () => void;
  deadlineMs?: number;
  /** When the attempt in force began to look for a slot. */
  wishedAtMs?: number;
}

/** Drives the machines of all vehicles: events in, effects out, timers, the pool's and the ledger's books. */
export class Runner implements AsyncDisposable {
  readonly #deps: RunnerDeps;
  readonly #vehicles = new Map<string, Entry>();
  /** Host → vehicles whose state names it. */
  readonly #byHost = new Map<string, Set<string>>();
  #closed = false;

  constructor(deps: RunnerDeps) {
    this.#deps = deps;
  }

  /** Takes a vehicle over in this state; `dispatch` with `resumed` sets a recovered one going. */
  add(state: VehicleState): void {
    const entry: Entry = { state, burning: false, cancelTimer: () => undefined };
    this.#vehicles.set(state.vehicle, entry);
    this.#index(undefined, state);
    this.#book(undefined, state);
    this.#burnSpare(entry);
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
    const { handover: id, vehicle, from, to, detectedAtMs, validatedAtMs, reroutedAtMs } = change;
    const before = this.state(vehicle);
    if (before === undefined || before.seen.includes(id)) return 'known';
    const phases = { detected: detectedAtMs, validated: validatedAtMs, rerouted: reroutedAtMs };
    const first = from === undefined && before.attachment === undefined;
    this.dispatch(vehicle, { type: 'attachmentChanged', move: { id, to, first, phases } });
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

  /** A slot became ready: for those who wait. */
  hostReady(domain: string): void {
    for (const { state } of [...this.#vehicles.values()])
      if (state.run?.stage.at === 'ordering') this.dispatch(state.vehicle, { type: 'hostReady', domain });
  }

  orderFailed(domain: string): void {
    for (const { state } of [...this.#vehicles.values()])
      if (state.run?.stage.at === 'ordering') this.dispatch(state.vehicle, { type: 'orderFailed', domain });
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
      this.#book(before, after);
      for (const effect of effects) events.push(...this.#perform(entry, effect));
    }
    this.#arm(entry);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const entry of this.#vehicles.values()) entry.cancelTimer();
    return Promise.resolve();
  }

  #perform(entry: Entry, effect: Effect): HandoverEvent[] {
    const { pool, effects, ledger, metrics } = this.#deps;
    const { state } = entry;
    const { vehicle } = state;
    switch (effect.do) {
      case 'reserve': {
        entry.wishedAtMs ??= this.#now();
        const { of } = effect;
        const host = pool.reserve({ vehicle, handover: of.handover, ...effect });
        if (host === undefined) return [{ type: 'poolEmpty', of }];
        const way = state.run?.record.way ?? 'manager';
        metrics.observe('pool_allocation_seconds', (this.#now() - entry.wishedAtMs) / 1_000, { way });
        delete entry.wishedAtMs;
        return [{ type: 'slotReserved', of, host }];
      }
      case 'orderHost':
        pool.order(effect.domain);
        return [];
      case 'burnEpoch': {
        const { spareEpoch: epoch } = entry;
        if (epoch === undefined) {
          this.#await(entry, effect, this.#burn(entry, effect.of));
          return [];
        }
        delete entry.spareEpoch;
        return [{ type: 'epochBurnt', of: effect.of, epoch }];
      }
      case 'putIntent':
        this.#await(entry, effect, this.#putIntent(entry, effect.of));
        return [];
      case 'prepare': {
        const wanted = (): boolean => isCurrent(entry.state, effect.header) && targetIs(entry.state, effect.host.host);
        this.#await(entry, effect, effects.prepare(state, effect, wanted));
        return [];
      }
      case 'redirect':
        this.#await(
          entry,
          effect,
          effects.redirect(state, effect, () => isCurrent(entry.state, effect.header)),
        );
        return [];
      case 'claim':
        this.#await(entry, effect, effects.claim(state, effect));
        return [];
      case 'readOwner':
        this.#await(
          entry,
          effect,
          effects.readOwner(state, effect, () => isCurrent(entry.state, effect.of)),
        );
        return [];
      case 'activate':
        this.#await(
          entry,
          effect,
          effects.activate(state, effect, () => isCurrent(entry.state, effect.header)),
        );
        return [];
      case 'drain':
      case 'retire':
      case 'release': {
        const wanted = (): boolean => entry.state.leaving.some(item => item.host.host === effect.host.host);
        const done =
          effect.do === 'drain'
            ? effects.drain(state, effect, wanted)
            : effect.do === 'retire'
              ? effects.retire(state, effect, wanted)
              : effects.release(state, effect, wanted);
        this.#await(entry, effect, done);
        return [];
      }
      case 'free':
        pool.free(effect.host, vehicle);
        return [];
      case 'record':
        ledger.end(effect.record);
        return [];
    }
  }

  #await(entry: Entry, effect: Effect, answer: Promise<HandoverEvent | undefined>): void {
    answer.then(
      event => {
        if (event === undefined) return;
        const { vehicle } = entry.state;
        this.dispatch(vehicle, event);
        if (event.type === 'released' && !namedHosts(entry.state).includes(event.host))
          this.#deps.pool.free(event.host, vehicle);
      },
      (error: unknown) => this.#failed(effect, error),
    );
  }

  async #burn(entry: Entry, of: Of): Promise<HandoverEvent | undefined> {
    const { store, effects } = this.#deps;
    const wanted = (): boolean => isCurrent(entry.state, of);
    const epoch = await effects.store('burnEpoch', wanted, () => store.burnEpoch(entry.state.vehicle));
    return epoch === undefined ? undefined : { type: 'epochBurnt', of, epoch };
  }

  async #putIntent(entry: Entry, of: Of): Promise<HandoverEvent | undefined> {
    const wanted = (): boolean => isCurrent(entry.state, of);
    const durable = await this.#deps.effects.store('putIntent', wanted, async () => {
      const { run } = entry.state;
      if (run === undefined) return false;
      await this.#deps.ledger.putIntent(run.record, entry.state);
      return true;
    });
    this.#burnSpare(entry);
    if (durable !== true) return undefined;
    return { type: 'intentDurable', of };
  }

  #burnSpare(entry: Entry): void {
    if (entry.burning || entry.spareEpoch !== undefined || this.#closed) return;
    entry.burning = true;
    this.#deps.store.burnEpoch(entry.state.vehicle).then(
      epoch => {
        entry.burning = false;
        entry.spareEpoch = epoch;
      },
      (error: unknown) => {
        entry.burning = false;
        this.#deps.log.warn({ event: 'manager.effect.failed', effect: 'burnEpoch', error: messageOf(error) });
      },
    );
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
    entry.cancelTimer = this.#deps.timers.after(inMs, () => {
      delete entry.deadlineMs;
      this.dispatch(entry.state.vehicle, { type: 'tick' });
    });
  }

  /** Keeps the pool's slots and the ledger in step with the state. */
  #book(before: VehicleState | undefined, after: VehicleState): void {
    const { pool, ledger, log } = this.#deps;
    const { vehicle, twin, run, leaving } = after;
    const id = run?.record.id ?? 'none';
    pool.mark(twin.host.host, vehicle, 'assigned', id);
    const target = run === undefined ? undefined : targetOf(run.stage);
    if (target !== undefined) pool.mark(target.host, vehicle, 'reserved', id);
    for (const item of leaving) pool.mark(item.host.host, vehicle, 'draining', item.handover);
    if (run === undefined || before === undefined || (before.run === run && before.leaving === leaving)) return;
    ledger.update(run.record, after, run.intended);
    const reached = newPhase(before.run?.record, run.record);
    if (reached === undefined) return;
    const { way, attempt, epoch, toHost } = run.record;
    log.info({ event: 'manager.handover.phase', handover: id, vehicle, phase: reached, way, attempt, epoch, toHost });
  }

  #index(before: VehicleState | undefined, after: VehicleState): void {
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

function isCurrent(state: VehicleState, of: Of): boolean {
  return state.run?.record.id === of.handover && state.run.record.attempt === of.attempt;
}

function targetIs(state: VehicleState, host: string): boolean {
  return state.run !== undefined && targetOf(state.run.stage)?.host === host;
}

function newPhase(before: HandoverRecord | undefined, after: HandoverRecord): string | undefined {
  const had = before?.id === after.id ? before.phases : {};
  return Object.entries(after.phases).find(([phase, at]) => (had as Record<string, number>)[phase] !== at)?.[0];
}
