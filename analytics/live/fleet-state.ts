import type { Clock } from '../../common/clock.js';
import type {
  Counts,
  Fleet,
  LiveValues,
  PartState,
  ServingChanged,
  Sources,
  VehicleDetail,
  VehicleSummary,
} from '../../protocol/api/analytics.js';
import type { HandoverCounts, HandoverRecord, VehicleRecord } from '../../protocol/api/md-manager.js';
import { signalByWire } from '../../protocol/signals.js';
import type { LiveCell } from '../../store/types.js';
import { LOST_AFTER_MS, sumCounts } from '../query/reports-ledger.js';
import { signalState, signalStates } from '../query/signal-state.js';
import { pointsEach } from '../query/track.js';
import { VehicleState, servingOf } from './vehicle-state.js';

/** Hand-overs kept for the time that md-manager is away; the oldest goes first. */
const HANDOVERS_KEPT = 500;

export type LiveEvent =
  | { readonly event: 'values'; readonly data: LiveValues }
  | { readonly event: 'serving'; readonly data: ServingChanged }
  | { readonly event: 'handover'; readonly data: HandoverRecord }
  | { readonly event: 'counts'; readonly data: Omit<Counts, 'sources'> }
  | { readonly event: 'sources'; readonly data: Sources };

/** The fleet as analytics knows it: filled by the followers of store and manager, read by REST and stream. */
export class FleetState {
  readonly vehicles = new Map<string, VehicleState>();
  readonly #handovers = new Map<string, HandoverRecord>();
  readonly #clock: Clock;
  readonly #parts: { store: PartState; manager: PartState };
  #handoverCounts: HandoverCounts | undefined;
  #publishedCounts = '';
  #listener: (event: LiveEvent) => void = () => undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
    const asked: PartState = { state: 'away', sinceMs: clock.nowMs(), why: 'not asked yet' };
    this.#parts = { store: asked, manager: asked };
  }

  /** One listener: the hub of the stream. */
  onEvent(listener: (event: LiveEvent) => void): void {
    this.#listener = listener;
  }

  vehicle(name: string): VehicleState {
    const known = this.vehicles.get(name);
    if (known !== undefined) return known;
    const made = new VehicleState(name);
    this.vehicles.set(name, made);
    return made;
  }

  /** Returns whether that is news. */
  partIs(part: 'store' | 'manager', state: PartState['state'], why?: string): boolean {
    const before = this.#parts[part];
    if (before.state === state && (state === 'here' || before.why === why)) return false;
    const sinceMs = before.state === state ? before.sinceMs : this.#clock.nowMs();
    this.#parts[part] = { state, sinceMs, ...(why === undefined ? {} : { why }) };
    this.#listener({ event: 'sources', data: this.sources() });
    return true;
  }

  sources(): Sources {
    return { nowMs: this.#clock.nowMs(), ...this.#parts };
  }

  /** Something of the vehicle was stored; `cells` are its newer values. */
  changed(state: VehicleState, cells: readonly LiveCell[]): void {
    const nowMs = this.#clock.nowMs();
    state.count(nowMs);
    const newest = new Map(cells.map(cell => [cell.signal, state.cells.get(cell.signal) ?? cell]));
    const values = [...newest.values()].flatMap(cell => {
      const row = signalByWire(cell.signal);
      if (row === undefined) return [];
      const { path, value, timeMs, ageMs, source } = signalState(row, cell, nowMs);
      return [{ path, value, timeMs, ageMs, source }];
    });
    const { vehicle, counts } = state;
    this.#listener({ event: 'values', data: { vehicle, nowMs, stored: counts.stored, values } });
  }

  /** What md-manager says of its vehicles. */
  setRecords(records: readonly VehicleRecord[]): void {
    for (const record of records) {
      const state = this.vehicle(record.vehicle);
      const before = JSON.stringify(this.#serving(state));
      state.record = record;
      const after = this.#serving(state);
      if (JSON.stringify(after) !== before) this.#listener({ event: 'serving', data: after });
    }
  }

  #serving(state: VehicleState): ServingChanged {
    const serving = state.record && servingOf(state.record);
    return {
      vehicle: state.vehicle,
      ...(state.record === undefined ? {} : { number: state.record.number }),
      ...(serving === undefined ? {} : { serving }),
      ...(state.record?.settings === undefined ? {} : { settings: state.record.settings }),
    };
  }

  setHandover(record: HandoverRecord): void {
    const before = this.#handovers.get(record.id);
    if (before !== undefined && JSON.stringify(before) === JSON.stringify(record)) return;
    this.#handovers.set(record.id, record);
    if (this.#handovers.size > HANDOVERS_KEPT) {
      const oldest = this.handovers({ limit: Infinity }).at(-1);
      if (oldest !== undefined) this.#handovers.delete(oldest.id);
    }
    this.#listener({ event: 'handover', data: record });
  }

  /** Newest first. */
  handovers(query: { readonly vehicle?: string | undefined; readonly limit: number }): HandoverRecord[] {
    return [...this.#handovers.values()]
      .filter(({ vehicle }) => query.vehicle === undefined || vehicle === query.vehicle)
      .sort((a, b) => b.startedAtMs - a.startedAtMs)
      .slice(0, query.limit);
  }

  setHandoverCounts(counts: HandoverCounts): void {
    this.#handoverCounts = counts;
    this.publishCounts();
  }

  counts(): Omit<Counts, 'sources'> {
    const reports = sumCounts([...this.vehicles.values()].map(state => state.counts));
    const handovers = this.#handoverCounts;
    return { reports, lostAfterMs: LOST_AFTER_MS, ...(handovers === undefined ? {} : { handovers }) };
  }

  /** Tells the stream where the counts are other than last time. */
  publishCounts(): void {
    const nowMs = this.#clock.nowMs();
    for (const state of this.vehicles.values()) if (state.counts.awaited > 0) state.count(nowMs);
    const data = this.counts();
    const text = JSON.stringify(data);
    if (text === this.#publishedCounts) return;
    this.#publishedCounts = text;
    this.#listener({ event: 'counts', data });
  }

  summary(state: VehicleState): VehicleSummary {
    const lastSampleMs = state.lastSampleMs();
    return {
      ...this.#serving(state),
      ...(lastSampleMs === undefined ? {} : { lastSampleMs }),
      stored: state.counts.stored,
    };
  }

  summaries(): VehicleSummary[] {
    return this.#sorted().map(state => this.summary(state));
  }

  detail(state: VehicleState): VehicleDetail {
    const sources = this.sources();
    return {
      ...{ sources, ...this.summary(state) },
      ...{ signals: signalStates(state.cells, sources.nowMs), track: state.track },
    };
  }

  fleet(only?: string): Fleet {
    const sources = this.sources();
    const one = only === undefined ? undefined : this.vehicles.get(only);
    const states = only === undefined ? this.#sorted() : one === undefined ? [] : [one];
    const points = pointsEach(states.length);
    const vehicles = states.map(state => ({
      ...this.summary(state),
      signals: signalStates(state.cells, sources.nowMs),
      track: state.track.slice(-points),
    }));
    return { sources, vehicles, counts: this.counts() };
  }

  #sorted(): VehicleState[] {
    const order = new Intl.Collator('en', { numeric: true });
    return [...this.vehicles.values()].sort((a, b) => order.compare(a.vehicle, b.vehicle));
  }
}
