import { connect } from 'node:net';
import { fault } from '../../protocol/errors.js';
import type { Link } from './types.js';

const CONNECT_TIMEOUT_MS = 5_000;

/** Connects to an adapter that speaks over TCP, as Wi-Fi adapters do (port 35000). Rejects with OBD_LINK. */
export function openTcpLink(
  to: { readonly address: string; readonly port: number },
  signal: AbortSignal,
): Promise<Link> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: to.address, port: to.port, noDelay: true });
    let listener: (chunk: Uint8Array) => void = () => undefined;
    let reason: unknown;
    const closed = new Promise<unknown>(done => socket.once('close', () => done(reason)));
    const onAbort = (): void => {
      socket.destroy();
      reject(signal.reason as Error);
    };
    const fail = (cause: unknown): void => {
      reason = cause;
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      reject(fault('OBD_LINK', `${to.address}:${to.port}`, { cause }));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.setTimeout(CONNECT_TIMEOUT_MS, () => fail('no connection in time'));
    socket.on('error', fail);
    socket.on('data', chunk => listener(chunk));
    socket.once('connect', () => {
      socket.setTimeout(0);
      signal.removeEventListener('abort', onAbort);
      resolve({
        name: `${to.address}:${to.port}`,
        write: text => void socket.write(text, 'latin1'),
        onData: next => {
          listener = next;
        },
        closed,
        [Symbol.asyncDispose]: async () => {
          socket.destroy();
          await closed;
        },
      });
    });
  });
}
