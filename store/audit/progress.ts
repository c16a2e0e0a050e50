import type { Clock } from '../../common/clock.js';

const EVERY_MS = 2_000;
const number = (value: number): string => Math.round(value).toLocaleString('en-US');

/** Says now and then how far an audit has come, a line each time. One that is over at once says nothing. */
export class Progress {
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #write: (line: string) => void;
  readonly #begunAtMs: number;
  #saidAtMs: number;

  constructor(clock: Pick<Clock, 'monotonicMs'>, write: (line: string) => void) {
    this.#clock = clock;
    this.#write = write;
    this.#begunAtMs = clock.monotonicMs();
    this.#saidAtMs = this.#begunAtMs;
  }

  /** `rows`: read by this run. */
  update({ done, of, rows }: { readonly done: number; readonly of: number; readonly rows: number }): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#saidAtMs < EVERY_MS) return;
    this.#saidAtMs = nowMs;
    const seconds = (nowMs - this.#begunAtMs) / 1000;
    const share = Math.floor((100 * done) / of);
    this.#write(
      `audit: ${number(done)} of ${number(of)} ranges (${share} %), ${number(rows)} rows, ${number(rows / seconds)} a second`,
    );
  }
}
