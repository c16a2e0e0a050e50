import { isComparison, isSet, type ArithmeticOp, type Binary, type BinaryOp, type ComparisonOp } from './ast.js';
import { derived, dropLabels, keepLabels, labelText, signatureOf, withoutName, type Labels } from './labels.js';
import { promqlFault } from './promql-error.js';
import { grouped, type Sample, type Value } from './vector.js';

const ARITHMETIC: Readonly<Record<ArithmeticOp, (a: number, b: number) => number>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  // Of ±1 and an infinite exponent JavaScript says NaN, IEEE 754 (and Go) 1.
  '^': (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Infinity) ? 1 : a ** b),
};
const COMPARISON: Readonly<Record<ComparisonOp, (a: number, b: number) => boolean>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>': (a, b) => a > b,
  '<': (a, b) => a < b,
  '>=': (a, b) => a >= b,
  '<=': (a, b) => a <= b,
};

/** undefined: a comparison that does not hold, so that the element is left out. */
function calculate(op: BinaryOp, bool: boolean, a: number, b: number, kept: number): number | undefined {
  if (!isComparison(op)) return ARITHMETIC[op as ArithmeticOp](a, b);
  const holds = COMPARISON[op as ComparisonOp](a, b);
  if (bool) return holds ? 1 : 0;
  return holds ? kept : undefined;
}

export function evalBinary(expr: Binary, left: Value, right: Value): Value {
  if (left.type === 'scalar' && right.type === 'scalar')
    return { type: 'scalar', value: calculate(expr.op, true, left.value, right.value, NaN) ?? NaN };
  if (left.type === 'vector' && right.type === 'vector')
    return {
      type: 'vector',
      samples: isSet(expr.op)
        ? setOperation(expr, left.samples, right.samples)
        : matched(expr, left.samples, right.samples),
    };
  return { type: 'vector', samples: withScalar(expr, left, right) };
}

function withScalar({ op, bool }: Binary, left: Value, right: Value): Sample[] {
  const [vector, scalar, swapped] = left.type === 'vector' ? [left, right, false] : [right, left, true];
  if (vector.type !== 'vector' || scalar.type !== 'scalar') return [];
  const named = isComparison(op) && !bool;
  return vector.samples.flatMap(({ labels, value }): Sample[] => {
    const [a, b] = swapped ? [scalar.value, value] : [value, scalar.value];
    const result = calculate(op, bool, a, b, value);
    return result === undefined ? [] : [{ labels: named ? labels : withoutName(labels), value: result }];
  });
}

function setOperation({ op, matching }: Binary, left: readonly Sample[], right: readonly Sample[]): Sample[] {
  const keyOf = ({ labels }: Sample): string => signatureOf(grouped(matching)(labels));
  const there = new Set((op === 'or' ? left : right).map(keyOf));
  if (op === 'or') return [...left, ...right.filter(sample => !there.has(keyOf(sample)))];
  return left.filter(sample => there.has(keyOf(sample)) === (op === 'and'));
}

const results = new WeakMap<Binary, (labels: Labels) => Labels>();

/** Labels of a result of one-to-one matching: the matched ones with `on`, else all but those that are ignored. */
function resultLabels(expr: Binary): (labels: Labels) => Labels {
  const known = results.get(expr);
  if (known !== undefined) return known;
  const { matching, op, bool } = expr;
  const named = isComparison(op) && !bool;
  const made = derived(labels => {
    const bare = named ? labels : withoutName(labels);
    return matching.keep ? keepLabels(bare, matching.labels) : dropLabels(bare, matching.labels);
  });
  results.set(expr, made);
  return made;
}

function matched(expr: Binary, left: readonly Sample[], right: readonly Sample[]): Sample[] {
  // As in Prometheus: where there is nothing to match, nothing is ambiguous.
  if (left.length === 0 || right.length === 0) return [];
  const groupOf = grouped(expr.matching);
  const labelsOf = resultLabels(expr);
  const partners = new Map<string, Sample>();
  for (const sample of right) {
    const group = groupOf(sample.labels);
    const other = partners.get(signatureOf(group));
    if (other !== undefined)
      throw promqlFault(
        'execution',
        `found duplicate series for the match group ${labelText(group)} on the right hand-side of the operation: ` +
          `[${labelText(sample.labels)}, ${labelText(other.labels)}];many-to-many matching not allowed: matching labels must be unique on one side`,
      );
    partners.set(signatureOf(group), sample);
  }
  const seen = new Set<string>();
  const found: Sample[] = [];
  for (const { labels, value } of left) {
    const key = signatureOf(groupOf(labels));
    const partner = partners.get(key);
    if (partner === undefined) continue;
    const result = calculate(expr.op, expr.bool, value, partner.value, value);
    if (result === undefined) continue;
    if (seen.has(key))
      throw promqlFault(
        'execution',
        'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)',
      );
    seen.add(key);
    found.push({ labels: labelsOf(labels), value: result });
  }
  return found;
}
