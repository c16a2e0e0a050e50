import { commandText, MOST_COMMANDS } from '../protocol/api/commands.js';
import { fault } from '../protocol/errors.js';
import { Fifo } from './fifo.js';
import type { Lane } from './lanes.js';

/** A command to one service as what it is: by this name among others, or alone by a resource of its own. */
export interface Command {
  readonly name: string;
  readonly method: 'POST' | 'PUT';
  readonly path: string;
  readonly vehicle: string;
  readonly body: unknown;
}

export type CommandOutcome = { readonly answer: unknown } | { readonly error: unknown };

/** The way to the service. Both reject where nothing is known of what became of the commands that have no answer yet. */
export interface CommandWay {
  /** Resolves with the answer, rejects with a refusal, too. `json`: the body. */
  readonly one: (command: Command, json: string, signal: AbortSignal) => Promise<unknown>;
  /** Several as text, in one request; resolves once it has ended, and each answer is told by its place as it comes. */
  readonly many: (
    commands: readonly string[],
    answered: (at: number, outcome: CommandOutcome) => void,
    signal: AbortSignal,
  ) => Promise<void>;
}

export interface CommandLimits {
  /** Requests under way at once. */
  readonly requests: number;
  /** Of the commands that are under way, so many may be for standby. */
  readonly ofStandby: number;
}

/** Characters of the commands of one request: a third of what a service takes, in the worst case of UTF-8. */
const MOST_CHARS = 262_144;

interface Entry {
  readonly lane: Lane;
  readonly command: Command;
  readonly json: string;
  readonly signal: AbortSignal;
  readonly end: (outcome: CommandOutcome) => void;
  /** It has its outcome. */
  ended: boolean;
  request?: { left: number; readonly stop?: AbortController };
}

/**
 * Commands to one service. The first one leaves at once, alone; while others are under way those of one turn of the event loop leave in
 * one request, and what a hand-over waits for goes before the rest. Each has an outcome of its own as soon as there is one: a neighbour
 * that is refused, or hangs, is no matter of it. What cannot leave yet waits here and not in sockets: a deadline begins when a command
 * leaves, so that a storm makes commands late and never makes them fail, to be said again and make it worse. Who waits is bounded by
 * whoever commands: a few a vehicle.
 */
export class CommandQueue {
  readonly #way: CommandWay;
  readonly #limits: CommandLimits;
  readonly #later: (run: () => void) => void;
  readonly #waiting = { handover: new Fifo<Entry>(), standby: new Fifo<Entry>() };
  /** Without an outcome, by the signal that ends them: it has one listener, however many they are. */
  readonly #open = new Map<AbortSignal, { readonly entries: Set<Entry>; readonly stop: () => void }>();
  #requests = 0;
  #ofStandby = 0;
  #due = false;

  /** `later`: at the end of this turn of the event loop. */
  constructor(
    way: CommandWay,
    limits: CommandLimits,
    later: (run: () => void) => void = run => void setImmediate(run),
  ) {
    this.#way = way;
    this.#limits = limits;
    this.#later = later;
  }

  /** Its answer; rejects with its refusal, with what became of its request, or with the reason of the signal. */
  send(lane: Lane, command: Command, signal: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject: (reason: unknown) => void) => {
      if (signal.aborted) return reject(signal.reason);
      const end = (outcome: CommandOutcome): void =>
        'error' in outcome ? reject(outcome.error) : resolve(outcome.answer);
      const entry: Entry = { lane, command, json: JSON.stringify(command.body), signal, end, ended: false };
      this.#keep(entry);
      this.#waiting[lane].add(entry);
      if (this.#requests === 0) this.#leave();
      else this.#leaveLater();
    });
  }

  #leaveLater(): void {
    if (this.#due) return;
    this.#due = true;
    this.#later(() => {
      this.#due = false;
      this.#leave();
    });
  }

  #leave(): void {
    while (this.#requests < this.#limits.requests) {
      const batch = this.#take();
      const [first] = batch;
      if (first === undefined) return;
      this.#requests++;
      if (batch.length === 1) {
        first.request = { left: 1 };
        void this.#sendOne(first);
      } else {
        const request = { left: batch.length, stop: new AbortController() };
        for (const entry of batch) entry.request = request;
        void this.#sendMany(batch, request.stop.signal);
      }
    }
  }

  /** What goes next, in one request. */
  #take(): Entry[] {
    const batch: Entry[] = [];
    let chars = 0;
    for (const lane of ['handover', 'standby'] as const) {
      const waiting = this.#waiting[lane];
      for (let next = waiting.peek(); next !== undefined && batch.length < MOST_COMMANDS; next = waiting.peek()) {
        if (!next.ended) {
          if (lane === 'standby' && this.#ofStandby >= this.#limits.ofStandby) break;
          chars += next.json.length;
          if (batch.length > 0 && chars > MOST_CHARS) return batch;
          if (lane === 'standby') this.#ofStandby++;
          batch.push(next);
        }
        waiting.take();
      }
    }
    return batch;
  }

  async #sendOne(entry: Entry): Promise<void> {
    const outcome = await this.#way.one(entry.command, entry.json, entry.signal).then(
      answer => ({ answer }),
      (error: unknown) => ({ error }),
    );
    this.#end(entry, outcome);
    this.#requestEnded();
  }

  async #sendMany(batch: readonly Entry[], signal: AbortSignal): Promise<void> {
    const texts = batch.map(({ command: { name, vehicle }, json }) => commandText(name, vehicle, json));
    const answered = (at: number, outcome: CommandOutcome): void => {
      const entry = batch[at];
      if (entry !== undefined) this.#end(entry, outcome);
    };
    const broken = await this.#way.many(texts, answered, signal).then(
      () => undefined,
      (error: unknown) => ({ error }),
    );
    for (const entry of batch)
      if (!entry.ended)
        this.#end(entry, broken ?? { error: fault('UPSTREAM_REFUSED', 'the answer has no line for this command') });
    this.#requestEnded();
  }

  #requestEnded(): void {
    this.#requests--;
    this.#leaveLater();
  }

  #keep(entry: Entry): void {
    const { signal } = entry;
    const kept = this.#open.get(signal);
    if (kept !== undefined) return void kept.entries.add(entry);
    const entries = new Set([entry]);
    const stop = (): void => entries.forEach(one => this.#end(one, { error: signal.reason as unknown }));
    signal.addEventListener('abort', stop, { once: true });
    this.#open.set(signal, { entries, stop });
  }

  /** The first outcome counts. */
  #end(entry: Entry, outcome: CommandOutcome): void {
    if (entry.ended) return;
    entry.ended = true;
    const { lane, signal, request } = entry;
    const kept = this.#open.get(signal);
    kept?.entries.delete(entry);
    if (kept?.entries.size === 0) {
      signal.removeEventListener('abort', kept.stop);
      this.#open.delete(signal);
    }
    if (request !== undefined) {
      if (lane === 'standby') this.#ofStandby--;
      // Nobody waits for the rest of its answer.
      if (--request.left === 0 && signal.aborted) request.stop?.abort(signal.reason);
    }
    entry.end(outcome);
  }
}
