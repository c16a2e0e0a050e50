import type { SenmlValue } from './senml.js';

export interface Sample {
  /** Wire name of a signal, or one of META. */
  readonly name: string;
  readonly value: SenmlValue;
  /** UTC, Unix milliseconds. */
  readonly timeMs: number;
}
