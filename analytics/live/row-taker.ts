import type { Clock } from '../../common/clock.js';
import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import { liveFromReport } from '../../store/join.js';
import type { HistoryRow, LiveCell } from '../../store/types.js';
import { readReport } from '../query/read-report.js';
import { positionOf } from '../query/track.js';
import type { Roller } from '../rollup/roller.js';
import type { FleetState } from './fleet-state.js';

/** A report this far ahead of our clock tells no place and no newest time. */
const AHEAD_MS = 10_000;

/** What has to be told of new rows, so that roll-ups stay true. */
export type Rolling = Pick<Roller, 'touch' | 'compare'>;

export interface RowTakerDeps {
  readonly fleet: FleetState;
  readonly clock: Clock;
  readonly metrics: Metrics<MetricName>;
  readonly rolling?: Rolling | undefined;
}

/** Takes rows that were not known into the state of their vehicle. */
export class RowTaker {
  readonly #deps: RowTakerDeps;

  constructor(deps: RowTakerDeps) {
    this.#deps = deps;
  }

  /** Returns the cells that it made newer. Roll-ups of rows that a scan found are compared block by block instead. */
  take(row: HistoryRow, found: 'followed' | 'scanned'): LiveCell[] {
    const { fleet, clock, metrics, rolling } = this.#deps;
    const state = fleet.vehicle(row.vehicle);
    const report = readReport(row);
    if (report === undefined) {
      state.ledger.addId(row, row.timeMs);
      metrics.count('analytics_unreadable_rows_total');
      return [];
    }
    state.ledger.add(report);
    state.corrections.note(report);
    if (found === 'followed') rolling?.touch(report);
    const nowMs = clock.nowMs();
    if (row.timeMs <= nowMs + AHEAD_MS) state.newestMs = Math.max(state.newestMs, row.timeMs);
    const point = positionOf(report);
    if (point !== undefined && point[0] <= nowMs + AHEAD_MS) state.move(point);
    return state.merge(liveFromReport(report, row.receivedAtMs, nowMs));
  }
}
