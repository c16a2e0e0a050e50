import type { Clock } from '../../common/clock.js';
import type { Metrics } from '../../common/metrics.js';
import type { MotionRow } from '../../protocol/api/vmd.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { VehicleState } from '../handover/state.js';
import { Courses } from './courses.js';
import type { CoverageMap } from './coverage-map.js';
import { forecast } from './forecast.js';
import type { Standby } from './standby.js';

export interface PredictorOptions {
  readonly map: CoverageMap;
  /** How far ahead. */
  readonly horizonS: number;
}

export interface PredictorDeps {
  readonly state: (vehicle: string) => VehicleState | undefined;
  readonly standby: Pick<Standby, 'foresee' | 'follow'>;
  readonly clock: Clock;
  readonly metrics: Metrics<MetricName>;
}

/** How often hosts tell where their vehicles are. */
export const MOTION_MS = 1_000;
/** A car that turns away is believed to come for so long still: a forecast that comes and goes costs more than a slot. */
const BELIEVED_MS = 10_000;
/** A car of which nothing is heard for so long may be anywhere. */
const FOLLOWED_MS = 15_000;

/** Turns what twins know of the motion of their vehicles into the domains that these are about to enter. */
export class Predictor {
  readonly #options: PredictorOptions;
  readonly #deps: PredictorDeps;
  readonly #courses = new Courses();

  constructor(options: PredictorOptions, deps: PredictorDeps) {
    this.#options = options;
    this.#deps = deps;
  }

  /** A host tells of vehicles; of those whose twin is there now. */
  heard(host: string, vehicles: readonly MotionRow[]): void {
    const { map, horizonS } = this.#options;
    const { state, standby, clock, metrics } = this.#deps;
    const nowMs = clock.monotonicMs();
    for (const row of vehicles) {
      const { vehicle } = row;
      const found = state(vehicle);
      if (found?.twin.host.host !== host || found.attachment === undefined) continue;
      const motion = this.#courses.heard(row, nowMs);
      if (motion === undefined) continue;
      standby.follow(vehicle, FOLLOWED_MS);
      const next = forecast(map, motion, found.attachment.domain, horizonS);
      metrics.count('arming_forecasts_total', { result: next === undefined ? 'stays' : 'enters' });
      if (next === undefined) continue;
      const reason = `predicted ${next.accessPoint} in ${Math.round(next.inS)} s`;
      standby.foresee(vehicle, { domain: next.domain, reason }, 'forecast', BELIEVED_MS);
    }
  }
}
