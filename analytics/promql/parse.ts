import type { SyntaxNode, Tree } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { RANGE_FUNCTIONS } from './range-functions.js';
import { AGGREGATIONS } from './aggregate.js';
import { INSTANT_FUNCTIONS, type ArgumentType } from './instant-functions.js';
import {
  BINARY_OPS,
  TYPE_WORDS,
  isComparison,
  isSet,
  type Binary,
  type BinaryOp,
  type Expr,
  type Grouping,
  type Selector,
  type ValueType,
} from './ast.js';
import { durationMs, numberOf, unquote } from './literals.js';
import { makeMatcher, nameMatcher, type Matcher, type MatchOp } from './matchers.js';
import { promqlFault, type PromqlError } from './promql-error.js';

const MAX_QUERY_LENGTH = 16_384;
const MAX_DEPTH = 200;
const TOO_DEEP = `expressions stand at most ${MAX_DEPTH} deep in one another`;
const IGNORING_NONE: Grouping = { keep: false, labels: [] };

/**
 * An expression of our subset of PromQL, by Prometheus's own grammar. Throws `bad_data` with the place of what is wrong, or
 * with the name of what this does not know.
 */
export function parsePromql(query: string): Expr {
  if (query.length > MAX_QUERY_LENGTH)
    throw promqlFault('bad_data', `queries have ${MAX_QUERY_LENGTH} characters at most`);
  const tree = treeOf(query);
  checkSyntax(query, tree);
  const root = tree.topNode.firstChild;
  if (root === null) throw promqlFault('bad_data', 'unknown position: parse error: no expression found in input');
  const expr = new Reader(query).expr(root, 0);
  typeOf(expr);
  return expr;
}

/** The grammar's tree. It is built by recursion: what is too deep for that is too deep for us. */
function treeOf(query: string): Tree {
  try {
    return parser.parse(query);
  } catch (error) {
    if (error instanceof RangeError) throw promqlFault('bad_data', TOO_DEEP);
    throw error;
  }
}

const at = (query: string, offset: number): string => {
  const before = query.slice(0, offset).split('\n');
  return `${before.length}:${(before.at(-1)?.length ?? 0) + 1}`;
};

function checkSyntax(query: string, tree: Tree): void {
  tree.iterate({
    enter: node => {
      if (!node.type.isError) return;
      const word = /^\s*(\S{1,40})/.exec(query.slice(node.from))?.[1];
      const what = query.trim() === '' ? 'no expression found in input' : `unexpected ${word ?? 'end of input'}`;
      throw promqlFault('bad_data', `${at(query, node.from)}: parse error: ${what}`);
    },
  });
}

/** Makes our tree from the grammar's. */
class Reader {
  readonly #query: string;

  constructor(query: string) {
    this.#query = query;
  }

