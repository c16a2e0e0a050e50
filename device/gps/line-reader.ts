import { fault } from '../../protocol/errors.js';

const MAX_LINE = 10_240;

export interface LineHandlers {
  onLine(line: string): void;
  /** A line without an end was thrown away (GPS_MALFORMED). */
  onFault(error: unknown): void;
}

/** Cuts a stream of latin-1 text into lines, whatever ends them; empty ones are left out. Memory is bounded. */
export class LineReader {
  readonly #handlers: LineHandlers;
  #rest = '';
  /** The end of a line that was too long is no line. */
  #skips = false;

  constructor(handlers: LineHandlers) {
    this.#handlers = handlers;
  }

  push(chunk: string): void {
    const parts = `${this.#rest}${chunk}`.split(/[\r\n]+/);
    this.#rest = parts.pop() ?? '';
    for (const part of parts) {
      const line = part.trim();
      if (this.#skips) this.#skips = false;
      else if (line !== '') this.#handlers.onLine(line);
    }
    if (this.#rest.length <= MAX_LINE) return;
    if (!this.#skips) this.#handlers.onFault(fault('GPS_MALFORMED', `a line of more than ${MAX_LINE} bytes`));
    this.#rest = '';
    this.#skips = true;
  }
}
