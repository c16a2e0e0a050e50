import { connect, createServer, type Server, type Socket } from 'node:net';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import { listen } from '../car/elm327-server.js';

export interface RelayOptions {
  readonly listen: { readonly address: string; readonly port: number };
  readonly to: { readonly address: string; readonly port: number };
  /** Whether the car has radio now. */
  attached(): boolean;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

const MAX_CONNECTIONS = 64;

/** The TCP side of one car's mobile router: connections to md-manager, cut together with the radio. */
export class Relay implements AsyncDisposable {
  readonly #options: RelayOptions;
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();

  private constructor(options: RelayOptions) {
    this.#options = options;
    this.#server = createServer({ noDelay: true }, socket => this.#accept(socket));
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  static async open(options: RelayOptions): Promise<Relay> {
    const relay = new Relay(options);
    await listen(relay.#server, options.listen);
    return relay;
  }

  /** Breaks every open connection. */
  cut(): void {
    for (const pair of this.#pairs) {
      this.#options.metrics.count('radio_relay_connections_total', { result: 'cut' });
      for (const socket of pair) socket.destroy();
    }
  }

  #accept(near: Socket): void {
    const { attached, to, metrics, log } = this.#options;
    if (!attached()) {
      metrics.count('radio_relay_connections_total', { result: 'refused' });
      near.on('error', error => log.debug({ event: 'radio.relay-failed', error: error.message }));
      near.destroy();
      return;
    }
    metrics.count('radio_relay_connections_total', { result: 'carried' });
    const far = connect({ host: to.address, port: to.port, noDelay: true });
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    for (const socket of pair) {
      socket.on('error', error => log.debug({ event: 'radio.relay-failed', error: error.message }));
      socket.on('close', () => {
        this.#pairs.delete(pair);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.pipe(near);
  }

  [Symbol.asyncDispose](): Promise<void> {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    return new Promise(resolve => this.#server.close(() => resolve()));
  }
}
