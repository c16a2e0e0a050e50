import { messageOf } from '../../common/errors.js';
import type { Clock } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { ControlStore } from '../../store/types.js';
import { Lanes } from '../lanes.js';
import type { Pool } from '../pool/pool.js';
import type { Effects } from './effects.js';
import type { Ledger } from './ledger.js';
import type { Effect, HandoverEvent, Of, VehicleState } from './state.js';
import { Turns } from './turns.js';
import { namedHosts, targetOf } from './work.js';

export interface PerformerDeps {
  readonly store: ControlStore;
  readonly pool: Pool;
  readonly effects: Effects;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

/** Epochs that are burnt ahead of need at once. */
const SPARES_AT_ONCE = 64;

/** A vehicle under way: its state, and what its effects keep between two of them. */
export interface Underway {
  state: VehicleState;
  /** Burnt ahead of need, so that a hand-over does not wait for the disk twice; never used twice. */
  spareEpoch?: number;
  burning: boolean;
  /** When the attempt in force began to look for a slot. */
  wishedAtMs?: number;
}

/** Performs the effects of the machines: at once what needs nobody else, the rest with an answer that comes later. */
export class Performer {
  readonly #deps: PerformerDeps;
  readonly #answer: (vehicle: string, event: HandoverEvent) => void;
  readonly #turns = new Turns();
  readonly #spares = new Lanes(SPARES_AT_ONCE, SPARES_AT_ONCE);
  #closed = false;

  /** `answer` hears of events that effects lead to, except those that `perform` returns. */
  constructor(deps: PerformerDeps, answer: (vehicle: string, event: HandoverEvent) => void) {
    this.#deps = deps;
    this.#answer = answer;
  }

  close(): void {
    this.#closed = true;
  }

  /** Returns the events that it has at once. */
  perform(entry: Underway, effect: Effect): HandoverEvent[] {
    const { pool, effects, ledger, metrics } = this.#deps;
    const { state } = entry;
    const { vehicle } = state;
    switch (effect.do) {
      case 'reserve': {
        entry.wishedAtMs ??= this.#deps.clock.stampMs();
        const { of } = effect;
        const host = pool.reserve({ vehicle, handover: of.handover, ...effect });
        if (host === undefined) return [{ type: 'poolEmpty', of }];
        const way = state.run?.record.way ?? 'manager';
        metrics.observe('pool_allocation_seconds', (this.#deps.clock.stampMs() - entry.wishedAtMs) / 1_000, { way });
        delete entry.wishedAtMs;
        return [{ type: 'slotReserved', of, host }];
      }
      case 'orderHost':
        pool.order(effect.domain);
        return [];
      case 'burnEpoch': {
        const host = burningFor(state);
        const begin = (): void => {
          if (!this.#closed) for (const event of this.#burnt(entry, effect)) this.#answer(vehicle, event);
        };
        return host === undefined || this.#turns.take(vehicle, host, begin) ? this.#burnt(entry, effect) : [];
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
        this.burnSpare(entry);
        return [];
    }
  }

  #await(entry: Underway, effect: Effect, answer: Promise<HandoverEvent | undefined>): void {
    answer.then(
      event => {
        if (event === undefined) return;
        const { vehicle } = entry.state;
        this.#answer(vehicle, event);
        // Not before: its commit would stand before the claim's.
        if (event.type === 'activated') this.burnSpare(entry);
        if (event.type === 'released' && !namedHosts(entry.state).includes(event.host))
          this.#deps.pool.free(event.host, vehicle);
      },
      (error: unknown) => this.#failed(effect, error),
    );
  }

  /** To be told of each vehicle once its effects have begun: whose turn it is where one has been prepared, or is given up. */
  moved({ run, vehicle }: VehicleState): void {
    const at = run?.stage.at;
    const target = run === undefined || (at !== 'burning' && at !== 'preparing') ? undefined : targetOf(run.stage);
    this.#turns.leave(vehicle, target?.host);
  }

  #burnt(entry: Underway, effect: Effect & { do: 'burnEpoch' }): HandoverEvent[] {
    const { spareEpoch: epoch } = entry;
    delete entry.spareEpoch;
    if (epoch !== undefined && epoch > effect.above) return [{ type: 'epochBurnt', of: effect.of, epoch }];
    this.#await(entry, effect, this.#burn(entry, effect));
    return [];
  }

  async #burn(entry: Underway, { of, above }: Effect & { do: 'burnEpoch' }): Promise<HandoverEvent | undefined> {
    const { store, effects } = this.#deps;
    const wanted = (): boolean => isCurrent(entry.state, of);
    const epoch = await effects.store('burnEpoch', wanted, () => store.burnEpoch(entry.state.vehicle, above));
    return epoch === undefined ? undefined : { type: 'epochBurnt', of, epoch };
  }

  async #putIntent(entry: Underway, of: Of): Promise<HandoverEvent | undefined> {
    const wanted = (): boolean => isCurrent(entry.state, of);
    const durable = await this.#deps.effects.store('putIntent', wanted, async () => {
      const { run } = entry.state;
      if (run === undefined) return false;
      await this.#deps.ledger.putIntent(run.record, entry.state);
      return true;
    });
    if (durable !== true) return undefined;
    return { type: 'intentDurable', of };
  }

  /** So that the next hand-over has its epoch already; few at once, for a new leader has one to burn for every vehicle that there is. */
  burnSpare(entry: Underway): void {
    if (entry.burning || entry.spareEpoch !== undefined || this.#closed) return;
    entry.burning = true;
    void this.#spares.run('standby', () => this.#burnOne(entry));
  }

  #burnOne(entry: Underway): Promise<void> {
    if (this.#closed) return Promise.resolve();
    return this.#deps.store.burnEpoch(entry.state.vehicle, entry.state.highestEpoch).then(
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

  #failed(effect: Effect, error: unknown): void {
    this.#deps.log.error({ event: 'manager.effect.failed', effect: effect.do, error: messageOf(error) });
  }
}

/** The host whose slot an epoch is burnt for; none for the way back to the old twin. */
function burningFor({ run }: VehicleState): string | undefined {
  return run?.stage.at === 'burning' ? run.stage.target.host : undefined;
}

function isCurrent(state: VehicleState, of: Of): boolean {
  return state.run?.record.id === of.handover && state.run.record.attempt === of.attempt;
}

function targetIs(state: VehicleState, host: string): boolean {
  return state.run !== undefined && targetOf(state.run.stage)?.host === host;
}
