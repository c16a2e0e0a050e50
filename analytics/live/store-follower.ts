import { type Clock, type Timers, every } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { LiveCell, TwinStore } from '../../store/types.js';
import { forEachAtOnce } from '../query/at-once.js';
import { TRACK_MS } from '../query/track.js';
import type { FleetState } from './fleet-state.js';
import { RowTaker, type Rolling } from './row-taker.js';

/** How often, at most, newest rows are looked for. */
export const POLL_MS = 250;
/** Between two looks at one vehicle that was not heard for long: a share of its silence, at most so long. */
const QUIET_MS = 2_000;
const QUIET_SHARE = 20;
/** Rows are read again this far back: replication may deliver them out of order. */
const OVERLAP_MS = 10_000;
/** How often rows are looked for where seqs of a vehicle are missing. */
const BACKLOG_EVERY_MS = 1_000;
/** Live cells are a cache of history: they tell what is older than the rows that were read. */
const CELLS_EVERY_MS = 5_000;
const DISCOVER_EVERY_MS = 1_000;
/** How many times as long as it took each rests: a store that takes its time is asked less often. */
const REST = { round: 4, discovery: 50 };
const VEHICLES_AT_ONCE = 16;

export interface FollowerDeps {
  readonly store: TwinStore;
  readonly fleet: FleetState;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
  readonly rolling?: Rolling | undefined;
}

/** When one vehicle is looked at again, by the monotonic clock. */
interface Turn {
  nextMs: number;
  cellsMs: number;
  backlogMs: number;
}

/** Keeps a FleetState equal to the newest that the store holds. How often it looks follows from what it finds and what that costs. */
export class StoreFollower {
  readonly #deps: FollowerDeps;
  readonly #rows: RowTaker;
  readonly #turns = new Map<string, Turn>();
  #roundMs = 0;
  #discoveryMs = 0;

  constructor(deps: FollowerDeps) {
    this.#deps = deps;
    this.#rows = new RowTaker(deps);
  }

  /** Polls until the returned function is called; that resolves once a round that is under way has ended. */
  start(): () => Promise<void> {
    let round = Promise.resolve();
    const stop = every(this.#deps.timers, POLL_MS, () => (round = this.poll()));
    return () => {
      stop();
      return round;
    };
  }

  /** One round, where it is time for one. A store that cannot be read is a state of the fleet, not an end. */
  async poll(): Promise<void> {
    const { fleet, clock, log } = this.#deps;
    const beganMs = clock.monotonicMs();
    if (beganMs < this.#roundMs) return;
    try {
      await this.#discover();
      const due = [...fleet.vehicles.keys()].filter(vehicle => this.#turn(vehicle).nextMs <= beganMs);
      await forEachAtOnce(due, VEHICLES_AT_ONCE, vehicle => this.#follow(vehicle));
      fleet.partIs('store', 'here');
    } catch (error) {
      if (fleet.partIs('store', 'away', messageOf(error)))
        log.warn({ event: 'analytics.store-away', error: messageOf(error) });
    }
    fleet.publishCounts();
    const nowMs = clock.monotonicMs();
    this.#roundMs = nowMs + REST.round * (nowMs - beganMs);
  }

  #turn(vehicle: string): Turn {
    const known = this.#turns.get(vehicle);
    if (known !== undefined) return known;
    const made = { nextMs: 0, cellsMs: 0, backlogMs: 0 };
    this.#turns.set(vehicle, made);
    return made;
  }

  async #discover(): Promise<void> {
    const { store, fleet, clock } = this.#deps;
    const beganMs = clock.monotonicMs();
    if (beganMs < this.#discoveryMs) return;
    for (const vehicle of await store.liveVehicles()) fleet.vehicle(vehicle);
    const nowMs = clock.monotonicMs();
    this.#discoveryMs = nowMs + Math.max(DISCOVER_EVERY_MS, REST.discovery * (nowMs - beganMs));
  }

  async #follow(vehicle: string): Promise<void> {
    const { store, fleet, clock } = this.#deps;
    const state = fleet.vehicle(vehicle);
    const turn = this.#turn(vehicle);
    const nowMs = clock.nowMs();
    const monotonicMs = clock.monotonicMs();
    const behind = state.newestMs === 0 ? TRACK_MS : OVERLAP_MS;
    // A report whose time is ahead of ours must not hide those that are right.
    const fromMs = Math.min(state.newestMs || nowMs, nowMs) - behind;
    const changed: LiveCell[] = [];
    if (monotonicMs >= turn.cellsMs) {
      changed.push(...state.merge(await store.live(vehicle)));
      turn.cellsMs = monotonicMs + CELLS_EVERY_MS;
    }
    let added = await this.#take(vehicle, { fromMs }, changed);
    if (state.counts.awaited > 0 && monotonicMs >= turn.backlogMs) {
      for (const span of state.ledger.awaitedSpans(nowMs)) added += await this.#take(vehicle, span, changed);
      turn.backlogMs = monotonicMs + BACKLOG_EVERY_MS;
    }
    const silentMs = nowMs - state.newestMs;
    turn.nextMs = monotonicMs + (added > 0 ? 0 : Math.max(0, Math.min(QUIET_MS, silentMs / QUIET_SHARE)));
    if (added > 0 || changed.length > 0) fleet.changed(state, changed);
  }

  /** Takes the rows of a span that are not known yet; gives how many. */
  async #take(vehicle: string, span: { fromMs: number; toMs?: number }, changed: LiveCell[]): Promise<number> {
    const { ledger } = this.#deps.fleet.vehicle(vehicle);
    let added = 0;
    for await (const row of this.#deps.store.history(vehicle, span)) {
      if (ledger.has(row)) continue;
      added++;
      changed.push(...this.#rows.take(row, 'followed'));
    }
    return added;
  }
}
