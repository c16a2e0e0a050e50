import { delay } from '../../common/clock.js';
import { fault } from '../../protocol/errors.js';
import type { Link, OpenLink } from '../obd/types.js';
import { elmScript, matchExchange, type ElmAttempt } from './elm-script.js';
import type { Capture } from './capture.js';
import type { ReplayTime } from './replay-time.js';

/** How far an agent did as the recorded one. */
export interface ElmSteps {
  /** Answered by what came next in the recording. */
  readonly inStep: number;
  /** Asked for at another time, or in another order. */
  readonly astray: number;
  /** Not in the recording. */
  readonly unknown: number;
}

export interface ElmReplay {
  readonly openLink: OpenLink;
  readonly steps: ElmSteps;
}

/** An adapter takes this long to say that it does not know, or that nobody answers. */
const ANSWER_MS = 20;

/**
 * The adapter of a capture, to be opened like any other; `undefined` where the capture has none. What the recorded agent was told is
 * told at the same moments. What it never asked is answered as an adapter does whose car does not know it.
 */
export function elmReplay(capture: Capture, time: ReplayTime): ElmReplay | undefined {
  const attempts = elmScript(capture);
  if (attempts.length === 0) return undefined;
  const steps = { inStep: 0, astray: 0, unknown: 0 };
  let opened = 0;
  const open = async (signal: AbortSignal): Promise<Link> => {
    const attempt = attempts[opened++];
    if (attempt === undefined) throw fault('OBD_LINK', 'the recording has no more of the adapter');
    await delay(Math.max(0, attempt.atMs - time.monotonicMs()), signal, time);
    if (attempt.failed !== undefined) throw fault('OBD_LINK', attempt.failed);
    return new ReplayLink(attempt, time, steps);
  };
  // An adapter that was plugged in again was noticed by its next attempt.
  const untilBack = (ms: number, signal: AbortSignal): Promise<void> => {
    const nextMs = attempts[opened]?.atMs ?? Infinity;
    return delay(Math.max(0, Math.min(ms, nextMs - time.monotonicMs())), signal, time);
  };
  return { openLink: Object.assign(open, { untilBack }), steps };
}

class ReplayLink implements Link {
  readonly name: string;
  readonly closed: Promise<unknown>;
  readonly #attempt: ElmAttempt;
  readonly #time: ReplayTime;
  readonly #steps: { -readonly [K in keyof ElmSteps]: number };
  readonly #cancels = new Set<() => void>();
  #listener: (chunk: Uint8Array) => void = () => undefined;
  #close: (reason: unknown) => void = () => undefined;
  #next = 0;

  constructor(attempt: ElmAttempt, time: ReplayTime, steps: { -readonly [K in keyof ElmSteps]: number }) {
    this.#attempt = attempt;
    this.#time = time;
    this.#steps = steps;
    this.name = attempt.name ?? 'recording';
    this.closed = new Promise(resolve => (this.#close = resolve));
    for (const { atMs, data } of attempt.unasked) this.#at(atMs, () => this.#hear(data));
    const { goneAtMs } = attempt;
    if (goneAtMs !== undefined) this.#at(goneAtMs, () => this.#end(new Error(attempt.goneSay ?? 'gone')));
  }

  onData(listener: (chunk: Uint8Array) => void): void {
    this.#listener = listener;
  }

  write(text: string): void {
    const nowMs = this.#time.monotonicMs();
    const { exchange, isInStep, next } = matchExchange(this.#attempt.exchanges, this.#next, text, nowMs);
    this.#next = next;
    this.#steps[exchange === undefined ? 'unknown' : isInStep ? 'inStep' : 'astray']++;
    if (exchange === undefined) {
      const isCommand = /^\s*(AT|ST)/i.test(text);
      this.#at(nowMs + ANSWER_MS, () => this.#hear(isCommand ? '?\r\r>' : 'NO DATA\r\r>'));
      return;
    }
    const shiftMs = isInStep ? 0 : nowMs - exchange.atMs;
    for (const { atMs, data } of exchange.answer) this.#at(atMs + shiftMs, () => this.#hear(data));
  }

  #at(atMs: number, fn: () => void): void {
    const cancel = this.#time.after(Math.max(0, atMs - this.#time.monotonicMs()), () => {
      this.#cancels.delete(cancel);
      fn();
    });
    this.#cancels.add(cancel);
  }

  #hear(data: string): void {
    this.#listener(Buffer.from(data, 'latin1'));
  }

  #end(reason: unknown): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
    this.#close(reason);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#end(undefined);
    return Promise.resolve();
  }
}
