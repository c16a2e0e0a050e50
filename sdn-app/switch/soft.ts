import { connect, type Socket } from 'node:net';
import { systemTimers, type Timers } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import { backoff } from '../../common/retry.js';
import { fault } from '../../protocol/errors.js';
import type {
  Abilities,
  Batch,
  CookieSlice,
  FlowStats,
  FlowSwitch,
  SwitchEvent,
  SwitchRefusal,
} from './flow-switch.js';
import { parseLine, readLines } from './json-lines.js';
import { softMessage, type SoftMessage, type SoftRequest } from './soft-protocol.js';

export interface SoftSwitchOptions {
  /** Number of the switch that should answer there; another one is hung up on. */
  readonly datapath?: number;
  readonly address: string;
  readonly port: number;
  readonly timers?: Timers;
  readonly random?: () => number;
  readonly deadlineMs?: number;
}

interface Pending {
  readonly resolve: (message: SoftMessage) => void;
  readonly reject: (error: Error) => void;
  readonly cancel: () => void;
}

type Body = SoftRequest extends infer R ? (R extends SoftRequest ? Omit<R, 'id'> : never) : never;

const PENDING_MAX = 4_096;
const IS_SLAVE: SwitchRefusal = { type: 'BAD_REQUEST', code: 'IS_SLAVE', detail: 'a higher term leads the switch' };

/** The FlowSwitch that speaks to a soft switch. It connects at once and for ever again; `up` and `down` tell how it fares. */
export function openSoftSwitch(options: SoftSwitchOptions): SoftSwitch {
  const adapter = new SoftSwitch(options);
  adapter.start();
  return adapter;
}

export class SoftSwitch implements FlowSwitch {
  readonly #options: SoftSwitchOptions;
  readonly #timers: Timers;
  readonly #listeners = new Set<(event: SwitchEvent) => void>();
  readonly #pending = new Map<number, Pending>();
  #socket: Socket | undefined;
  /** The switch has said hello. */
  #linked = false;
  /** It has been told of it, and of the role. */
  #up = false;
  #closed = false;
  #nextId = 1;
  /** Term that it leads for; given again at each connection. */
  #term: number | undefined;
  /** Another one leads the switch, as it said: nothing is sent to it before the next `lead`. */
  #fenced = false;
  #delays: Generator<number, never>;
  #cancelRetry = (): void => undefined;

  constructor(options: SoftSwitchOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#delays = this.#freshDelays();
  }

  get datapath(): number {
    return this.#options.datapath ?? 1;
  }

  get abilities(): Abilities {
    return { bundles: true, moves: true, errors: true, packetIns: true };
  }

  get connected(): boolean {
    return this.#up;
  }

