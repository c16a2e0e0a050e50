import type { Clock, Timers } from '../../common/clock.js';
import { fault } from '../../protocol/errors.js';
import type { GpsSource } from './gps-source.js';
import { NmeaReader } from './nmea-reader.js';

/** A serial port that is read. */
export interface SerialInput {
  /** One listener; latin-1. */
  onText(listener: (text: string) => void): void;
  /** Resolves, with the reason, once nothing will come any more. */
  readonly closed: Promise<unknown>;
  close(): Promise<void>;
}

export type OpenSerialInput = (path: string, baud: number) => Promise<SerialInput>;

export interface NmeaSerialOptions {
  /** Best `/dev/serial/by-id/…`: other names change from start to start. */
  readonly path: string;
  readonly baud: number | 'auto';
  readonly open: OpenSerialInput;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly timers: Timers;
}

/** In order of how usual they are: NMEA's own, that of fast receivers, the rest. */
export const NMEA_BAUDS = [9_600, 115_200, 38_400, 4_800, 57_600, 19_200] as const;
/** A receiver speaks once a second; no whole sentence in this time means another speed, or no receiver. */
const SILENCE_MS = 5_000;

/** A receiver that speaks NMEA 0183 on a serial port. With `auto` the next speed is tried after each that says nothing. */
export function nmeaSerialSource({ path, baud, open, clock, timers }: NmeaSerialOptions): GpsSource {
  let tried = 0;
  return {
    follow: async (handlers, signal) => {
      signal.throwIfAborted();
      const speed = baud === 'auto' ? (NMEA_BAUDS[tried % NMEA_BAUDS.length] ?? NMEA_BAUDS[0]) : baud;
      const port = await open(path, speed).catch((cause: unknown) => {
        throw fault('GPS_LINK', path, { cause });
      });
      let end: (cause: unknown) => void = () => undefined;
      const ended = new Promise<unknown>(resolve => {
        end = resolve;
      });
      const onAbort = (): void => end(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      const onSilence = (): void => end(new Error(`nothing that is NMEA at ${speed} baud`));
      const reader = new NmeaReader({ handlers, clock, timers, silenceMs: SILENCE_MS, onSilence });
      port.onText(text => reader.push(text));
      void port.closed.then(end);
      try {
        const cause = await ended;
        signal.throwIfAborted();
        throw fault('GPS_LINK', path, { cause });
      } finally {
        signal.removeEventListener('abort', onAbort);
        reader.stop();
        if (!reader.understood) tried++;
        await port.close();
      }
    },
  };
}
