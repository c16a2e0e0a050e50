import { createServer, type Socket } from 'node:net';
import { every, type Clock, type Timers } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import { listen } from '../car/elm327-server.js';
import type { DriveMoment } from '../drive/drive.js';
import {
  VERSION,
  deviceObject,
  devicesObject,
  errorObject,
  parseRequest,
  pollObject,
  skyObject,
  tpvObject,
  watchObject,
  type GpsdObject,
  type Watch,
} from './gpsd-protocol.js';

export interface GpsdOptions {
  readonly listen: { readonly address: string; readonly port: number };
  /** What the receiver sees now. */
  moment(): DriveMoment;
  /** Milliseconds between two fixes. */
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

export interface GpsdServer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
}

const MAX_CLIENTS = 64;
/** A reader that leaves this much unread is cut off, as gpsd does. */
const MAX_BACKLOG_BYTES = 262_144;
const MAX_BUFFER = 4_096;

/** Fixes come once a second of drive time, but at most ten times a second, as receivers do. */
export const fixIntervalMs = (speed: number): number => 1_000 / Math.min(10, Math.max(1, speed));

/** A gpsd with one receiver, fed by the drive. */
export async function openGpsdServer(options: GpsdOptions): Promise<GpsdServer> {
  const { clock, timers, metrics, log } = options;
  const clients = new Set<Client>();
  const now = (): string => new Date(clock.nowMs()).toISOString();
  const activated = now();
  const answer = (client: Client, text: string): void => {
    const request = parseRequest(text);
    switch (request.ask) {
      case 'refused':
        metrics.count('gpsd_bad_requests_total');
        return client.send(errorObject(request.message));
      case 'VERSION':
        return client.send(VERSION);
      case 'DEVICES':
        return client.send(devicesObject(activated));
      case 'DEVICE':
        return client.send(deviceObject(activated));
      case 'POLL':
        return client.send(pollObject(now(), tpvObject(options.moment(), now()), skyObject(options.moment(), now())));
      case 'WATCH':
        client.watch = { ...client.watch, ...request.change };
        client.send(devicesObject(activated));
        return client.send(watchObject(client.watch));
    }
  };
  const server = createServer({ noDelay: true }, socket => {
    if (clients.size >= MAX_CLIENTS) {
      socket.end(`${JSON.stringify(errorObject('Too many clients.'))}\r\n`);
      return;
    }
    const client = new Client(socket, answer);
    clients.add(client);
    socket.on('error', error => log.debug({ event: 'gpsd.link-failed', error: error.message }));
    socket.on('close', () => clients.delete(client));
    client.send(VERSION);
  });
  await listen(server, options.listen);
  const stop = every(timers, options.intervalMs, () => {
    const watching = [...clients].filter(client => client.watch.enable && client.watch.json);
    if (watching.length === 0) return;
    const moment = options.moment();
    const time = now();
    const text = [tpvObject(moment, time), skyObject(moment, time)].map(asLine).join('');
    for (const client of watching) client.write(text);
  });
  const bound = server.address();
  return {
    address: options.listen.address,
    port: typeof bound === 'object' && bound !== null ? bound.port : options.listen.port,
    [Symbol.asyncDispose]: () => {
      stop();
      for (const client of clients) client.close();
      return new Promise(resolve => server.close(() => resolve()));
    },
  };
}

const asLine = (object: GpsdObject): string => `${JSON.stringify(object)}\r\n`;

class Client {
  watch: Watch = { enable: false, json: false };
  readonly #socket: Socket;
  #rest = '';

  constructor(socket: Socket, answer: (client: Client, request: string) => void) {
    this.#socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', chunk => {
      const parts = `${this.#rest}${String(chunk)}`.split(/[;\r\n]+/);
      // What has no end yet is kept, a little more than any request may have: longer ones are refused when they end.
      this.#rest = (parts.pop() ?? '').slice(0, MAX_BUFFER);
      for (const part of parts) if (part.trim() !== '') answer(this, part);
    });
  }

  send(object: GpsdObject): void {
    this.write(asLine(object));
  }

  write(text: string): void {
    if (this.#socket.writableLength > MAX_BACKLOG_BYTES) this.#socket.destroy();
    else this.#socket.write(text);
  }

  close(): void {
    this.#socket.destroy();
  }
}
