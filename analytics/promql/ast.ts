import type { Matcher } from './matchers.js';

export type ArithmeticOp = '+' | '-' | '*' | '/' | '%' | '^';
export type ComparisonOp = '==' | '!=' | '>' | '<' | '>=' | '<=';
export type SetOp = 'and' | 'or' | 'unless';
export type BinaryOp = ArithmeticOp | ComparisonOp | SetOp;

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '>', '<', '>=', '<=']);
const SETS: ReadonlySet<string> = new Set(['and', 'or', 'unless']);
export const BINARY_OPS: ReadonlySet<string> = new Set(['+', '-', '*', '/', '%', '^', ...COMPARISONS, ...SETS]);

export const isComparison = (op: BinaryOp): boolean => COMPARISONS.has(op);
export const isSet = (op: BinaryOp): boolean => SETS.has(op);

export interface Selector {
  readonly kind: 'selector';
  readonly matchers: readonly Matcher[];
  readonly offsetMs: number;
}

export interface RangeSelector {
  readonly kind: 'range';
  readonly selector: Selector;
  readonly rangeMs: number;
}

export interface Call {
  readonly kind: 'call';
  readonly name: string;
  readonly args: readonly Expr[];
}

/** Labels to keep (`by`, `on`) or to leave out (`without`, `ignoring`). */
export interface Grouping {
  readonly keep: boolean;
  readonly labels: readonly string[];
}

export interface Aggregate {
  readonly kind: 'aggregate';
  readonly op: string;
  readonly grouping: Grouping;
  readonly param?: Expr;
  readonly arg: Expr;
}

export interface Binary {
  readonly kind: 'binary';
  readonly op: BinaryOp;
  /** Comparisons give 0 or 1 instead of leaving out. */
  readonly bool: boolean;
  readonly matching: Grouping;
  readonly left: Expr;
  readonly right: Expr;
}

export type Expr =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'negate'; readonly arg: Expr }
  | Selector
  | RangeSelector
  | Call
  | Aggregate
  | Binary;

export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string';

/** As Prometheus calls them in its errors. */
export const TYPE_WORDS: Readonly<Record<ValueType, string>> = {
  scalar: 'scalar',
  vector: 'instant vector',
  matrix: 'range vector',
  string: 'string',
};

/** Selectors of an expression, each with the range that is asked for around it (0: an instant). */
export function selectorsOf(expr: Expr): { readonly selector: Selector; readonly rangeMs: number }[] {
  switch (expr.kind) {
    case 'number':
    case 'string':
      return [];
    case 'selector':
      return [{ selector: expr, rangeMs: 0 }];
    case 'range':
      return [{ selector: expr.selector, rangeMs: expr.rangeMs }];
    case 'negate':
      return selectorsOf(expr.arg);
    case 'call':
      return expr.args.flatMap(selectorsOf);
    case 'aggregate':
      return [...(expr.param === undefined ? [] : selectorsOf(expr.param)), ...selectorsOf(expr.arg)];
    case 'binary':
      return [...selectorsOf(expr.left), ...selectorsOf(expr.right)];
  }
}
