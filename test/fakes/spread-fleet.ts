import { liveFromReport } from '../../store/join.js';
import type { TwinStore } from '../../store/types.js';
import { vehicleOf, type FakeManager } from './fake-manager.js';
import { reportOf, rowOf, type DriveSecond } from './recorded-reports.js';

const COLUMNS = 25;
const STEP_DEGREES = 0.004;

/** Many cars, each on a piece of its own of one recorded drive, laid out over a town. */
export class SpreadFleet {
  readonly #drive: readonly DriveSecond[];
  readonly #cars: number;
  #second = 0;

  constructor(drive: readonly DriveSecond[], cars: number) {
    this.#drive = drive;
    this.#cars = cars;
  }

  nameOf(car: number): string {
    return `car-${car + 1}`;
  }

  /** One more second of every car. */
  async step(store: TwinStore, nowMs: number): Promise<void> {
    const second = this.#second++;
    const reports = Array.from({ length: this.#cars }, (_, car) => {
      const row = this.#drive[(car * 37 + second) % this.#drive.length];
      const [east, north] = [Math.floor(car / COLUMNS) - this.#cars / COLUMNS / 2, (car % COLUMNS) - COLUMNS / 2];
      const place = {
        latitude: (row?.latitude ?? 0) + north * STEP_DEGREES,
        longitude: (row?.longitude ?? 0) + east * STEP_DEGREES,
      };
      const still = { atS: 0, heading: undefined, speedKmh: 0, rpm: 0, throttle: 0 };
      return reportOf(this.nameOf(car), { ...still, ...row, ...place }, second + 1, nowMs);
    });
    await store.append(reports.map(report => rowOf(report)));
    await Promise.all(
      reports.map(report => store.putLive(report.vehicle, liveFromReport(report, nowMs + 40, nowMs + 60))),
    );
  }

  /** What the cars reported in the `pastS` seconds before `nowMs`, and who serves them. */
  async seed(store: TwinStore, manager: FakeManager, nowMs: number, pastS: number): Promise<void> {
    for (let s = 0; s < pastS; s++) await this.step(store, nowMs - (pastS - s) * 1_000);
    manager.vehicles = Array.from({ length: this.#cars }, (_, car) => {
      const domain = car % 2 === 0 ? 'edge-1' : 'edge-2';
      const acting = { host: `${domain}/1`, domain, epoch: 1 };
      return vehicleOf(this.nameOf(car), { number: car + 1, acting, highestEpoch: 1 });
    });
  }
}
