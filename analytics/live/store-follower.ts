import { type Clock, type Timers, every } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import { decodeReport, type Report } from '../../protocol/report.js';
import { NO_SEQS, addSeq, hasSeq, type SeqRanges } from '../../store/ranges.js';
import { liveFromReport } from '../../store/join.js';
import type { HistoryRow, LiveCell, TwinStore } from '../../store/types.js';
import { positionOf, TRACK_MS } from '../query/track.js';
import type { FleetState } from './fleet-state.js';

/** How often the newest rows and the live cells are read. */
export const POLL_MS = 250;
/** Rows are read again this far back: replication may deliver them out of order. */
const OVERLAP_MS = 10_000;
/** The same while seqs of a vehicle are missing: its backlog comes with old times. */
const BACKLOG_MS = 300_000;
/** A whole scan finds what came later than that, and rows that stand twice. At most a tenth of the time goes into it. */
const SCAN_EVERY_MS = 15_000;
const SCAN_SHARE = 10;
const ROWS_PER_TURN = 500;

export interface FollowerDeps {
  readonly store: TwinStore;
  readonly fleet: FleetState;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

/** Keeps a FleetState equal to what the store holds: newest rows each POLL_MS, everything by a slow scan. */
export class StoreFollower {
  readonly #deps: FollowerDeps;
  #scanAfterMs = 0;

  constructor(deps: FollowerDeps) {
    this.#deps = deps;
  }

  /** Polls until the returned function is called. */
  start(): () => void {
    return every(this.#deps.timers, POLL_MS, () => this.poll());
  }

  /** One round. A store that cannot be read is a state of the fleet, not an end. */
  async poll(): Promise<void> {
    const { store, fleet, clock, log } = this.#deps;
    try {
      const vehicles = new Set([...(await store.liveVehicles()), ...fleet.vehicles.keys()]);
      for (const vehicle of vehicles) await this.#follow(vehicle);
      if (clock.monotonicMs() >= this.#scanAfterMs) await this.#scan();
      fleet.partIs('store', 'here');
    } catch (error) {
      if (fleet.partIs('store', 'away', messageOf(error)))
        log.warn({ event: 'analytics.store-away', error: messageOf(error) });
    }
    fleet.publishCounts();
  }

  async #follow(vehicle: string): Promise<void> {
    const { store, fleet, clock } = this.#deps;
    const state = fleet.vehicle(vehicle);
    const nowMs = clock.nowMs();
    const behind = state.newestMs === 0 ? TRACK_MS : state.counts.awaited > 0 ? BACKLOG_MS : OVERLAP_MS;
    // A report whose time is ahead of ours must not hide those that are right.
    const fromMs = Math.min(state.newestMs || nowMs, nowMs) - behind;
    const changed: LiveCell[] = state.merge(await store.live(vehicle));
    let added = 0;
    for await (const row of store.history(vehicle, { fromMs })) {
      if (state.ledger.has(row)) continue;
      added++;
      changed.push(...this.#take(row));
    }
    if (added > 0 || changed.length > 0) fleet.changed(state, changed);
  }

  /** Takes a row that was not known; returns the cells that it made newer. */
  #take(row: HistoryRow): LiveCell[] {
    const { fleet, clock, metrics } = this.#deps;
    const state = fleet.vehicle(row.vehicle);
    const report = readReport(row);
    if (report === undefined) {
      metrics.count('analytics_unreadable_rows_total');
      state.ledger.addId(row);
      return [];
    }
    state.ledger.add(report);
    const nowMs = clock.nowMs();
    if (row.timeMs <= nowMs + OVERLAP_MS) state.newestMs = Math.max(state.newestMs, row.timeMs);
    const point = positionOf(report);
    if (point !== undefined && point[0] <= nowMs + OVERLAP_MS) state.move(point);
    return state.merge(liveFromReport(report, row.receivedAtMs, nowMs));
  }

  async #scan(): Promise<void> {
    const { store, fleet, clock, metrics } = this.#deps;
    const began = clock.monotonicMs();
    const seen = new Map<string, SeqRanges>();
    const changed = new Map<string, LiveCell[]>();
    let rows = 0;
    for await (const row of store.scan()) {
      const key = `${row.vehicle} ${row.boot}`;
      const before = seen.get(key) ?? NO_SEQS;
      const state = fleet.vehicle(row.vehicle);
      if (hasSeq(before, row.seq)) state.ledger.setDuplicated(row.boot, [[row.seq, row.seq]]);
      seen.set(key, addSeq(before, row.seq));
      if (!state.ledger.has(row)) changed.set(row.vehicle, [...(changed.get(row.vehicle) ?? []), ...this.#take(row)]);
      if (++rows % ROWS_PER_TURN === 0) await new Promise(resolve => setImmediate(resolve));
    }
    for (const [vehicle, cells] of changed) fleet.changed(fleet.vehicle(vehicle), cells);
    for (const state of fleet.vehicles.values()) state.count(clock.nowMs());
    const tookMs = clock.monotonicMs() - began;
    metrics.observe('analytics_scan_seconds', tookMs / 1000);
    this.#scanAfterMs = clock.monotonicMs() + Math.max(SCAN_EVERY_MS, tookMs * SCAN_SHARE);
  }
}

/** The report in a row; undefined where another release wrote it in a form that this one cannot read. */
export function readReport(row: HistoryRow): Report | undefined {
  try {
    return decodeReport(row.bytes);
  } catch (error) {
    if (error instanceof Error) return undefined;
    throw error;
  }
}
