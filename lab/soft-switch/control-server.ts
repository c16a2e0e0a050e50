import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { z } from 'zod';
import { parseLine, readLines } from '../../sdn-app/switch/json-lines.js';
import { softRequest, type SoftMessage, type SoftRequest } from '../../sdn-app/switch/soft-protocol.js';
import type { SwitchRefusal } from '../../sdn-app/switch/flow-switch.js';

export interface ControlOptions {
  readonly listen: { readonly address: string; readonly port: number };
  readonly hello: SoftMessage;
  /** Everything but `lead`: roles are this server's own. */
  readonly handle: (request: Exclude<SoftRequest, { op: 'lead' }>) => SoftMessage;
  readonly onRefused: (refusal: SwitchRefusal) => void;
  readonly onConnection: (what: 'connected' | 'lost') => void;
}

/** A controller that reads this slowly loses copies: they are hints, and the next frame makes another. */
const BACKLOG_MAX_BYTES = 1_048_576;

/** OpenFlow 1.3 §6.3: an equal that has not asked for anything may do everything; of those that led, one is the master. */
type Role = 'equal' | 'master' | 'slave';

/** The TCP side of the switch: requests of controllers are handled in their order, events go to all of them. */
export class ControlServer implements AsyncDisposable {
  readonly #options: ControlOptions;
  readonly #server: Server;
  readonly #sockets = new Map<Socket, Role>();
  /** Generation id: the highest term that led. */
  #term = 0;

  constructor(options: ControlOptions) {
    this.#options = options;
    this.#server = createServer(socket => this.#accept(socket));
  }

  /** Resolves with the port that it listens on. */
  async listen(): Promise<number> {
    this.#server.listen(this.#options.listen.port, this.#options.listen.address);
    await once(this.#server, 'listening');
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : this.#options.listen.port;
  }

  /** Tells all controllers, slaves of ports only; those with a long backlog miss it. Returns how many do. */
  tell(message: SoftMessage): number {
    const line = `${JSON.stringify(message)}\n`;
    let missed = 0;
    for (const [socket, role] of this.#sockets) {
      if (role === 'slave' && message.type === 'packetIn') continue;
      if (socket.writableLength > BACKLOG_MAX_BYTES) missed++;
      else socket.write(line);
    }
    return missed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets.keys()) socket.destroy();
    await new Promise<void>(resolve => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    this.#sockets.set(socket, 'equal');
    this.#options.onConnection('connected');
    const answer = (message: SoftMessage): void => void socket.write(`${JSON.stringify(message)}\n`);
    readLines(
      socket,
      line => answer(this.#answer(socket, line)),
      () => {
        answer(this.#refuse(undefined, 'BAD_LEN', 'the line has no end'));
        socket.end();
      },
    );
    // `close` follows every error
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#sockets.delete(socket);
      this.#options.onConnection('lost');
    });
    answer(this.#options.hello);
  }

  #answer(socket: Socket, line: string): SoftMessage {
    const value = parseLine(line);
    const request = softRequest.safeParse(value);
    if (!request.success) {
      const id = z.object({ id: z.int().min(0) }).safeParse(value);
      return this.#refuse(id.data?.id, 'BAD_TYPE', z.prettifyError(request.error).replaceAll('\n', ' '));
    }
    const message = this.#take(socket, request.data);
    if (message.type === 'refused') this.#options.onRefused(message.refusal);
    return message;
  }

  #take(socket: Socket, request: SoftRequest): SoftMessage {
    const { op, id } = request;
    if (op === 'lead') return this.#lead(socket, request);
    if (op === 'batch' && this.#sockets.get(socket) === 'slave')
      return { type: 'refused', id, refusal: { type: 'BAD_REQUEST', code: 'IS_SLAVE', detail: 'another one leads' } };
    return this.#options.handle(request);
  }

  #lead(socket: Socket, { id, term }: Extract<SoftRequest, { op: 'lead' }>): SoftMessage {
    if (term < this.#term) {
      const detail = `term ${term} after ${this.#term}`;
      return { type: 'refused', id, refusal: { type: 'ROLE_REQUEST_FAILED', code: 'STALE', detail } };
    }
    this.#term = term;
    for (const [other, role] of this.#sockets) if (role === 'master') this.#sockets.set(other, 'slave');
    this.#sockets.set(socket, 'master');
    return { type: 'done', id };
  }

  #refuse(id: number | undefined, code: string, detail: string): SoftMessage {
    const refusal: SwitchRefusal = { type: 'BAD_REQUEST', code, detail };
    this.#options.onRefused(refusal);
    return { type: 'refused', refusal, ...(id === undefined ? {} : { id }) };
  }
}
