import type { Socket } from 'node:net';
import { Agent, WebSocket, buildConnector } from 'undici';
import { systemTimers, type Timers } from '../../../common/clock.js';
import { backoff } from '../../../common/retry.js';
import { fault } from '../../../protocol/errors.js';
import { parseLine } from '../json-lines.js';
import { TOO_LONG, decodeRefusal, refused } from '../refusal.js';
import { webAddress } from './web-address.js';
import { ryuMessage, type RyuMessage, type RyuRequest } from './wire.js';

export interface ConnectionOptions {
  /** Of Ryu's web server: `ws://127.0.0.1:8080`, `ws+unix:/run/ryu.sock`. */
  readonly url: string;
  readonly timers?: Timers;
  readonly random?: () => number;
  readonly deadlineMs?: number;
  /** Everything that is no answer. */
  readonly onMessage: (message: RyuMessage) => void;
  /** The connection is gone; whatever was asked is rejected by then. */
  readonly onLost: () => void;
}

export type RequestBody = RyuRequest extends infer R ? (R extends RyuRequest ? Omit<R, 'id'> : never) : never;
/** An answer; flows in one to `flows` alone. */
export interface Answer {
  readonly flows: readonly WireFlowStats[];
  /** How many more there are that the wire has no words for. */
  readonly foreign: number;
}
export type WireFlowStats = Extract<RyuMessage, { type: 'flows' }>['flows'][number];

interface Pending {
  readonly what: string;
  /** What of a long answer has come so far. */
  readonly flows: WireFlowStats[];
  foreign: number;
  /** How many messages had come when it was sent, or last got a part of its answer. */
  heardAt: number;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: Error) => void;
  cancel: () => void;
  /** Of one that is under way. */
  isSent: boolean;
  /** How many answers had come when its time began, and how often it has begun. */
  answeredAt: number;
  turns: number;
}

const PENDING_MAX = 4_096;
/**
 * Requests under way at once. The switch takes one after the other: with more, all wait there, run out of time together, are
 * made again, and it is never through with them. Some are needed, because each takes a round to the switch.
 */
const UNDER_WAY_MAX = 32;
/** Above this the peer does not read. */
const BACKLOG_MAX_BYTES = 64 * 2 ** 20;
/** Ryu takes no longer message, and would hang up. */
const REQUEST_MAX_BYTES = 16 * 2 ** 20;
const NO_FLOWS: Answer = { flows: [], foreign: 0 };
const DEADLINE_MS = 2_000;
/** While answers to others come, the switch is slow, and nothing would be won by asking again: but not for ever. */
const TURNS_MAX = 10;

/**
 * One WebSocket to our Ryu app. It connects at once and for ever again. A peer that says nothing at all while a request
 * runs out of time is hung: then the connection is given up, so that `down` is told and another attempt begins.
 */
