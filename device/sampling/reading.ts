import type { SenmlValue } from '../../protocol/senml.js';

/** A value and when it was read, monotonic milliseconds. */
export interface Reading {
  readonly name: string;
  readonly value: SenmlValue;
  readonly monoMs: number;
}
