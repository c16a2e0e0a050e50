import type { History, Operation, Owned } from '../../../../lab/linearizability/history.js';

/** Is there an order of the calls that explains a history? Every one is tried: for short histories, and to check the checker. */
export function someOrderExplains({ first, operations }: History): boolean {
  const failed = new Set<string>();
  const search = (rest: readonly Operation[], held: Owned): boolean => {
    // Claims of unknown outcome need not have happened.
    if (rest.every(isUnknown)) return true;
    const key = `${held.epoch} ${held.by} ${rest.map(operation => operations.indexOf(operation)).join()}`;
    if (failed.has(key)) return false;
    const firstAnswerMs = Math.min(...rest.filter(operation => !isUnknown(operation)).map(o => o.completedAtMs));
    const found = rest.some((operation, i) => {
      if (operation.invokedAtMs > firstAnswerMs) return false;
      const after = apply(held, operation);
      return after !== undefined && search(rest.toSpliced(i, 1), after);
    });
    if (!found) failed.add(key);
    return found;
  };
  return search(operations, first);
}

const isUnknown = (operation: Operation): boolean => operation.do === 'claim' && operation.outcome === 'unknown';

/** The register after the call; undefined where its answer would have been another one. */
function apply(held: Owned, operation: Operation): Owned | undefined {
  const { epoch, by } = operation;
  const same = epoch === held.epoch && by === held.by;
  if (operation.do === 'read') return same ? held : undefined;
  const would = same || epoch > held.epoch ? 'applied' : 'refused';
  if (operation.outcome !== 'unknown' && operation.outcome !== would) return undefined;
  return would === 'applied' ? { epoch, by } : held;
}
