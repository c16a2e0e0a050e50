import { once } from 'node:events';
import { isDeepStrictEqual } from 'node:util';
import { WebSocket } from 'undici';
import {
  ryuMessage,
  type RyuMessage,
  type RyuRequest,
  type WireFlow,
  type WireMod,
} from '../../../sdn-app/switch/ryu/wire.js';

export type Answer = Extract<RyuMessage, { type: 'done' | 'refused' | 'away' | 'flows' }>;
export type Told = Exclude<RyuMessage, Answer>;
type Asked = RyuRequest extends infer R ? (R extends RyuRequest ? Omit<R, 'id' | 'datapath'> : never) : never;
type Flows = Extract<RyuMessage, { type: 'flows' }>['flows'];

/** One client of the Ryu app, on the wire itself: requests of switch 1, and whatever else is told, in order. */
export class WireClient implements AsyncDisposable {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer) => void>();
  readonly #told: Told[] = [];
  readonly #parts = new Map<number, Flows>();
  readonly #listeners = new Set<() => void>();
  /** Refusals without an id. */
  readonly refusals: string[] = [];
  #nextId = 1;

  constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener('message', ({ data }) => this.#received(ryuMessage.parse(JSON.parse(String(data)))));
  }

  static async open(port: number): Promise<WireClient> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/edgetwin/v1`);
    const client = new WireClient(socket);
    await once(socket, 'open');
    return client;
  }

  ask(request: Asked, datapath = 1): Promise<Answer> {
    const id = this.#nextId++;
    return new Promise(resolve => {
      this.#waiting.set(id, resolve);
      this.send(JSON.stringify({ ...request, id, datapath }));
    });
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  batch(bundle: readonly WireMod[], meters: { before?: WireMod[]; after?: WireMod[] } = {}): Promise<Answer> {
    return this.ask({ op: 'batch', before: meters.before ?? [], bundle: [...bundle], after: meters.after ?? [] });
  }

  add(...flows: readonly WireFlow[]): Promise<Answer> {
    return this.batch(flows.map(flow => ({ op: 'add', flow })));
  }

  async flows(cookie = 0, mask = 0): Promise<Flows> {
    const answer = await this.ask({ op: 'flows', cookie, mask });
    if (answer.type !== 'flows') throw new Error(JSON.stringify(answer));
    return answer.flows;
  }

  /** The next message of a type; others before it are left where they are. */
  async next<T extends Told['type']>(type: T): Promise<Extract<Told, { type: T }>> {
    for (;;) {
      const at = this.#told.findIndex(message => message.type === type);
      const [found] = at < 0 ? [] : this.#told.splice(at, 1);
      if (found !== undefined) return found as Extract<Told, { type: T }>;
      await new Promise<void>(resolve => this.#listeners.add(resolve));
    }
  }

  /** Waits for just this message; others of its type before it are passed over. */
  async hears(message: Told): Promise<void> {
    while (!isDeepStrictEqual(await this.next(message.type), message));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.#socket, 'close');
    this.#socket.close();
    await closed;
  }

  #received(message: RyuMessage): void {
    switch (message.type) {
      case 'flows': {
        const flows = [...(this.#parts.get(message.id) ?? []), ...message.flows];
        this.#parts.set(message.id, flows);
        if (!message.more) this.#answered(message.id, { ...message, flows });
        break;
      }
      case 'done':
      case 'away':
        this.#answered(message.id, message);
        break;
      case 'refused':
        if (message.id === undefined) this.refusals.push(message.detail);
        else this.#answered(message.id, message);
        break;
      default:
        this.#told.push(message);
    }
    const listeners = [...this.#listeners];
    this.#listeners.clear();
    for (const listener of listeners) listener();
  }

  #answered(id: number, answer: Answer): void {
    this.#parts.delete(id);
    this.#waiting.get(id)?.(answer);
    this.#waiting.delete(id);
  }
}
