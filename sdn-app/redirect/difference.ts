import { actionsText, flowKey, type Flow, type FlowMod } from '../switch/flow-switch.js';

/**
 * The changes that turn the flows `before` into `wanted`: adds in the order of `wanted`, then strict deletes. A flow whose
 * cookie or actions differ is added again over the old one, never modified: MODIFY would keep the old cookie. Every list it
 * gives may be applied twice.
 */
export function difference(before: readonly Flow[], wanted: readonly Flow[]): FlowMod[] {
  const gone = new Map(before.map(flow => [flowKey(flow), flow]));
  const adds: FlowMod[] = [];
  for (const flow of wanted) {
    const key = flowKey(flow);
    const old = gone.get(key);
    if (old === undefined || !sameEffect(old, flow)) adds.push({ op: 'add', flow });
    gone.delete(key);
  }
  const deletes = [...gone.values()].map(({ table, priority, match }): FlowMod => ({
    op: 'delete',
    flow: { table, priority, match },
  }));
  return [...adds, ...deletes];
}

const sameEffect = (a: Flow, b: Flow): boolean =>
  a.cookie === b.cookie && actionsText(a.actions) === actionsText(b.actions);
