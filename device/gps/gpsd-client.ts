import { connect } from 'node:net';
import { fault } from '../../protocol/errors.js';
import { parseGpsdLine, type Tpv } from './tpv.js';

/** gpsd_json(5): a request line has at most 80 characters. */
const WATCH = '?WATCH={"enable":true,"json":true};\n';
const MAX_LINE_BYTES = 10_240;

export interface GpsHandlers {
  onTpv(tpv: Tpv): void;
  /** A line that was not understood (GPS_MALFORMED); the connection goes on. */
  onFault(error: unknown): void;
}

export interface GpsSource {
  /** Follows the receiver until the signal is aborted or the connection ends (GPS_LINK). */
  follow(handlers: GpsHandlers, signal: AbortSignal): Promise<never>;
}

/** gpsd on TCP (port 2947): asks for JSON, hands every TPV on as it comes. */
export function gpsdSource(at: { readonly address: string; readonly port: number }, silenceMs = 15_000): GpsSource {
  return {
    follow: (handlers, signal) =>
      new Promise((_resolve, reject) => {
        signal.throwIfAborted();
        const socket = connect({ host: at.address, port: at.port });
        let rest = '';
        const end = (error: unknown): void => {
          signal.removeEventListener('abort', onAbort);
          socket.destroy();
          reject(error as Error);
        };
        const onAbort = (): void => end(signal.reason);
        signal.addEventListener('abort', onAbort, { once: true });
        const lost = (cause: unknown): void => end(fault('GPS_LINK', `${at.address}:${at.port}`, { cause }));
        // A receiver reports once a second, with or without a fix: longer silence is a dead connection.
        socket.setTimeout(silenceMs, () => lost('silence'));
        socket.on('error', lost);
        socket.on('close', () => lost('closed'));
        socket.once('connect', () => socket.write(WATCH));
        socket.setEncoding('latin1').on('data', (chunk: string) => {
          rest += chunk;
          for (let at = rest.indexOf('\n'); at >= 0; at = rest.indexOf('\n')) {
            const line = rest.slice(0, at).trim();
            rest = rest.slice(at + 1);
            if (line !== '') take(line, handlers);
          }
          if (rest.length > MAX_LINE_BYTES) {
            handlers.onFault(fault('GPS_MALFORMED', `a line of more than ${MAX_LINE_BYTES} bytes`));
            rest = '';
          }
        });
      }),
  };
}

function take(line: string, handlers: GpsHandlers): void {
  let found;
  try {
    found = parseGpsdLine(line);
  } catch (error) {
    handlers.onFault(error);
    return;
  }
  if (found.class === 'TPV') handlers.onTpv(found.tpv);
}
