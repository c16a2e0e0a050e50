import { connect } from 'node:net';
import type { Clock } from '../../common/clock.js';
import { fault } from '../../protocol/errors.js';
import type { GpsSource } from './gps-source.js';
import { GpsdSession } from './gpsd-session.js';
import { LineReader } from './line-reader.js';

/** gpsd_json(5): a request line has at most 80 characters. */
const WATCH = '?WATCH={"enable":true,"json":true};\n';
/** Asked in silence: a gpsd whose receivers are all gone says nothing of itself, but it answers. */
const DEVICES = '?DEVICES;\n';

export interface GpsdOptions {
  readonly address: string;
  readonly port: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** A connection on which nothing comes for this long, though it was asked, is dead. */
  readonly silenceMs?: number;
  /** Hears each line as it came, before it is understood. */
  readonly onLine?: (line: string) => void;
}

/** gpsd on TCP (port 2947): asks for JSON, hands every look of a receiver on as it comes. */
export function gpsdSource({ address, port, clock, silenceMs = 15_000, onLine }: GpsdOptions): GpsSource {
  return {
    follow: (handlers, signal) =>
      new Promise((_resolve, reject) => {
        signal.throwIfAborted();
        const socket = connect({ host: address, port, noDelay: true });
        const session = new GpsdSession(handlers);
        let asked = false;
        const end = (error: unknown): void => {
          signal.removeEventListener('abort', onAbort);
          socket.destroy();
          reject(error as Error);
        };
        const onAbort = (): void => end(signal.reason);
        signal.addEventListener('abort', onAbort, { once: true });
        const lost = (cause: unknown): void => end(fault('GPS_LINK', `gpsd at ${address}:${port}`, { cause }));
        const lines = new LineReader({
          onLine: line => {
            onLine?.(line);
            session.take(line, clock.monotonicMs());
          },
          onFault: error => handlers.onFault(error),
        });
        socket.setTimeout(silenceMs / 2, () => {
          if (asked || socket.connecting) return lost(new Error(`nothing for ${silenceMs} ms`));
          asked = true;
          socket.setTimeout(silenceMs / 2);
          socket.write(DEVICES);
        });
        socket.on('error', lost);
        socket.on('close', () => lost(new Error('gpsd closed the connection')));
        socket.once('connect', () => socket.write(WATCH));
        socket.setEncoding('latin1').on('data', (chunk: string) => {
          asked = false;
          lines.push(chunk);
        });
      }),
  };
}
