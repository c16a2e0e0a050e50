import type { CarValues } from '../drive/engine-model.js';

/** What the lab's car answers to service 01: one row per PID (SAE J1979), from value to data bytes. */
export interface CarPid {
  readonly pid: number;
  /** Data bytes; `undefined` where the car has no value at this moment: the ECU then leaves the PID out. */
  encode(values: CarValues): readonly number[] | undefined;
}

type NumberOf = (values: CarValues) => number | undefined;

const clamp = (value: number, max: number): number => Math.min(max, Math.max(0, Math.round(value)));

/** A value in steps of 1/`scale` above `offset`, in so many bytes. */
function scaled(pid: number, bytes: 1 | 2, of: NumberOf, scale: number, offset = 0): CarPid {
  return {
    pid,
    encode(values) {
      const value = of(values);
      if (value === undefined) return undefined;
      const raw = clamp((value - offset) * scale, bytes === 1 ? 0xff : 0xffff);
      return bytes === 1 ? [raw] : [raw >> 8, raw & 0xff];
    },
  };
}

const constant = (pid: number, ...data: readonly number[]): CarPid => ({ pid, encode: () => data });
const BYTE_PERCENT = 255 / 100;

/** Rows without values of the recording answer always: they are what the car *is*. */
export const CAR_PIDS: readonly CarPid[] = [
  // No trouble code, lamp off; spark ignition, its monitors complete.
  constant(0x01, 0x00, 0x07, 0xe5, 0x00),
  // Closed loop, one bank; open loop for lack of warmth below 40 °C.
  { pid: 0x03, encode: ({ coolantC }) => (coolantC === undefined ? undefined : [coolantC < 40 ? 1 : 2, 0]) },
  scaled(0x04, 1, v => v.loadPct, BYTE_PERCENT),
  scaled(0x05, 1, v => v.coolantC, 1, -40),
  scaled(0x0b, 1, v => v.intakePressureKpa, 1),
  scaled(0x0c, 2, v => v.engineRpm, 4),
  scaled(0x0d, 1, v => v.speedKmh, 1),
  scaled(0x0f, 1, v => v.intakeC, 1, -40),
  scaled(0x10, 2, v => v.airFlowGs, 100),
  scaled(0x11, 1, v => v.throttlePct, BYTE_PERCENT),
  // EOBD and OBD-II.
  constant(0x1c, 0x09),
  scaled(0x1f, 2, v => v.runTimeS, 1),
  scaled(0x2f, 1, v => v.fuelLevelPct, BYTE_PERCENT),
  scaled(0x30, 1, v => v.warmUps, 1),
  scaled(0x31, 2, v => v.distanceKm, 1),
  scaled(0x33, 1, v => v.barometricKpa, 1),
  scaled(0x42, 2, v => v.voltage, 1_000),
  scaled(0x44, 2, v => v.lambda, 32_768),
  scaled(0x46, 1, v => v.ambientC, 1, -40),
  scaled(0x51, 1, v => v.fuelType, 1),
];

const byPid = new Map(CAR_PIDS.map(row => [row.pid, row]));
const BITMAP_STEP = 0x20;

/** Bits of the 32 numbers after `base`, the highest first; the last one says that the next bitmap exists. */
export function supportBitmap(supported: readonly number[], base: number): readonly number[] {
  const bytes = [0, 0, 0, 0];
  const more = supported.some(pid => pid > base + BITMAP_STEP);
  for (const pid of [...supported, ...(more ? [base + BITMAP_STEP] : [])]) {
    const bit = pid - base - 1;
    if (bit >= 0 && bit < BITMAP_STEP) bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) | (0x80 >> (bit & 7));
  }
  return bytes;
}

const SUPPORTED = CAR_PIDS.map(row => row.pid);
const LAST = Math.max(...SUPPORTED);

/** Data bytes of one PID of service 01, `undefined` where the car does not support it or has no value now. */
export function encodePid(pid: number, values: CarValues): readonly number[] | undefined {
  if (pid % BITMAP_STEP === 0) return pid < LAST ? supportBitmap(SUPPORTED, pid) : undefined;
  return byPid.get(pid)?.encode(values);
}
