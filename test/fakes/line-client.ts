import { connect, type Socket } from 'node:net';
import { once } from 'node:events';

/** A TCP client for text protocols: waits for text, not for time. */
export class LineClient implements AsyncDisposable {
  readonly socket: Socket;
  #text = '';
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setEncoding('latin1');
    socket.on('data', chunk => {
      this.#text += String(chunk);
      this.#wake();
    });
    socket.on('error', () => this.#wake());
    socket.on('close', () => this.#wake());
  }

  static async open(at: { readonly address: string; readonly port: number }): Promise<LineClient> {
    const client = new LineClient(connect({ host: at.address, port: at.port, noDelay: true }));
    await once(client.socket, 'connect');
    return client;
  }

  send(text: string | Uint8Array): void {
    this.socket.write(text);
  }

  /** Takes what came up to and including `end`; rejects when the connection closes before. */
  async until(end: string): Promise<string> {
    for (;;) {
      const at = this.#text.indexOf(end);
      if (at >= 0) {
        const found = this.#text.slice(0, at + end.length);
        this.#text = this.#text.slice(at + end.length);
        return found;
      }
      if (this.socket.closed) throw new Error(`closed, after ${JSON.stringify(this.#text)}`);
      await new Promise<void>(resolve => (this.#wake = resolve));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.closed) return;
    const closed = once(this.socket, 'close');
    this.socket.destroy();
    await closed;
  }
}
