import type { CarValues } from '../drive/engine-model.js';
import { encodePid, supportBitmap } from './pids.js';

/**
 * The engine's computer: one diagnostic request (service byte and data) to its answer. SAE J1979 on CAN: what it does
 * not support it does not answer when asked by the functional address, so `undefined` is silence.
 */
export interface EcuAnswer {
  readonly message: readonly number[] | undefined;
  /** The request was one that can change the car: no agent may ever send it. */
  readonly forbidden?: true;
}

export interface EcuCar {
  readonly vin: string;
  values(): CarValues;
  /** Its control units have gone to sleep: whatever is asked is an attempt to wake them. */
  asleep?(): boolean;
  /** Stored and pending trouble codes, as their two bytes each. */
  readonly troubleCodes?: readonly number[];
}

const MAX_PIDS = 6;
const POSITIVE = 0x40;
const NOT_SUPPORTED = 0x11;
const CONDITIONS_NOT_CORRECT = 0x22;
const CALIBRATION = 'EDGETWIN-CAL-01';
const ECU_NAME = 'ECM-EngineControl';

/** J1979 clears and controls; ISO 14229 sessions, resets, writes, routines, downloads: whatever can change a car. */
const CHANGES_THE_CAR: ReadonlySet<number> = new Set([
  0x04, 0x08, 0x10, 0x11, 0x14, 0x27, 0x28, 0x2c, 0x2e, 0x2f, 0x30, 0x31, 0x34, 0x35, 0x36, 0x37, 0x3b, 0x3d, 0x83,
  0x84, 0x85, 0x86, 0x87,
]);

/** On CAN a count byte follows the service (SAE J1979 §6.3). */
const codes = (answer: number, { troubleCodes = [] }: EcuCar): readonly number[] => [
  answer,
  troubleCodes.length,
  ...troubleCodes.flatMap(code => [code >> 8, code & 0xff]),
];

type Service = (data: readonly number[], car: EcuCar) => readonly number[] | undefined;

const SERVICES: ReadonlyMap<number, Service> = new Map<number, Service>([
  [0x01, currentData],
  // No freeze frame is stored: PID 02 says so, the others are silent.
  [0x02, data => (data[0] === 0x02 ? [0x42, 0x02, data[1] ?? 0, 0, 0] : undefined)],
  [0x03, (_data, car) => codes(0x43, car)],
  [0x07, (_data, car) => codes(0x47, car)],
  [0x0a, () => [0x4a, 0]],
  [0x09, vehicleInformation],
  // J1979: an ECU may refuse to clear while the engine runs.
  [0x04, (_data, car) => (car.values().running ? [0x7f, 0x04, CONDITIONS_NOT_CORRECT] : [0x44])],
]);

export function ecuAnswer(request: readonly number[], car: EcuCar): EcuAnswer {
  const [service = 0, ...data] = request;
  const forbidden = CHANGES_THE_CAR.has(service) ? ({ forbidden: true } as const) : {};
  if (car.asleep?.() === true) return { message: undefined, ...forbidden };
  const known = SERVICES.get(service);
  if (known !== undefined) return { message: known(data, car), ...forbidden };
  // J1979 services are silent where not supported; those of ISO 14229 get a negative response.
  return { message: service >= 0x10 && service < 0x40 ? [0x7f, service, NOT_SUPPORTED] : undefined, ...forbidden };
}

function currentData(pids: readonly number[], car: EcuCar): readonly number[] | undefined {
  if (pids.length === 0 || pids.length > MAX_PIDS) return undefined;
  const values = car.values();
  const found = pids.flatMap(pid => {
    const data = encodePid(pid, values);
    return data === undefined ? [] : [pid, ...data];
  });
  return found.length === 0 ? undefined : [POSITIVE | 0x01, ...found];
}

function vehicleInformation(data: readonly number[], car: EcuCar): readonly number[] | undefined {
  switch (data[0]) {
    case 0x00:
      return [0x49, 0x00, ...supportBitmap([0x02, 0x04, 0x06, 0x0a], 0x00)];
    case 0x02:
      return [0x49, 0x02, 1, ...ascii(car.vin, 17)];
    case 0x04:
      return [0x49, 0x04, 1, ...ascii(CALIBRATION, 16)];
    case 0x06:
      return [0x49, 0x06, 1, 0x1a, 0x2b, 0x3c, 0x4d];
    case 0x0a:
      return [0x49, 0x0a, 1, ...ascii(ECU_NAME, 20)];
    default:
      return undefined;
  }
}

/** J1979 service 09: texts are of fixed length, filled with 00. */
const ascii = (text: string, length: number): readonly number[] =>
  Array.from({ length }, (_, index) => text.charCodeAt(index) || 0);
