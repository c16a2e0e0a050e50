import { actionsText, flowKey, type Flow, type FlowMod } from '../switch/flow-switch.js';

/**
 * The changes that turn the flows `before` into `wanted`: adds in the order of `wanted`, then strict deletes. A flow whose
 * cookie or actions differ is added again over the old one, never modified: MODIFY would keep the old cookie. Every list it
 * gives may be applied twice.
 */
export function difference(before: readonly Flow[], wanted: readonly Flow[]): FlowMod[] {
  const there = new Map(before.map(flow => [flowKey(flow), flow]));
  const kept = new Set(wanted.map(flowKey));
  const adds = wanted
    .filter(flow => {
      const old = there.get(flowKey(flow));
      return old === undefined || !sameEffect(old, flow);
    })
    .map((flow): FlowMod => ({ op: 'add', flow }));
  const deletes = [...there]
    .filter(([key]) => !kept.has(key))
    .map(([, { table, priority, match }]): FlowMod => ({ op: 'delete', flow: { table, priority, match } }));
  return [...adds, ...deletes];
}

const sameEffect = (a: Flow, b: Flow): boolean =>
  a.cookie === b.cookie && actionsText(a.actions) === actionsText(b.actions);
