import type { Clock, Timers } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';
import type { TwinAnswer, TwinAsk, TwinReader } from './twin-reader.js';

interface Flight {
  readonly maxAgeMs: number;
  readonly answer: Promise<TwinAnswer>;
}

/** With less time than this left nobody is asked again. */
const WORTH_MS = 50;
/** Who asks himself learns what became of it in the words of whoever failed. */
const OWN_WORDS_MS = 100;
const LATE: ReadonlySet<string> = new Set(['DEADLINE', 'COAP_TIMEOUT']);

/**
 * Many readers of one value cause one read: who asks while a question is under way that would do for him, too, shares its
 * answer. Each keeps his own deadline; where the shared question had less time than he has, he asks again.
 */
export class SharedReader implements TwinReader {
  readonly #inner: TwinReader;
  readonly #clock: Clock;
  readonly #timers: Timers;
  readonly #flights = new Map<string, Flight>();
  readonly #onShared: () => void;

  constructor(inner: TwinReader, deps: { clock: Clock; timers: Timers; onShared: () => void }) {
    this.#inner = inner;
    this.#clock = deps.clock;
    this.#timers = deps.timers;
    this.#onShared = deps.onShared;
  }

  async read(ask: TwinAsk): Promise<TwinAnswer> {
    const endMs = this.#clock.monotonicMs() + ask.timeoutMs;
    for (let leftMs = ask.timeoutMs; ; leftMs = Math.floor(endMs - this.#clock.monotonicMs())) {
      const joined = this.#flightFor(ask);
      if (joined !== undefined) this.#onShared();
      const flight = joined ?? this.#begin({ ...ask, timeoutMs: leftMs });
      try {
        return await this.#within(flight.answer, joined === undefined ? leftMs + OWN_WORDS_MS : leftMs, ask);
      } catch (error) {
        const worth = endMs - this.#clock.monotonicMs() > WORTH_MS;
        if (joined === undefined || !worth || !LATE.has(codeOf(error))) throw error;
      }
    }
  }

  #flightFor({ vehicle, path, maxAgeMs = Infinity }: TwinAsk): Flight | undefined {
    const flight = this.#flights.get(`${vehicle} ${path}`);
    return flight !== undefined && flight.maxAgeMs <= maxAgeMs ? flight : undefined;
  }

  #begin(ask: TwinAsk): Flight {
    const key = `${ask.vehicle} ${ask.path}`;
    const flight: Flight = { maxAgeMs: ask.maxAgeMs ?? Infinity, answer: this.#inner.read(ask) };
    this.#flights.set(key, flight);
    const ended = (): void => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    flight.answer.then(ended, ended);
    return flight;
  }

  #within(answer: Promise<TwinAnswer>, ms: number, { vehicle, path }: TwinAsk): Promise<TwinAnswer> {
    return new Promise((resolve, reject) => {
      const cancel = this.#timers.after(ms, () => reject(fault('DEADLINE', `${vehicle} ${path}`)));
      answer.then(resolve, reject).finally(cancel);
    });
  }
}
