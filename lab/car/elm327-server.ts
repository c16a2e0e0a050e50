import { createServer, type Server } from 'node:net';
import { once } from 'node:events';
import type { Timers } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { Duplex } from 'node:stream';
import { runCloneLine, type Clone } from './clone.js';
import { ecuAnswer, type EcuCar } from './ecu.js';
import { waitMs } from './elm-timing.js';
import { MAX_LINE, echoOf, stopped, type ElmBus } from './elm327.js';
import { POWER_ON, type ElmState } from './elm-state.js';

export interface AdapterOptions {
  readonly car: EcuCar;
  /** The bus that the car is on, and who else is; CAN with the engine's control unit alone where it is left out. */
  readonly bus?: Pick<ElmBus, 'protocol' | 'others'>;
  /** What it does otherwise than an original. */
  readonly clone?: Clone;
  /** Milliseconds from a request to the car's answer. */
  readonly turnAroundMs: number;
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

export interface ServerOptions extends AdapterOptions {
  readonly listen: { readonly address: string; readonly port: number };
}

export interface AdapterServer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
}

/** Characters that neither interrupt a running request nor begin a command: what some drivers send after a line. */
const isFiller = (char: string): boolean => char === '\n' || char === '\0' || char === ' ';

/**
 * A Wi-Fi OBD adapter: an ELM327 behind TCP. It serves one program at a time (a new connection takes the place of the
 * old one, as a phone that comes back), and works on one request at a time: a character that arrives meanwhile stops it.
 */
export async function openElm327Server(options: ServerOptions): Promise<AdapterServer> {
  const adapter = new Elm327Adapter(options);
  const server = createServer({ noDelay: true }, socket => adapter.serve(socket));
  await listen(server, options.listen);
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : options.listen.port;
  return {
    address: options.listen.address,
    port,
    [Symbol.asyncDispose]: () => {
      adapter.hangUp();
      return new Promise(resolve => server.close(() => resolve()));
    },
  };
}

export async function listen(server: Server, at: { readonly address: string; readonly port: number }): Promise<void> {
  server.listen(at.port, at.address);
  await once(server, 'listening');
}

/** The adapter itself, whatever leads to it: a socket, or a pseudo-terminal. */
export class Elm327Adapter {
  readonly #options: AdapterOptions;
  #state: ElmState = POWER_ON;
  #socket: Duplex | undefined;
  #line = '';
  /** Set while a request runs: stops it, and says so. */
  #interrupt: (() => void) | undefined;

  constructor(options: AdapterOptions) {
    this.#options = options;
  }

  serve(socket: Duplex): void {
    this.hangUp();
    this.#socket = socket;
    this.#line = '';
    this.#options.metrics.count('car_connections_total');
    // Nothing is awaited of a program that broke off; its close follows.
    socket.on('error', error => this.#options.log.debug({ event: 'car.link-failed', error: error.message }));
    socket.on('close', () => {
      if (this.#socket === socket) this.hangUp();
    });
    socket.on('data', (chunk: Buffer) => {
      if (this.#socket === socket) this.#read(chunk.toString('latin1'));
    });
  }

  hangUp(): void {
    this.#interrupt = undefined;
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  #read(text: string): void {
    if (this.#interrupt !== undefined) {
      // The character that interrupts is lost, and so is what comes while STOPPED is printed.
      if ([...text].some(char => !isFiller(char))) this.#interrupt();
      return;
    }
    for (const [index, char] of [...text].entries()) {
      if (char === '\r') {
        this.#run(this.#line);
        this.#line = '';
        this.#read(text.slice(index + 1));
        return;
      }
      // One more than the longest line is kept, so that it is refused and not cut.
      if (char !== '\n' && this.#line.length <= MAX_LINE) this.#line += char;
    }
  }

  #run(line: string): void {
    const { car, timers, turnAroundMs, metrics, clone = {} } = this.#options;
    const before = this.#state;
    const bus = {
      ...this.#options.bus,
      voltage: car.values().voltage,
      request: (bytes: readonly number[]) => ecuAnswer(bytes, car),
    };
    const reply = runCloneLine(before, line, bus, clone);
    metrics.count('car_requests_total');
    if (reply.forbidden) metrics.count('car_forbidden_total');
    this.#write(echoOf(before, line) + reply.before);
    const takesMs = waitMs(reply.wait, before, turnAroundMs);
    if (takesMs <= 0) {
      this.#state = reply.state;
      this.#write(reply.text);
      return;
    }
    let running = true;
    const cancel = timers.after(takesMs, () => {
      if (!running || this.#interrupt !== interrupt) return;
      this.#interrupt = undefined;
      this.#state = reply.state;
      this.#write(reply.text);
    });
    const interrupt = (): void => {
      running = false;
      cancel();
      this.#interrupt = undefined;
      this.#write(stopped(before));
    };
    this.#interrupt = interrupt;
  }

  #write(text: string): void {
    if (text !== '') this.#socket?.write(Buffer.from(text, 'latin1'));
  }
}