  start(): void {
    const socket = connect({ host: this.#options.address, port: this.#options.port });
    this.#socket = socket;
    readLines(
      socket,
      line => this.#received(socket, line),
      () => socket.destroy(),
    );
    // `close` follows every error, and is where the connection is taken as lost
    socket.on('error', () => socket.destroy());
    socket.on('close', () => this.#lost());
  }

  async apply(batch: Batch): Promise<void> {
    if (!this.#up) throw fault('SWITCH_AWAY', this.#where());
    if (this.#fenced) throw fault('SWITCH_REFUSED', IS_SLAVE.detail, { cause: IS_SLAVE });
    await this.#request({ op: 'batch', batch: batch as Extract<Body, { op: 'batch' }>['batch'] });
  }

  async readFlows(slice: CookieSlice): Promise<readonly FlowStats[]> {
    if (!this.#up) throw fault('SWITCH_AWAY', this.#where());
    const answer = await this.#request({ op: 'flows', ...slice });
    return answer.type === 'flows' ? (answer.flows as readonly FlowStats[]) : [];
  }

  async lead(term: number): Promise<void> {
    this.#term = term;
    await this.#lead(term);
  }

  async #lead(term: number): Promise<void> {
    try {
      await this.#request({ op: 'lead', term });
      if (this.#term === term) this.#fenced = false;
    } catch (error) {
      if (codeOf(error) === 'SWITCH_REFUSED' && this.#term === term) this.#fenced = true;
      throw error;
    }
  }

  /** Pulls (`false`) or plugs the cable of a port. */
  async setPort(port: number, up: boolean): Promise<void> {
    await this.#request({ op: 'port', port, up });
  }

  listen(listener: (event: SwitchEvent) => void): () => void {
    this.#listeners.add(listener);
    if (this.#up) listener({ type: 'up' });
    return () => this.#listeners.delete(listener);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#cancelRetry();
    const socket = this.#socket;
    if (socket === undefined || socket.destroyed) return Promise.resolve();
    return new Promise(resolve => {
      socket.once('close', () => resolve());
      socket.destroy();
    });
  }

  #request(body: Body): Promise<SoftMessage> {
    const socket = this.#socket;
    if (!this.#linked || socket === undefined) return Promise.reject(fault('SWITCH_AWAY', this.#where()));
    if (this.#pending.size >= PENDING_MAX)
      return Promise.reject(fault('SWITCH_AWAY', 'too many requests are unanswered'));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      const cancel = this.#timers.after(this.#options.deadlineMs ?? 2_000, () => {
        this.#pending.delete(id);
        reject(fault('DEADLINE', `${body.op} at the switch ${this.#where()}`));
      });
      this.#pending.set(id, { resolve, reject, cancel });
      socket.write(`${JSON.stringify({ ...body, id })}\n`);
    });
  }

  #received(socket: Socket, line: string): void {
    const found = softMessage.safeParse(parseLine(line));
    if (!found.success) {
      // not a soft switch, or of another release: nothing that it says can be relied on
      socket.destroy();
      return;
    }
    const message = found.data;
    switch (message.type) {
      case 'hello':
        if (message.datapath !== this.datapath) socket.destroy();
        else void this.#greeted(socket);
        break;
      case 'packetIn':
        this.#tell(message as SwitchEvent);
        break;
      case 'portStatus':
        this.#tell(message);
        break;
      case 'done':
      case 'flows':
        this.#take(message.id)?.resolve(message);
        break;
      case 'refused': {
        const { type, code, detail } = message.refusal;
        const error = fault('SWITCH_REFUSED', `${type}/${code}: ${detail}`, { cause: message.refusal });
        if (message.id !== undefined) this.#take(message.id)?.reject(error);
        break;
      }
    }
  }

  /** Where it leads, the role comes before anything else: as an equal it could change flows of whoever leads now. */
  async #greeted(socket: Socket): Promise<void> {
    this.#linked = true;
    if (this.#term !== undefined) {
      try {
        await this.#lead(this.#term);
      } catch (error) {
        if (codeOf(error) !== 'SWITCH_REFUSED') socket.destroy();
      }
    }
    if (socket !== this.#socket || socket.destroyed) return;
    this.#up = true;
    this.#delays = this.#freshDelays();
    this.#tell({ type: 'up' });
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    pending?.cancel();
    return pending;
  }

  #lost(): void {
    const wasUp = this.#up;
    this.#up = false;
    this.#linked = false;
    for (const id of [...this.#pending.keys()])
      this.#take(id)?.reject(fault('SWITCH_AWAY', `${this.#where()} hung up`));
    if (wasUp) this.#tell({ type: 'down' });
    if (!this.#closed) this.#cancelRetry = this.#timers.after(this.#delays.next().value, () => this.start());
  }

  #tell(event: SwitchEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  #freshDelays = (): Generator<number, never> =>
    backoff({ firstMs: 10, maxMs: 500, jitter: 0.2 }, this.#options.random ?? Math.random);

  #where = (): string => `${this.#options.address}:${this.#options.port}`;
}
