import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { delay, type Clock, type Timers } from '../../common/clock.js';
import { fault } from '../../protocol/errors.js';
import type { GpsHandlers, GpsSource } from './gps-source.js';
import { GpsdSession } from './gpsd-session.js';
import { NmeaCycle } from './nmea-cycle.js';
import { parseNmea } from './nmea.js';

export interface ReplayOptions {
  readonly path: string;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly timers: Timers;
}

/** Pauses of a recording that are longer are cut: a receiver was off, or its clock jumped. */
const LONGEST_PAUSE_MS = 60_000;

/**
 * A recorded receiver: gpsd's JSON (one object a line) or NMEA 0183, as gpsfake reads them, at the pace at which the times
 * in it rise; an object's `t` (seconds, as this agent records) comes before its `time`. After its end nothing comes any
 * more; it is not begun again, for old fixes are no new ones.
 */
export function replaySource({ path, clock, timers }: ReplayOptions): GpsSource {
  let isOver = false;
  return {
    follow: async (handlers, signal) => {
      if (!isOver) await play(path, handlers, clock, timers, signal);
      isOver = true;
      handlers.onGone?.();
      // Until the agent ends.
      return new Promise<never>((_resolve, reject) => {
        if (signal.aborted) reject(signal.reason as Error);
        else signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      });
    },
  };
}

async function play(
  path: string,
  handlers: GpsHandlers,
  clock: ReplayOptions['clock'],
  timers: Timers,
  signal: AbortSignal,
): Promise<void> {
  const session = new GpsdSession(handlers);
  const cycle = new NmeaCycle();
  const pace = new Pace(clock, timers, signal);
  const tell = (ended: ReturnType<NmeaCycle['flush']>): void => {
    if (ended !== undefined) handlers.onTpv(ended.tpv, ended.heardAtMs);
  };
  const input = createReadStream(path, { encoding: 'latin1', signal });
  const failed = new Promise<never>((_resolve, reject) => input.on('error', reject));
  failed.catch(() => undefined);
  const lines = createInterface({ input, crlfDelay: Infinity });
  try {
    const reading = (async () => {
      for await (const raw of lines) {
        const line = raw.trim();
        if (line === '' || line.startsWith('#')) continue;
        if (line.startsWith('{')) {
          await pace.until(timeOfJson(line));
          session.take(line, clock.monotonicMs());
          continue;
        }
        try {
          const sentence = parseNmea(line);
          const isTimed = sentence.type === 'RMC' && sentence.atMs !== undefined && sentence.dayMs !== undefined;
          if (isTimed) await pace.until((sentence.dayMs ?? 0) + (sentence.atMs ?? 0));
          tell(cycle.take(sentence, clock.monotonicMs()));
        } catch (error) {
          signal.throwIfAborted();
          handlers.onFault(error);
        }
      }
    })();
    await Promise.race([reading, failed]);
    tell(cycle.flush());
  } catch (cause) {
    signal.throwIfAborted();
    throw fault('GPS_LINK', path, { cause });
  } finally {
    lines.close();
    input.destroy();
  }
}

/** Milliseconds by which a line is to be paced; undefined where it says no time. */
function timeOfJson(line: string): number | undefined {
  const t = /"t":(\d+(?:\.\d+)?)/.exec(line)?.[1];
  if (t !== undefined) return Number(t) * 1000;
  const time = /"class":"TPV".*"time":"([^"]+)"/.exec(line)?.[1];
  const ms = time === undefined ? NaN : Date.parse(time);
  return Number.isFinite(ms) ? ms : undefined;
}

/** Waits as long as it took between two times of the recording. */
class Pace {
  readonly #clock: ReplayOptions['clock'];
  readonly #timers: Timers;
  readonly #signal: AbortSignal;
  #last: { readonly recordedMs: number; readonly playedMs: number } | undefined;

  constructor(clock: ReplayOptions['clock'], timers: Timers, signal: AbortSignal) {
    this.#clock = clock;
    this.#timers = timers;
    this.#signal = signal;
  }

  async until(recordedMs: number | undefined): Promise<void> {
    this.#signal.throwIfAborted();
    if (recordedMs === undefined) return;
    const last = this.#last;
    const pauseMs = last === undefined ? 0 : Math.min(Math.max(recordedMs - last.recordedMs, 0), LONGEST_PAUSE_MS);
    const playedMs = (last?.playedMs ?? this.#clock.monotonicMs()) + pauseMs;
    this.#last = { recordedMs, playedMs };
    const waitMs = playedMs - this.#clock.monotonicMs();
    if (waitMs > 0) await delay(waitMs, this.#signal, this.#timers);
  }
}
