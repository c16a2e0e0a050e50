import type { FastifyReply } from 'fastify';

/**
 * Server-sent events to one reader. A reader that is slower than `limitBytes` of backlog is closed: queues are bounded. What a
 * stream begins with may be longer than that, and is no backlog: who is still reading it is not slow.
 */
export class SseStream {
  readonly #reply: FastifyReply;
  readonly #limitBytes: number;
  /** Of the beginning, until it is with the reader. */
  #beginBytes = 0;

  constructor(reply: FastifyReply, options: { limitBytes?: number } = {}) {
    this.#reply = reply;
    this.#limitBytes = options.limitBytes ?? 4_194_304;
    reply.hijack();
    reply.raw.writeHead(200, {
      'content-type': 'text/event-stream',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    reply.raw.write(':\n\n');
    reply.raw.socket?.setNoDelay(true);
  }

  send(event: string, data: unknown, id?: string): void {
    this.write(eventText(event, data, id));
  }

  /** Writes what the stream begins with: of whatever length. */
  begin(text: string): void {
    const bytes = Buffer.from(text);
    this.#beginBytes += bytes.length;
    this.#reply.raw.write(bytes, () => (this.#beginBytes -= bytes.length));
  }

  /** Writes what `eventText` made, once for many readers. */
  write(text: string): void {
    if (this.#reply.raw.writableLength > this.#limitBytes + this.#beginBytes) {
      this.#reply.raw.destroy();
      return;
    }
    this.#reply.raw.write(text);
  }

  onClose(listener: () => void): void {
    this.#reply.raw.on('close', listener);
  }

  close(): void {
    this.#reply.raw.end();
  }
}

/** One event as it goes over the wire. */
export const eventText = (event: string, data: unknown, id?: string): string =>
  `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${JSON.stringify(data)}\n\n`;

export interface ServerEvent {
  readonly event: string;
  readonly data: string;
  readonly id?: string;
}

/** Splits a byte stream into events (WHATWG HTML §9.2, as much of it as our services send). */
export async function* readEvents(body: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    rest += decoder.decode(chunk, { stream: true });
    for (let end = rest.indexOf('\n\n'); end >= 0; end = rest.indexOf('\n\n')) {
      const block = rest.slice(0, end);
      rest = rest.slice(end + 2);
      const fields = new Map(
        block.split('\n').map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      const data = fields.get('data');
      const id = fields.get('id');
      if (data !== undefined)
        yield { event: fields.get('event') ?? 'message', data, ...(id === undefined ? {} : { id }) };
    }
  }
}
