import type { FakeClock } from './fake-clock.js';
import type { Link } from '../../device/obd/types.js';
import { runCloneLine, type Clone } from '../../lab/car/clone.js';
import { ecuAnswer, type EcuCar } from '../../lab/car/ecu.js';
import { POWER_ON } from '../../lab/car/elm-state.js';
import { waitMs } from '../../lab/car/elm-timing.js';
import { echoOf, type ElmBus } from '../../lab/car/elm327.js';
import type { CarValues } from '../../lab/drive/engine-model.js';

export const DRIVING: CarValues = {
  speedKmh: 54,
  engineRpm: 1800,
  airFlowGs: 10,
  throttlePct: 20,
  loadPct: 40,
  intakePressureKpa: 50,
  coolantC: 88,
  intakeC: 25,
  warmUps: 12,
  distanceKm: 345,
  barometricKpa: 101,
  fuelType: 1,
  voltage: 14.1,
  lambda: 1,
  fuelLevelPct: 60,
  ambientC: 20,
  runTimeS: 600,
  running: true,
};
export const LAB_VIN = '1EDGETW10TL000001';

export interface LabAdapterOptions {
  readonly clock: FakeClock;
  readonly clone?: Clone;
  readonly bus?: Pick<ElmBus, 'protocol' | 'others'>;
  readonly car?: Partial<EcuCar>;
  /** Answers in place of the lab's car. */
  readonly answer?: (bytes: readonly number[]) => ReturnType<typeof ecuAnswer>;
  readonly turnAroundMs?: number;
  /** Bytes of each chunk that arrives; all at once where it is left out. */
  readonly chunkBytes?: number;
}

export interface LabAdapter extends Link {
  /** Every line that was sent to it. */
  readonly commands: string[];
  /** Requests of them: what went out on the bus. */
  readonly requests: string[];
  /** Pulls it. */
  pull(): void;
  readonly isOpen: boolean;
}

/** The lab's adapter and car at the far end of a link, on a clock that the test moves. */
export function labAdapter({
  clock,
  clone = {},
  bus = {},
  car = {},
  answer,
  turnAroundMs = 20,
  chunkBytes,
}: LabAdapterOptions): LabAdapter {
  const ecu: EcuCar = { vin: LAB_VIN, values: () => DRIVING, ...car };
  let state = POWER_ON;
  let listener: (chunk: Uint8Array) => void = () => undefined;
  let isOpen = true;
  let end: (reason: unknown) => void = () => undefined;
  const closed = new Promise<unknown>(resolve => (end = resolve));
  const commands: string[] = [];
  const requests: string[] = [];
  const say = (text: string): void => {
    if (!isOpen || text === '') return;
    const bytes = Buffer.from(text, 'latin1');
    const size = chunkBytes ?? bytes.length;
    for (let at = 0; at < bytes.length; at += size) listener(bytes.subarray(at, at + size));
  };
  return {
    commands,
    requests,
    closed,
    name: 'lab',
    get isOpen() {
      return isOpen;
    },
    onData: next => void (listener = next),
    write: text => {
      if (!isOpen) return;
      const line = text.replace(/\r$/, '');
      commands.push(line);
      const before = state;
      const voltage = ecu.values().voltage;
      const request = (bytes: readonly number[]): ReturnType<typeof ecuAnswer> => {
        requests.push(line);
        return answer === undefined ? ecuAnswer(bytes, ecu) : answer(bytes);
      };
      const reply = runCloneLine(before, line, { ...bus, voltage, request }, clone);
      state = reply.state;
      say(echoOf(before, line) + reply.before);
      clock.after(waitMs(reply.wait, before, turnAroundMs), () => say(reply.text));
    },
    pull: () => {
      isOpen = false;
      end(new Error('pulled'));
    },
    [Symbol.asyncDispose]: () => {
      isOpen = false;
      return Promise.resolve(end(undefined));
    },
  };
}

/** Moves the clock until a promise has settled; what it settled with. */
export async function settled<T>(promise: Promise<T>, clock: FakeClock, limitMs = 120_000): Promise<T> {
  let isDone = false;
  const watched = promise.finally(() => (isDone = true));
  watched.catch(() => undefined);
  for (let ms = 0; !isDone && ms < limitMs; ms += 10) await clock.advance(10);
  if (!isDone) throw new Error(`nothing came of it in ${limitMs} ms`);
  return watched;
}
