import type { SenmlValue } from '../../protocol/senml.js';

/** A point of a series; null as value begins a gap. */
export type Point = [timeMs: number, value: SenmlValue | null];

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}
