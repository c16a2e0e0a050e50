import { delay } from '../../common/clock.js';
import { fault } from '../../protocol/errors.js';
import { GpsdSession } from '../gps/gpsd-session.js';
import type { GpsSource } from '../gps/gps-source.js';
import { nmeaSerialSource, type OpenSerialInput, type SerialInput } from '../gps/nmea-serial.js';
import type { Capture } from './capture.js';
import type { CaptureEntry } from './lines.js';
import type { ReplayTime } from './replay-time.js';

type GpsEntry = Extract<CaptureEntry, { gps: unknown } | { gpsd: unknown } | { nmea: unknown }>;

const isOfGps = (entry: CaptureEntry): entry is GpsEntry => 'gps' in entry || 'gpsd' in entry || 'nmea' in entry;

/** The receiver of a capture, gpsd's or a serial one; `undefined` where the capture has none. */
export function gpsReplay(capture: Capture, time: ReplayTime, baud: number | 'auto'): GpsSource | undefined {
  const entries = capture.entries.filter(isOfGps);
  if (entries.length === 0) return undefined;
  const script = new GpsScript(entries, time);
  if (!entries.some(entry => 'nmea' in entry)) return gpsdReplay(script, time);
  return nmeaSerialSource({ path: capture.name, baud, open: serialReplay(script), clock: time, timers: time });
}

/** What the receiver did, from its first attempt to its last. */
class GpsScript {
  readonly #entries: readonly GpsEntry[];
  readonly #time: ReplayTime;
  #next = 0;

  constructor(entries: readonly GpsEntry[], time: ReplayTime) {
    this.#entries = entries;
    this.#time = time;
  }

  /** Goes to the next attempt; what is before it belongs to one that the recorded agent had ended. */
  begin(): void {
    const at = this.#entries.findIndex((entry, index) => index >= this.#next && isOpening(entry));
    if (at >= 0) this.#next = at + 1;
  }

  /**
   * What comes in this attempt, each at its time. Ends with how it ended, or `undefined` where the recording has no more of it, or the
   * recorded agent ended it.
   */
  async *play(signal: AbortSignal): AsyncGenerator<Exclude<GpsEntry, { gps: unknown }>, string | undefined> {
    for (;;) {
      const entry = this.#entries[this.#next];
      if (entry === undefined || isOpening(entry)) return undefined;
      await delay(Math.max(0, entry.atMs - this.#time.monotonicMs()), signal, this.#time);
      this.#next++;
      if ('gps' in entry) return entry.say ?? 'gone';
      yield entry;
    }
  }
}

const isOpening = (entry: GpsEntry): boolean => 'gps' in entry && entry.gps === 'opening';

/** Rejects with the reason, once there is one. */
const forEver = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    if (signal.aborted) reject(signal.reason as Error);
    else signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });

function gpsdReplay(script: GpsScript, time: ReplayTime): GpsSource {
  return {
    follow: async (handlers, signal) => {
      script.begin();
      const session = new GpsdSession(handlers);
      const playing = script.play(signal);
      for (;;) {
        const step = await playing.next();
        if (step.done !== true) {
          if ('gpsd' in step.value) session.take(step.value.gpsd, time.monotonicMs());
          continue;
        }
        if (step.value !== undefined) throw fault('GPS_LINK', step.value);
        return forEver(signal);
      }
    },
  };
}

const serialReplay =
  (script: GpsScript): OpenSerialInput =>
  (): Promise<SerialInput> => {
    script.begin();
    const stop = new AbortController();
    let listener: (text: string) => void = () => undefined;
    const closed = (async (): Promise<unknown> => {
      const playing = script.play(stop.signal);
      for (;;) {
        const step = await playing.next();
        if (step.done !== true) {
          if ('nmea' in step.value) listener(step.value.nmea);
          continue;
        }
        if (step.value !== undefined) return new Error(step.value);
        return forEver(stop.signal);
      }
    })().catch((error: unknown) => error);
    return Promise.resolve({
      onText: next => void (listener = next),
      closed,
      close: () => {
        stop.abort(new Error('closed'));
        return Promise.resolve();
      },
    });
  };
