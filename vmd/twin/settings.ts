import type { DesiredSettings, ReportedSettings } from '../../protocol/settings.js';

/** An acknowledgement may be lost: it is told again after this long, until the car has answered. */
const AGAIN_MS = 2_000;

/** What one car is to be set to, and what it said of that. Pure. */
export class CarSettings {
  #desired: DesiredSettings | undefined;
  #reported: ReportedSettings | undefined;
  #toldAtMs = -Infinity;

  get reported(): ReportedSettings | undefined {
    return this.#reported;
  }

  /** An older version than the known one changes nothing. */
  desire(desired: DesiredSettings): void {
    if (this.#desired !== undefined && desired.version <= this.#desired.version) return;
    this.#desired = desired;
    this.#toldAtMs = -Infinity;
  }

  /** What an acknowledgement that leaves now is to carry; it counts as told. */
  take(nowMs: number): DesiredSettings | undefined {
    const desired = this.#desired;
    if (desired === undefined || (this.#reported?.version ?? -1) >= desired.version) return undefined;
    if (nowMs - this.#toldAtMs < AGAIN_MS) return undefined;
    this.#toldAtMs = nowMs;
    return desired;
  }

  /** The car has answered; gives false where it says what it said before. */
  heard(reported: ReportedSettings): boolean {
    const before = this.#reported;
    this.#reported = reported;
    return (
      before?.version !== reported.version || before.result !== reported.result || before.reason !== reported.reason
    );
  }
}
