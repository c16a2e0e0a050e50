import type { Clock, Timers } from '../../common/clock.js';
import type { GpsHandlers } from './gps-source.js';
import { LineReader } from './line-reader.js';
import { NmeaCycle, type CycleTpv } from './nmea-cycle.js';
import { parseNmea } from './nmea.js';

/** Between two cycles; within one, sentences follow one another. */
const PAUSE_MS = 150;

export interface NmeaReaderOptions {
  readonly handlers: GpsHandlers;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly timers: Timers;
  /** Without a whole sentence for this long, `onSilence` is called. */
  readonly silenceMs: number;
  readonly onSilence: () => void;
}

/** Turns the text of a receiver into looks; knows when a cycle is over, and when nothing comes that is NMEA. */
export class NmeaReader {
  readonly #options: NmeaReaderOptions;
  readonly #cycle = new NmeaCycle();
  readonly #lines: LineReader;
  #understood = false;
  #cancelPause = (): void => undefined;
  #cancelSilence = (): void => undefined;

  constructor(options: NmeaReaderOptions) {
    this.#options = options;
    this.#lines = new LineReader({
      onLine: line => this.#line(line),
      onFault: error => options.handlers.onFault(error),
    });
    this.#watch();
  }

  /** Whether there was a whole sentence. */
  get understood(): boolean {
    return this.#understood;
  }

  push(text: string): void {
    this.#lines.push(text);
    this.#cancelPause();
    this.#cancelPause = this.#options.timers.after(PAUSE_MS, () => this.#tell(this.#cycle.flush()));
  }

  stop(): void {
    this.#cancelPause();
    this.#cancelSilence();
  }

  #line(line: string): void {
    const { handlers, clock } = this.#options;
    try {
      const sentence = parseNmea(line);
      this.#understood = true;
      this.#watch();
      this.#tell(this.#cycle.take(sentence, clock.monotonicMs()));
    } catch (error) {
      // The first line is seldom whole; at a wrong speed none is.
      if (this.#understood) handlers.onFault(error);
    }
  }

  #tell(ended: CycleTpv | undefined): void {
    if (ended !== undefined) this.#options.handlers.onTpv(ended.tpv, ended.heardAtMs);
  }

  #watch(): void {
    const { timers, silenceMs, onSilence } = this.#options;
    this.#cancelSilence();
    this.#cancelSilence = timers.after(silenceMs, onSilence);
  }
}
