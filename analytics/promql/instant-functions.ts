import type { ValueType } from './ast.js';

/** A question mark: may be left out. */
export type ArgumentType = ValueType | `${ValueType}?`;

export interface InstantFunction {
  readonly args: readonly ArgumentType[];
  readonly gives: ValueType;
  /** For functions of a vector: what becomes of each value; the further arguments are scalars. */
  readonly each?: (value: number, ...rest: readonly number[]) => number;
}

const each = (of: (value: number) => number): InstantFunction => ({ args: ['vector'], gives: 'vector', each: of });

/** Halves go up, as in Prometheus; `to` in whose multiples. */
function roundTo(value: number, to = 1): number {
  const inverse = 1 / to;
  return Math.floor(value * inverse + 0.5) / inverse;
}

const clamp = (value: number, min: number, max: number): number =>
  Number.isNaN(value) ? NaN : Math.max(min, Math.min(max, value));

/** Functions that need no range, by name. Those without `each` are the evaluator's own. */
export const INSTANT_FUNCTIONS: Readonly<Record<string, InstantFunction>> = {
  time: { args: [], gives: 'scalar' },
  timestamp: { args: ['vector'], gives: 'vector' },
  vector: { args: ['scalar'], gives: 'vector' },
  scalar: { args: ['vector'], gives: 'scalar' },
  absent: { args: ['vector'], gives: 'vector' },
  sort: { args: ['vector'], gives: 'vector' },
  sort_desc: { args: ['vector'], gives: 'vector' },
  abs: each(Math.abs),
  ceil: each(Math.ceil),
  floor: each(Math.floor),
  sqrt: each(Math.sqrt),
  exp: each(Math.exp),
  ln: each(Math.log),
  log2: each(Math.log2),
  log10: each(Math.log10),
  sgn: each(Math.sign),
  round: { args: ['vector', 'scalar?'], gives: 'vector', each: (value, to) => roundTo(value, to) },
  clamp: {
    args: ['vector', 'scalar', 'scalar'],
    gives: 'vector',
    each: (value, min = NaN, max = NaN) => clamp(value, min, max),
  },
  clamp_min: { args: ['vector', 'scalar'], gives: 'vector', each: (value, min = NaN) => clamp(value, min, Infinity) },
  clamp_max: { args: ['vector', 'scalar'], gives: 'vector', each: (value, max = NaN) => clamp(value, -Infinity, max) },
};
