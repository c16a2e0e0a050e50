import { every, type Clock, type Timers } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import { encodeLine, type CaptureLine } from './lines.js';

/** A file that grows. */
export interface CaptureFile {
  readonly path: string;
  append(text: string): Promise<void>;
  close(): Promise<void>;
}

export interface RecorderOptions {
  readonly file: CaptureFile;
  /** The recording ends here. */
  readonly maxBytes: number;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly timers: Timers;
  readonly log: Log;
}

const FLUSH_MS = 1_000;
/** What waits for a slow disk at most; what comes beyond it is counted as lost. */
const WAITING_CHARS = 1_048_576;
/** For the line that says how many were lost. */
const RESERVED = 64;

/**
 * Writes what an agent hears and says into a file. `note` never waits: lines are gathered in memory, bounded, and written once a
 * second. A disk that fails ends the recording and not the agent.
 */
export class Recorder implements AsyncDisposable {
  readonly #options: RecorderOptions;
  readonly #fromMs: number;
  readonly #stop: () => void;
  #lines: string[] = [];
  #waitingChars = 0;
  #bytes = 0;
  #lost = 0;
  #isOver = false;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#fromMs = options.clock.monotonicMs();
    this.#stop = every(options.timers, FLUSH_MS, () => this.flush());
  }

  /** Takes a line, with the time of now. */
  note(entry: CaptureLine): void {
    if (this.#isOver) return;
    const atMs = this.#options.clock.monotonicMs() - this.#fromMs;
    const text = encodeLine(atMs, entry);
    if (this.#waitingChars + text.length > WAITING_CHARS) {
      this.#lost++;
      return;
    }
    if (this.#lost > 0) this.#push(encodeLine(atMs, { lost: this.#lost }));
    this.#lost = 0;
    this.#push(text);
  }

  #push(text: string): void {
    const bytes = Buffer.byteLength(text);
    if (this.#bytes + bytes > this.#options.maxBytes - RESERVED) return this.#end('full');
    this.#bytes += bytes;
    this.#waitingChars += text.length;
    this.#lines.push(text);
  }

  /** Hands what was gathered to the disk. */
  flush(): Promise<void> {
    const text = this.#lines.join('');
    this.#lines = [];
    this.#writing = this.#writing.then(() => this.#write(text));
    return this.#writing;
  }

  async #write(text: string): Promise<void> {
    if (text === '') return;
    try {
      await this.#options.file.append(text);
    } catch (error) {
      this.#end('disk', messageOf(error));
    } finally {
      this.#waitingChars -= text.length;
    }
  }

  #end(why: 'full' | 'disk', error?: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const { file, log } = this.#options;
    log.warn({
      event: 'capture.ended',
      path: file.path,
      why,
      bytes: this.#bytes,
      ...(error === undefined ? {} : { error }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop();
    const atMs = this.#options.clock.monotonicMs() - this.#fromMs;
    if (this.#lost > 0 && !this.#isOver) this.#push(encodeLine(atMs, { lost: this.#lost }));
    await this.flush();
    await this.#options.file.close().catch((error: unknown) => this.#end('disk', messageOf(error)));
  }
}