  #text(node: SyntaxNode | null): string {
    return node === null ? '' : this.#query.slice(node.from, node.to);
  }

  #fault(node: SyntaxNode, why: string): PromqlError {
    return promqlFault('bad_data', `${at(this.#query, node.from)}: parse error: ${why}`);
  }

  expr(node: SyntaxNode, depth: number): Expr {
    if (depth > MAX_DEPTH) throw this.#fault(node, TOO_DEEP);
    switch (node.name) {
      case 'ParenExpr':
        return this.expr(this.#child(node), depth + 1);
      case 'NumberDurationLiteral':
        return { kind: 'number', value: this.#number(node) };
      case 'StringLiteral':
        return { kind: 'string', value: unquote(this.#text(node)) };
      case 'UnaryExpr':
        return this.#unary(node, depth);
      case 'VectorSelector':
        return this.#selector(node);
      case 'MatrixSelector':
        return this.#range(node, depth);
      case 'OffsetExpr':
        return this.#offset(node, depth);
      case 'FunctionCall':
        return this.#call(node, depth);
      case 'AggregateExpr':
        return this.#aggregate(node, depth);
      case 'BinaryExpr':
        return this.#binary(node, depth);
      default:
        throw this.#fault(node, `${UNKNOWN[node.name] ?? node.name} is not supported here`);
    }
  }

  #child(node: SyntaxNode): SyntaxNode {
    if (node.firstChild === null) throw this.#fault(node, 'no expression found in input');
    return node.firstChild;
  }

  #number(node: SyntaxNode): number {
    const value = numberOf(this.#text(node).replaceAll(/\s/g, ''));
    if (value === undefined) throw this.#fault(node, `bad number or duration syntax: "${this.#text(node)}"`);
    return value;
  }

  #duration(node: SyntaxNode, sign = 1): number {
    const inner = node.firstChild;
    if (inner?.name === 'UnaryOp' && inner.nextSibling !== null && sign === 1)
      return this.#duration(inner.nextSibling, this.#text(inner) === '-' ? -1 : 1);
    const text = this.#text(node);
    const ms = durationMs(text) ?? (Number.isFinite(numberOf(text)) ? (numberOf(text) ?? 0) * 1000 : undefined);
    if (ms === undefined) throw this.#fault(node, `not a valid duration string: "${text}"`);
    return sign * ms;
  }

  #unary(node: SyntaxNode, depth: number): Expr {
    const arg = node.lastChild;
    if (arg === null) throw this.#fault(node, 'no expression found in input');
    const inner = this.expr(arg, depth + 1);
    if (this.#text(node.firstChild) === '+') return inner;
    return inner.kind === 'number' ? { kind: 'number', value: -inner.value } : { kind: 'negate', arg: inner };
  }

  #selector(node: SyntaxNode): Selector {
    const matchers: Matcher[] = [];
    const identifier = node.getChild('Identifier');
    if (identifier !== null) matchers.push(nameMatcher(this.#text(identifier)));
    for (let child = node.getChild('LabelMatchers')?.firstChild ?? null; child !== null; child = child.nextSibling) {
      if (child.name === 'QuotedLabelName') matchers.push(nameMatcher(unquote(this.#text(child))));
      else matchers.push(this.#matcher(child));
    }
    if (identifier !== null && matchers.filter(({ name }) => name === '__name__').length > 1)
      throw this.#fault(node, 'metric name must not be set twice');
    if (matchers.every(({ matches }) => matches('')))
      throw this.#fault(node, 'vector selector must contain at least one non-empty matcher');
    return { kind: 'selector', matchers, offsetMs: 0 };
  }

  #matcher(node: SyntaxNode): Matcher {
    const quoted = node.getChild('QuotedLabelName');
    const name = quoted === null ? this.#text(node.getChild('LabelName')) : unquote(this.#text(quoted));
    const op = this.#text(node.getChild('MatchOp')) as MatchOp;
    const value = unquote(this.#text(node.lastChild));
    return makeMatcher(name, op, value);
  }

  #range(node: SyntaxNode, depth: number): Expr {
    const selector = this.expr(this.#child(node), depth + 1);
    if (selector.kind !== 'selector') throw this.#fault(node, 'ranges only allowed for vector selectors');
    if (selector.offsetMs !== 0) throw this.#fault(node, 'no offset modifiers allowed before range');
    const duration = node.getChild('DurationExpr') ?? node.getChild('NumberDurationLiteralInDurationContext');
    const rangeMs = duration === null ? 0 : this.#duration(duration);
    if (rangeMs <= 0) throw this.#fault(node, 'duration must be greater than 0');
    return { kind: 'range', selector, rangeMs };
  }

  #offset(node: SyntaxNode, depth: number): Expr {
    const inner = this.expr(this.#child(node), depth + 1);
    const duration = node.lastChild;
    const offsetMs = duration === null ? 0 : this.#duration(duration);
    const shifted = (selector: Selector): Selector => {
      if (selector.offsetMs !== 0) throw this.#fault(node, 'offset may not be set multiple times');
      return { ...selector, offsetMs };
    };
    if (inner.kind === 'selector') return shifted(inner);
    if (inner.kind === 'range') return { ...inner, selector: shifted(inner.selector) };
    throw this.#fault(node, 'offset modifier must be preceded by an instant vector selector or range vector selector');
  }

  #args(body: SyntaxNode | null, depth: number): Expr[] {
    const args: Expr[] = [];
    for (let child = body?.firstChild ?? null; child !== null; child = child.nextSibling)
      args.push(this.expr(child, depth + 1));
    return args;
  }

  #call(node: SyntaxNode, depth: number): Expr {
    const name = this.#text(node.getChild('FunctionIdentifier'));
    if (!Object.hasOwn(RANGE_FUNCTIONS, name) && !Object.hasOwn(INSTANT_FUNCTIONS, name))
      throw this.#fault(node, `function ${name} is not supported here`);
    return { kind: 'call', name, args: this.#args(node.getChild('FunctionCallBody'), depth) };
  }

  #labels(node: SyntaxNode | null): string[] {
    const labels: string[] = [];
    for (let child = node?.firstChild ?? null; child !== null; child = child.nextSibling)
      labels.push(child.name === 'QuotedLabelName' ? unquote(this.#text(child)) : this.#text(child));
    return labels;
  }

  #aggregate(node: SyntaxNode, depth: number): Expr {
    const op = this.#text(node.getChild('AggregateOp')).toLowerCase();
    const kind = Object.hasOwn(AGGREGATIONS, op) ? AGGREGATIONS[op] : undefined;
    if (kind === undefined) throw this.#fault(node, `aggregation ${op} is not supported here`);
    const modifier = node.getChild('AggregateModifier');
    const labels = this.#labels(modifier?.getChild('GroupingLabels') ?? null);
    const grouping = { keep: (modifier?.getChild('Without') ?? null) === null, labels };
    const args = this.#args(node.getChild('FunctionCallBody'), depth);
    const wanted = kind.param ? 2 : 1;
    if (args.length !== wanted)
      throw this.#fault(
        node,
        `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`,
      );
    const arg = args.at(-1);
    if (arg === undefined) throw this.#fault(node, 'no arguments for aggregate expression provided');
    const [param] = args;
    return { kind: 'aggregate', op, grouping, arg, ...(kind.param && param !== undefined ? { param } : {}) };
  }

  #binary(node: SyntaxNode, depth: number): Expr {
    const left = node.firstChild;
    const right = node.lastChild;
    const operator = left?.nextSibling;
    if (left === null || right === null || operator === null || operator === undefined)
      throw this.#fault(node, 'no expression found in input');
    const op = this.#text(operator).toLowerCase() as BinaryOp;
    if (!BINARY_OPS.has(op)) throw this.#fault(operator, `operator ${op} is not supported here`);
    const clause = node.getChild('MatchingModifierClause');
    if (clause !== null && (clause.getChild('GroupLeft') ?? clause.getChild('GroupRight')) !== null)
      throw this.#fault(clause, 'group_left and group_right are not supported here: vectors are matched one to one');
    if (node.getChild('FillModifier') !== null) throw this.#fault(node, 'fill is not supported here');
    const matching =
      clause === null
        ? IGNORING_NONE
        : { keep: clause.getChild('On') !== null, labels: this.#labels(clause.getChild('GroupingLabels')) };
    const bool = node.getChild('BoolModifier') !== null;
    if (bool && !isComparison(op))
      throw this.#fault(operator, 'bool modifier can only be used on comparison operators');
    const made: Binary = {
      ...{ kind: 'binary', op, bool, matching },
      left: this.expr(left, depth + 1),
      right: this.expr(right, depth + 1),
    };
    const scalars = [made.left, made.right].filter(side => typeOf(side) === 'scalar').length;
    if (scalars === 2 && isComparison(op) && !bool)
      throw this.#fault(operator, 'comparisons between scalars must use BOOL modifier');
    if (scalars > 0 && isSet(op))
      throw this.#fault(operator, `set operator "${op}" not allowed in binary scalar expression`);
    if (scalars > 0 && clause !== null)
      throw this.#fault(operator, 'vector matching only allowed between instant vectors');
    return made;
  }
}

const UNKNOWN: Readonly<Record<string, string>> = {
  SubqueryExpr: 'a subquery',
  StepInvariantExpr: 'the @ modifier',
  AnchoredExpr: 'anchored',
  SmoothedExpr: 'smoothed',
};

/** What an expression gives; throws `bad_data` where its parts do not fit. */
export function typeOf(expr: Expr): ValueType {
  switch (expr.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'selector':
      return 'vector';
    case 'range':
      return 'matrix';
    case 'negate':
      return expectType(expr.arg, ['scalar', 'vector'], 'unary expression');
    case 'aggregate':
      if (expr.param !== undefined) expectType(expr.param, ['scalar'], 'aggregation parameter');
      return expectType(expr.arg, ['vector'], 'aggregation expression');
    case 'binary': {
      const left = expectType(expr.left, ['scalar', 'vector'], 'binary expression');
      const right = expectType(expr.right, ['scalar', 'vector'], 'binary expression');
      return left === 'scalar' && right === 'scalar' ? 'scalar' : 'vector';
    }
    case 'call':
      return typeOfCall(expr.name, expr.args);
  }
}

function typeOfCall(name: string, args: readonly Expr[]): ValueType {
  const row = INSTANT_FUNCTIONS[name];
  const wanted: readonly ArgumentType[] = Object.hasOwn(RANGE_FUNCTIONS, name) ? ['matrix'] : (row?.args ?? []);
  const least = wanted.filter(type => !type.endsWith('?')).length;
  if (args.length < least || args.length > wanted.length)
    throw promqlFault('bad_data', `expected ${least} argument(s) in call to "${name}", got ${args.length}`);
  for (const [i, arg] of args.entries())
    expectType(arg, [(wanted[i] ?? 'scalar').replace('?', '') as ValueType], `call to function "${name}"`);
  return row?.gives ?? 'vector';
}

function expectType(expr: Expr, wanted: readonly ValueType[], where: string): ValueType {
  const found = typeOf(expr);
  if (wanted.includes(found)) return found;
  const words = wanted.map(type => TYPE_WORDS[type]).join(' or ');
  throw promqlFault('bad_data', `expected type ${words} in ${where}, got ${TYPE_WORDS[found]}`);
}
