import type { Timers } from '../../common/clock.js';
import { fault } from '../../protocol/errors.js';
import { adapterFault, answerLines } from './adapter-text.js';
import { mayBeSent, type AdapterCommand, type ReadRequest } from './services.js';
import type { Link } from './types.js';

export interface Elm327Options {
  readonly timers: Timers;
  /** How long an answer may take. */
  readonly timeoutMs: number;
  /** How long a late answer is waited for before the adapter counts as gone. */
  readonly drainMs?: number;
}

const PROMPT = 0x3e; // '>'
const MAX_ANSWER_BYTES = 16_384;
/** Of an adapter that has been seen to leave its prompt out: the answer is over when it has said nothing for so long. */
const QUIET_MS = 250;
interface Waiting {
  readonly done: (raw: string) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * An ELM327 on a link: half-duplex, one command at a time, each answered by lines and the prompt `>`.
 * After a command that was not answered in time, the late answer is drained before the next command goes out. An adapter
 * that leaves the prompt out is answered for by time: what it said in whole lines counts as its answer.
 * Rejects with OBD_TIMEOUT, OBD_ADAPTER (detail begins with the adapter's words), OBD_LINK, OBD_FORBIDDEN, or the
 * signal's reason.
 */
export class Elm327 implements AsyncDisposable {
  readonly #link: Link;
  readonly #options: Elm327Options;
  #bytes: number[] = [];
  #waiting: Waiting | undefined;
  /** An answer that nobody waits for any more is still on its way. */
  #owed = false;
  /** It has never sent a prompt, and answers all the same. */
  #promptless = false;
  #hasPrompts = false;
  #command = '';
  #quiet: (() => void) | undefined;
  #gone: unknown;
  #last: Promise<unknown> = Promise.resolve();

  constructor(link: Link, options: Elm327Options) {
    this.#link = link;
    this.#options = options;
    link.onData(chunk => this.#take(chunk));
    void link.closed.then(reason => {
      this.#gone = fault('OBD_LINK', 'the adapter closed the connection', { cause: reason });
      this.#waiting?.fail(this.#gone);
    });
  }

  /** Whether it has been seen to leave its prompt out. */
  get isPromptless(): boolean {
    return this.#promptless;
  }

  /** Sends a command to the adapter itself, or a request that only reads to the car; waits for its turn. */
  command(
    text: AdapterCommand | ReadRequest,
    signal: AbortSignal,
    timeoutMs = this.#options.timeoutMs,
  ): Promise<string[]> {
    const turn = this.#last.then(() => this.#exchange(text, signal, timeoutMs));
    this.#last = turn.catch(() => undefined);
    return turn;
  }

  async #exchange(text: string, signal: AbortSignal, timeoutMs: number): Promise<string[]> {
    signal.throwIfAborted();
    if (!mayBeSent(text)) throw fault('OBD_FORBIDDEN', JSON.stringify(text));
    if (this.#owed) await this.#drain(signal);
    this.#bytes = [];
    this.#command = text;
    const answer = this.#nextPrompt(signal, timeoutMs, text);
    this.#link.write(`${text}\r`);
    const lines = answerLines(await answer, text);
    const trouble = adapterFault(lines, text);
    if (trouble !== undefined) throw trouble;
    return lines;
  }

  async #drain(signal: AbortSignal): Promise<void> {
    try {
      await this.#nextPrompt(signal, this.#options.drainMs ?? 2 * this.#options.timeoutMs, 'a late answer');
    } catch (cause) {
      signal.throwIfAborted();
      // The late answer came and only its prompt was lost: the adapter is there.
      if (this.#hasAnswer()) return;
      throw fault('OBD_LINK', 'the adapter no longer answers', { cause });
    }
  }

  /** Everything up to the next prompt. */
  #nextPrompt(signal: AbortSignal, timeoutMs: number, what: string): Promise<string> {
    return new Promise<string>((resolve, reject) => {
      if (this.#gone !== undefined) {
        reject(this.#gone as Error);
        return;
      }
      const onAbort = (): void => settle(() => reject(signal.reason as Error), true);
      const cancel = this.#options.timers.after(timeoutMs, () => {
        this.#promptless = !this.#hasPrompts && this.#hasAnswer();
        const raw = this.#said();
        if (this.#promptless) settle(() => resolve(raw), false);
        else settle(() => reject(fault('OBD_TIMEOUT', what)), true);
      });
      const settle = (finish: () => void, owed: boolean): void => {
        cancel();
        this.#quiet?.();
        signal.removeEventListener('abort', onAbort);
        this.#waiting = undefined;
        this.#owed = owed;
        finish();
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting = {
        done: raw => settle(() => resolve(raw), false),
        fail: error => settle(() => reject(error as Error), false),
      };
    });
  }

  /** Whether whole lines have come that are more than an echo or the word that an answer is on its way. */
  #hasAnswer(): boolean {
    const raw = this.#said();
    return /[\r\n][^\x20-\x7e]*$/.test(raw) && answerLines(raw, this.#command).length > 0;
  }

  #said(): string {
    return Buffer.from(this.#bytes).toString('latin1');
  }

  #take(chunk: Uint8Array): void {
    for (const byte of chunk) {
      if (byte !== PROMPT) {
        // A stream without prompts is no adapter; keep its beginning only, so that memory stays bounded.
        if (this.#bytes.length < MAX_ANSWER_BYTES) this.#bytes.push(byte);
        continue;
      }
      const raw = this.#said();
      // A prompt with nothing before it answers no command: it is the late one of the answer before.
      if (this.#waiting !== undefined && !this.#owed && /^[^\x21-\x7e]*$/.test(raw)) continue;
      this.#bytes = [];
      this.#hasPrompts = true;
      this.#promptless = false;
      if (this.#waiting !== undefined) this.#waiting.done(raw);
      else this.#owed = false; // the late answer came while nobody asked
    }
    if (this.#promptless && this.#waiting !== undefined) this.#watchQuiet();
  }

  #watchQuiet(): void {
    this.#quiet?.();
    this.#quiet = this.#options.timers.after(QUIET_MS, () => {
      if (this.#hasAnswer()) this.#waiting?.done(this.#said());
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#quiet?.();
    return Promise.resolve(this.#link[Symbol.asyncDispose]());
  }
}
