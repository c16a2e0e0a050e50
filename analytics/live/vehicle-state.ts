import type { ReportCounts, Serving, TrackPoint } from '../../protocol/api/analytics.js';
import type { VehicleRecord } from '../../protocol/api/md-manager.js';
import { ClockCorrections } from '../../protocol/clock-corrections.js';
import type { LiveCell } from '../../store/types.js';
import { compareCells } from '../../store/join.js';
import { NO_REPORTS, ReportsLedger } from '../query/reports-ledger.js';
import { addToTrack } from '../query/track.js';

/** Who serves, as the manager's record says: the acting host, else the host that the switch was told. */
export function servingOf(record: VehicleRecord): Serving | undefined {
  const { acting, host, attachment } = record;
  const where =
    acting ?? (host === undefined ? undefined : { domain: host.domain, host: host.host, epoch: record.hostEpoch });
  if (where === undefined) return undefined;
  return {
    domain: where.domain,
    host: where.host,
    ...(where.epoch === undefined ? {} : { epoch: where.epoch }),
    ...(attachment === undefined ? {} : { attachment }),
  };
}

/** What analytics holds of one vehicle, all of it made from the store and the manager's records. */
export class VehicleState {
  readonly vehicle: string;
  readonly cells = new Map<string, LiveCell>();
  readonly ledger = new ReportsLedger();
  /** Better clocks that it found later. */
  readonly corrections = new ClockCorrections();
  track: TrackPoint[] = [];
  /** Key time of the newest report read. */
  newestMs = 0;
  counts: ReportCounts = NO_REPORTS;
  record: VehicleRecord | undefined;

  constructor(vehicle: string) {
    this.vehicle = vehicle;
  }

  /** Returns the cells that were newer than what was held. */
  merge(cells: readonly LiveCell[]): LiveCell[] {
    return cells.filter(cell => {
      const held = this.cells.get(cell.signal);
      if (held !== undefined && compareCells(cell, held) <= 0) return false;
      this.cells.set(cell.signal, cell);
      return true;
    });
  }

  /** Counts the ledger anew; `nowMs` dates what is awaited. */
  count(nowMs: number): void {
    this.counts = this.ledger.counts(nowMs);
  }

  move(point: TrackPoint): void {
    this.track = addToTrack(this.track, point);
  }

  /** The newest sample's time, suspect ones left out. */
  lastSampleMs(): number | undefined {
    let newest: number | undefined;
    for (const { timeMs, suspect } of this.cells.values())
      if (!suspect && (newest === undefined || timeMs > newest)) newest = timeMs;
    return newest;
  }
}
