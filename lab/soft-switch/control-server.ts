import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { z } from 'zod';
import { parseLine, readLines } from '../../sdn-app/switch/json-lines.js';
import { softRequest, type SoftMessage, type SoftRequest } from '../../sdn-app/switch/soft-protocol.js';
import type { SwitchRefusal } from '../../sdn-app/switch/flow-switch.js';

export interface ControlOptions {
  readonly listen: { readonly address: string; readonly port: number };
  readonly hello: SoftMessage;
  readonly handle: (request: SoftRequest) => SoftMessage;
  readonly onRefused: (refusal: SwitchRefusal) => void;
  readonly onConnection: (what: 'connected' | 'lost') => void;
}

/** A controller that reads this slowly loses copies: they are hints, and the next frame makes another. */
const BACKLOG_MAX_BYTES = 1_048_576;

/** The TCP side of the switch: requests of controllers are handled in their order, events go to all of them. */
export class ControlServer implements AsyncDisposable {
  readonly #options: ControlOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

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

  /** Tells all controllers; those with a long backlog miss it. Returns how many do. */
  tell(message: SoftMessage): number {
    const line = `${JSON.stringify(message)}\n`;
    let missed = 0;
    for (const socket of this.#sockets) {
      if (socket.writableLength > BACKLOG_MAX_BYTES) missed++;
      else socket.write(line);
    }
    return missed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>(resolve => this.#server.close(() => resolve()));
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    this.#options.onConnection('connected');
    const answer = (message: SoftMessage): void => void socket.write(`${JSON.stringify(message)}\n`);
    readLines(
      socket,
      line => answer(this.#answer(line)),
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

  #answer(line: string): SoftMessage {
    const value = parseLine(line);
    const request = softRequest.safeParse(value);
    if (!request.success) {
      const id = z.object({ id: z.int().min(0) }).safeParse(value);
      return this.#refuse(id.data?.id, 'BAD_TYPE', z.prettifyError(request.error).replaceAll('\n', ' '));
    }
    const message = this.#options.handle(request.data);
    if (message.type === 'refused') this.#options.onRefused(message.refusal);
    return message;
  }

  #refuse(id: number | undefined, code: string, detail: string): SoftMessage {
    const refusal: SwitchRefusal = { type: 'BAD_REQUEST', code, detail };
    this.#options.onRefused(refusal);
    return { type: 'refused', refusal, ...(id === undefined ? {} : { id }) };
  }
}
