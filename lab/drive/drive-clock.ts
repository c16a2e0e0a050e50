/**
 * Which moment of the drive a car is at: a pure function of wall time, so that a part of the lab that was killed and
 * started again goes on where the car is.
 */
export interface DriveClock {
  /** Unix milliseconds at which car 0 begins its drive. */
  readonly startAtMs: number;
  /** Drive seconds per second of the clock. */
  readonly speed: number;
}

/** Cars begin this much drive time after one another. */
export const STAGGER_MS = 5_000;

/** Milliseconds into its drive of car `index` (from 0) at `nowMs`; below 0 before it begins. */
export function driveTimeMs(clock: DriveClock, index: number, nowMs: number): number {
  return (nowMs - clock.startAtMs) * clock.speed - index * STAGGER_MS;
}

/** Unix milliseconds at which car `index` is at `driveMs` of its drive. */
export function wallTimeMs(clock: DriveClock, index: number, driveMs: number): number {
  return clock.startAtMs + (driveMs + index * STAGGER_MS) / clock.speed;
}
