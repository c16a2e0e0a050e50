import type { Clock } from '../../common/clock.js';
import { EdgetwinError, messageOf } from '../../common/errors.js';
import { TWIN_SERIES, type TwinSeriesName } from '../../protocol/twin-series.js';
import type { TwinStore } from '../../store/types.js';
import type { FleetState } from '../live/fleet-state.js';
import type { VehicleState } from '../live/vehicle-state.js';
import type { HistoryReader } from '../query/history-reader.js';
import { NAME, makeLabels, type Labels } from './labels.js';
import { lets, matchesAll, type Matcher } from './matchers.js';
import { PromqlError, promqlFault } from './promql-error.js';
import type { SelectHints, Series, SeriesSource } from './series.js';
import { ReportBudget, signalLabels, signalSeries, signalsLet } from './signal-series.js';
import { computed, handoverLabels, handoverSeries, momentsOf, servingSeries, servingTimes } from './vehicle-series.js';

/** Series that one selector may give. */
const MAX_SERIES = 10_000;

export interface TwinSourceDeps {
  readonly fleet: FleetState;
  readonly reader: HistoryReader;
  readonly store: Pick<TwinStore, 'history'>;
  readonly clock: Clock;
}

const NAMES = Object.keys(TWIN_SERIES) as TwinSeriesName[];

/** Series about vehicles (`protocol/twin-series.ts`), made from history and hand-overs when they are asked for. */
export class TwinSource implements SeriesSource {
  readonly #deps: TwinSourceDeps;

  constructor(deps: TwinSourceDeps) {
    this.#deps = deps;
  }

  async select(matchers: readonly Matcher[], hints: SelectHints, signal: AbortSignal): Promise<readonly Series[]> {
    const found: Series[] = [];
    const names = NAMES.filter(name => lets(matchers, NAME, name));
    const budget = new ReportBudget();
    for (const state of this.#vehicles(matchers)) {
      signal.throwIfAborted();
      for (const name of names)
        for (const series of await this.#of(name, state, matchers, hints, budget, signal))
          if (matchesAll(matchers, series.labels) && found.push(series) > MAX_SERIES)
            throw promqlFault('execution', `a selector gives at most ${MAX_SERIES} series; name vehicles or signals`);
    }
    return found;
  }

  /** Label sets that exist now: for lists of labels, values and series. `undefined` as matchers: everything. */
  labelSets(matchers: readonly Matcher[] | undefined): Labels[] {
    const all = matchers ?? [];
    const names = NAMES.filter(name => lets(all, NAME, name));
    const found: Labels[] = [];
    for (const state of this.#vehicles(all))
      for (const labels of names.flatMap(name => this.#labelsOf(name, state, all))) {
        if (!matchesAll(all, labels)) continue;
        if (found.push(labels) > MAX_SERIES)
          throw promqlFault('execution', `there are more than ${MAX_SERIES} series; name vehicles or signals`);
      }
    return found;
  }

  #vehicles(matchers: readonly Matcher[]): VehicleState[] {
    return [...this.#deps.fleet.vehicles.values()].filter(({ vehicle }) => lets(matchers, 'vehicle', vehicle));
  }

  #labelsOf(name: TwinSeriesName, state: VehicleState, matchers: readonly Matcher[]): Labels[] {
    const { vehicle } = state;
    switch (name) {
      case 'twin_signal':
        return signalsLet(matchers)
          .filter(({ wire }) => state.cells.has(wire))
          .map(row => makeLabels(signalLabels(vehicle, row)));
      case 'twin_age_seconds':
        return [makeLabels({ [NAME]: name, vehicle })];
      case 'twin_serving':
        return servingTimes(this.#facts(state)).map(({ domain, way }) =>
          makeLabels({ [NAME]: name, vehicle, domain, way }),
        );
      case 'twin_handover_time_seconds':
      case 'twin_handover_duration_seconds':
        return this.#handovers(vehicle).map(record => makeLabels({ [NAME]: name, ...handoverLabels(record) }));
    }
  }

  #handovers(vehicle: string) {
    return this.#deps.fleet.handovers({ vehicle, limit: Infinity });
  }

  #facts(state: VehicleState) {
    const { vehicle, record } = state;
    return { vehicle, domain: record?.acting?.domain, handovers: this.#handovers(vehicle) };
  }

  async #of(
    name: TwinSeriesName,
    state: VehicleState,
    matchers: readonly Matcher[],
    hints: SelectHints,
    budget: ReportBudget,
    signal: AbortSignal,
  ): Promise<readonly Series[]> {
    switch (name) {
      case 'twin_signal': {
        const rows = signalsLet(matchers).filter(({ wire }) => state.cells.has(wire));
        if (rows.length === 0) return [];
        return this.#read(() => signalSeries(this.#deps.reader, state.vehicle, rows, hints, budget, signal));
      }
      case 'twin_age_seconds':
        return [await this.#read(() => this.#age(state, hints, signal))];
      case 'twin_serving': {
        const sinceMs = await this.#read(() => this.#firstReport(state));
        return servingSeries(this.#facts(state), sinceMs, hints, this.#deps.clock.nowMs());
      }
      case 'twin_handover_time_seconds':
      case 'twin_handover_duration_seconds':
        return this.#handovers(state.vehicle).flatMap(record => handoverSeries(name, record, hints) ?? []);
    }
  }

  /** A store that cannot be read is no fault of the query. */
  async #read<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read();
    } catch (error) {
      if (error instanceof PromqlError || !(error instanceof EdgetwinError)) throw error;
      throw promqlFault('unavailable', messageOf(error));
    }
  }

  async #firstReport({ vehicle }: VehicleState): Promise<number> {
    for await (const { timeMs } of this.#deps.store.history(vehicle, { limit: 1 })) return timeMs;
    return Infinity;
  }

  /** How old the newest report was at each moment: read backwards from each, as far as needed. */
  async #age(state: VehicleState, hints: SelectHints, signal: AbortSignal): Promise<Series> {
    const labels = makeLabels({ [NAME]: 'twin_age_seconds', vehicle: state.vehicle });
    const nowMs = this.#deps.clock.nowMs();
    const newestMs = state.lastSampleMs();
    const found = new Map<number, number>();
    for (const ms of momentsOf(hints)) {
      if (ms > nowMs) break;
      signal.throwIfAborted();
      if (newestMs !== undefined && ms >= newestMs) found.set(ms, (ms - newestMs) / 1000);
      else
        for await (const row of this.#deps.store.history(state.vehicle, { toMs: ms + 1, limit: 1, reverse: true }))
          found.set(ms, (ms - row.timeMs) / 1000);
    }
    return computed(labels, [...found.keys()], ms => found.get(ms));
  }
}