export class RyuConnection implements AsyncDisposable {
  readonly #options: ConnectionOptions;
  readonly #timers: Timers;
  readonly #deadlineMs: number;
  readonly #pending = new Map<number, Pending>();
  /** Requests that have not left yet, in their order. */
  readonly #line = new Map<number, string>();
  #underWay = 0;
  readonly #agent: Agent;
  readonly #address: URL;
  #tcp: Socket | undefined;
  #socket: WebSocket | undefined;
  #open = false;
  #closed = false;
  #nextId = 1;
  #heard = 0;
  #answered = 0;
  #delays: Generator<number, never>;
  #cancelTimer = (): void => undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#timers = options.timers ?? systemTimers;
    this.#deadlineMs = options.deadlineMs ?? DEADLINE_MS;
    this.#delays = this.#freshDelays();
    const { url, socketPath } = webAddress(options.url, 'ws');
    this.#address = new URL('/edgetwin/v1', url);
    const connect = buildConnector({ timeout: this.#deadlineMs, ...(socketPath === undefined ? {} : { socketPath }) });
    this.#agent = new Agent({
      connect: (target, done) =>
        connect(target, (...result) => {
          const [error, tcp] = result;
          // undici turns Nagle's algorithm off; with delayed acknowledgements it would cost 40 ms a message
          if (error === null) this.#tcp = tcp;
          done(...result);
        }),
    });
  }

  start(): void {
    const socket = new WebSocket(this.#address, { dispatcher: this.#agent });
    this.#socket = socket;
    let lost = false;
    const onLost = (): void => {
      if (lost) return;
      lost = true;
      this.#lost();
    };
    socket.addEventListener('message', ({ data }) => this.#received(data));
    // `close` follows every error of an open connection, but not always where the handshake failed
    socket.addEventListener('error', onLost);
    socket.addEventListener('close', onLost);
    this.#cancelTimer = this.#timers.after(this.#deadlineMs, () => {
      this.#cut();
      onLost();
    });
  }

  /**
   * Rejects with SWITCH_REFUSED (cause: SwitchRefusal), SWITCH_AWAY or DEADLINE. Requests go out in the order of the calls, and
   * the time of each counts from there.
   */
  request(body: RequestBody): Promise<Answer> {
    const socket = this.#socket;
    if (!this.#open || socket === undefined) return Promise.reject(fault('SWITCH_AWAY', this.#options.url));
    if (this.#pending.size >= PENDING_MAX || socket.bufferedAmount > BACKLOG_MAX_BYTES)
      return Promise.reject(fault('SWITCH_AWAY', 'too many requests are unanswered'));
    const id = this.#nextId++;
    const text = JSON.stringify({ ...body, id });
    if (text.length > REQUEST_MAX_BYTES) return Promise.reject(refused(TOO_LONG));
    return new Promise((resolve, reject) => {
      const what = `${body.op} at datapath ${body.datapath} by ${this.#options.url}`;
      const pending = {
        what,
        flows: [],
        foreign: 0,
        heardAt: this.#heard,
        resolve,
        reject,
        cancel: () => undefined,
        isSent: false,
        answeredAt: 0,
        turns: 0,
      };
      this.#pending.set(id, pending);
      this.#line.set(id, text);
      this.#sendNext();
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#cancelTimer();
    this.#cut();
    if (this.#open) this.#lost();
    await this.#agent.destroy();
  }

  #sendNext(): void {
    for (const [id, text] of this.#line) {
      const pending = this.#pending.get(id);
      if (this.#underWay >= UNDER_WAY_MAX || pending === undefined) return;
      this.#line.delete(id);
      this.#underWay++;
      pending.isSent = true;
      this.#begin(id, pending);
      this.#socket?.send(text);
    }
  }

  #begin(id: number, pending: Pending): void {
    pending.heardAt = this.#heard;
    pending.answeredAt = this.#answered;
    pending.turns++;
    this.#arm(id, pending);
  }

  #arm(id: number, pending: Pending): void {
    pending.cancel();
    pending.cancel = this.#timers.after(this.#deadlineMs, () => {
      if (pending.answeredAt !== this.#answered && pending.turns < TURNS_MAX) return this.#begin(id, pending);
      this.#take(id);
      pending.reject(fault('DEADLINE', pending.what));
      if (pending.heardAt === this.#heard) this.#cut();
    });
  }

  #received(data: unknown): void {
    const found = ryuMessage.safeParse(typeof data === 'string' ? parseLine(data) : undefined);
    if (!found.success) {
      // not our Ryu app, or of another release: nothing that it says can be relied on
      this.#cut();
      return;
    }
    this.#heard++;
    const message = found.data;
    if ('id' in message) this.#answered++;
    switch (message.type) {
      case 'hello':
        this.#open = true;
        this.#cancelTimer();
        this.#delays = this.#freshDelays();
        break;
      case 'done':
        this.#take(message.id)?.resolve(NO_FLOWS);
        break;
      case 'flows':
        this.#part(message);
        break;
      case 'away':
        this.#take(message.id)?.reject(fault('SWITCH_AWAY', message.detail));
        break;
      case 'refused': {
        const cause = decodeRefusal(message.errors, message.detail);
        if (message.id !== undefined) this.#take(message.id)?.reject(refused(cause));
        break;
      }
      case 'up':
      case 'down':
      case 'packetIn':
      case 'portStatus':
      case 'flowRemoved':
        this.#options.onMessage(message);
        break;
    }
  }

  #part({ id, flows, foreign = 0, more }: Extract<RyuMessage, { type: 'flows' }>): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    for (const flow of flows) pending.flows.push(flow);
    pending.foreign += foreign;
    if (more) {
      pending.heardAt = this.#heard;
      this.#arm(id, pending);
    } else this.#take(id)?.resolve(pending);
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    this.#line.delete(id);
    pending?.cancel();
    if (pending?.isSent) {
      this.#underWay--;
      this.#sendNext();
    }
    return pending;
  }

  /** Without the closing handshake: the peer may not answer it. */
  #cut(): void {
    this.#tcp?.destroy();
  }

  #lost(): void {
    this.#open = false;
    this.#tcp = undefined;
    this.#cancelTimer();
    this.#line.clear();
    for (const id of [...this.#pending.keys()])
      this.#take(id)?.reject(fault('SWITCH_AWAY', `${this.#options.url} hung up`));
    this.#options.onLost();
    if (!this.#closed) this.#cancelTimer = this.#timers.after(this.#delays.next().value, () => this.start());
  }

  #freshDelays = (): Generator<number, never> =>
    backoff({ firstMs: 10, maxMs: 500, jitter: 0.2 }, this.#options.random ?? Math.random);
}
