import { connect, createServer, type Server, type Socket } from 'node:net';
import { systemTimers, type Timers } from '../../../common/clock.js';
import { messageOf } from '../../../common/errors.js';
import { backoff } from '../../../common/retry.js';
import { fault } from '../../../protocol/errors.js';
import { inUrl } from '../../../protocol/ipv6.js';
import type { FlowSwitch } from '../flow-switch.js';
import { LedSwitch, type SwitchLink } from '../led-switch.js';
import type { Requests } from './requests.js';
import { Session } from './session.js';

export interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export interface OpenFlowOptions {
  /** Where switches connect to. */
  readonly listen?: Endpoint | undefined;
  /** Switches that wait for their controller (`ptcp` of Open vSwitch): each is connected to, for ever again. */
  readonly switches?: readonly Endpoint[];
  readonly echoIntervalMs?: number;
  readonly echoMisses?: number;
  readonly deadlineMs?: number;
  readonly timers?: Timers;
  readonly random?: () => number;
  /** An answer had so many flows that nothing of ours says; they were left out of it. */
  readonly onForeignFlows?: (datapath: number, count: number) => void;
  /** Who does not speak OpenFlow 1.3, or an address that cannot be listened at. */
  readonly onBroken?: (peer: string, detail: string) => void;
}

export interface OpenFlow extends AsyncDisposable {
  /** The switch of this datapath, whether it is connected or not; always the same one until it is disposed of. */
  switchOf(datapath: number): FlowSwitch;
}

/** A controller of OpenFlow 1.3 in this process: it waits for switches, goes to those that wait for it, or both. */
export function openOpenFlow(options: OpenFlowOptions): OpenFlow {
  const controller = new Controller(options);
  controller.start();
  return controller;
}

const DEADLINE_MS = 2_000;
const ECHO_INTERVAL_MS = 1_000;
const ECHO_MISSES = 2;
const AGAIN = { firstMs: 10, maxMs: 500, jitter: 0.2 } as const;
/** More than a network of this size has switches. */
const CONNECTIONS_MAX = 64;
/** Above this the switch does not read. */
const BACKLOG_MAX_BYTES = 64 * 2 ** 20;

const textOf = ({ address, port }: Endpoint): string => `${inUrl(address)}:${port}`;

class Controller implements OpenFlow {
  readonly #options: OpenFlowOptions;
  readonly #timers: Timers;
  readonly #switches = new Map<number, LedSwitch>();
  /** Those that are up. */
  readonly #sessions = new Map<number, Session>();
  readonly #sockets = new Map<Session, Socket>();
  readonly #waiting = new Set<() => void>();
  #server: Server | undefined;
  #closed = false;

  constructor(options: OpenFlowOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
  }

  start(): void {
    const { listen, switches = [] } = this.#options;
    if (listen !== undefined) this.#listen(listen, this.#delays());
    for (const one of switches) this.#call(one, this.#delays());
  }

  switchOf(datapath: number): FlowSwitch {
    const found = this.#switches.get(datapath);
    if (found !== undefined) return found;
    const made = new LedSwitch(datapath, this.#link(datapath), {
      onForeignFlows: count => this.#options.onForeignFlows?.(datapath, count),
      onClosed: () => this.#switches.delete(datapath),
    });
    this.#switches.set(datapath, made);
    const session = this.#sessions.get(datapath);
    if (session !== undefined) made.up(session.said);
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    for (const cancel of [...this.#waiting]) cancel();
    for (const socket of [...this.#sockets.values()]) socket.destroy();
    const server = this.#server;
    if (server?.listening) await new Promise(resolve => server.close(resolve));
  }

  #link(datapath: number): SwitchLink {
    const ask = <T>(what: (requests: Requests) => Promise<T>): Promise<T> => {
      const session = this.#sessions.get(datapath);
      const socket = session && this.#sockets.get(session);
      const requests = session?.requests;
      if (requests === undefined || socket === undefined || socket.writableLength > BACKLOG_MAX_BYTES)
        return Promise.reject(fault('SWITCH_AWAY', `datapath ${datapath}`));
      return what(requests);
    };
    return {
      apply: batch => ask(requests => requests.apply(batch)),
      readFlows: slice => ask(requests => requests.readFlows(slice)),
      lead: term => ask(requests => requests.lead(term)),
    };
  }

  #delays = (): Generator<number, never> => backoff(AGAIN, this.#options.random ?? Math.random);

  #later(delays: Generator<number, never>, act: () => void): void {
    if (this.#closed) return;
    const cancelTimer = this.#timers.after(delays.next().value, () => {
      this.#waiting.delete(cancel);
      act();
    });
    const cancel = (): void => {
      this.#waiting.delete(cancel);
      cancelTimer();
    };
    this.#waiting.add(cancel);
  }

  #listen(at: Endpoint, delays: Generator<number, never>): void {
    const server = createServer({ noDelay: true }, socket => {
      const peer = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
      this.#serve(socket, textOf(peer), () => undefined).start();
    });
    server.maxConnections = CONNECTIONS_MAX;
    server.on('error', error => {
      this.#options.onBroken?.(textOf(at), messageOf(error));
      if (!server.listening) this.#later(delays, () => this.#listen(at, delays));
    });
    server.listen(at.port, at.address);
    this.#server = server;
  }

  #call(at: Endpoint, delays: Generator<number, never>): void {
    const socket = connect({ host: at.address, port: at.port, noDelay: true });
    let next = delays;
    const session = this.#serve(socket, textOf(at), () => (next = this.#delays()));
    socket.once('connect', () => session.start());
    socket.once('close', () => this.#later(next, () => this.#call(at, next)));
  }

  #serve(socket: Socket, name: string, isKnown: () => void): Session {
    const { deadlineMs = DEADLINE_MS, echoIntervalMs = ECHO_INTERVAL_MS, echoMisses = ECHO_MISSES } = this.#options;
    const current = (): LedSwitch | undefined =>
      this.#sessions.get(session.datapath) === session ? this.#switches.get(session.datapath) : undefined;
    const session = new Session({
      ...{ name, deadlineMs, echoIntervalMs, echoMisses, timers: this.#timers },
      write: bytes => {
        if (socket.writable) socket.write(bytes);
      },
      close: when => void (when === 'written' ? socket.destroySoon() : socket.destroy()),
      onUp: () => {
        isKnown();
        this.#up(session);
      },
      onCopy: copy => current()?.told({ type: 'packetIn', datapath: session.datapath, ...copy }),
      onPort: ({ port, up }) => current()?.told({ type: 'portStatus', datapath: session.datapath, port, up }),
      onBroken: detail => this.#options.onBroken?.(name, detail),
    });
    this.#sockets.set(session, socket);
    socket.on('data', chunk => session.receive(chunk));
    // `close` follows, and says the same
    socket.on('error', () => socket.destroy());
    socket.once('close', () => this.#lost(session));
    return session;
  }

  #up(session: Session): void {
    const { datapath } = session;
    const before = this.#sessions.get(datapath);
    this.#sessions.set(datapath, session);
    // a switch that connected again before its first connection ended is another one
    if (before !== undefined) {
      before.requests?.gone();
      this.#sockets.get(before)?.destroy();
    }
    this.#switches.get(datapath)?.up(session.said);
  }

  #lost(session: Session): void {
    session.lost();
    this.#sockets.delete(session);
    if (this.#sessions.get(session.datapath) !== session) return;
    this.#sessions.delete(session.datapath);
    this.#switches.get(session.datapath)?.lost();
  }
}
