import type { Flow, FlowMod } from '../switch/flow-switch.js';
import { sameActions, sameMatch } from '../switch/same-flow.js';

/**
 * The changes that turn the flows `before` into `wanted`: adds in the order of `wanted`, then strict deletes. A flow whose
 * cookie or actions differ is added again over the old one, never modified: MODIFY would keep the old cookie. Every list it
 * gives may be applied twice.
 */
export function difference(before: readonly Flow[], wanted: readonly Flow[]): FlowMod[] {
  const rest = new Map<number, Flow[]>();
  for (const flow of before) {
    const place = placeOf(flow);
    const there = rest.get(place);
    if (there === undefined) rest.set(place, [flow]);
    else there.push(flow);
  }
  const mods: FlowMod[] = [];
  for (const flow of wanted) {
    const there = rest.get(placeOf(flow)) ?? NONE;
    const at = there.findIndex(old => sameMatch(old.match, flow.match));
    const old = there[at];
    if (old === undefined || old.cookie !== flow.cookie || !sameActions(old.actions, flow.actions))
      mods.push({ op: 'add', flow });
    if (old !== undefined) there.splice(at, 1);
  }
  for (const there of rest.values())
    for (const { table, priority, match } of there) mods.push({ op: 'delete', flow: { table, priority, match } });
  return mods;
}

const NONE: Flow[] = [];

/** Table and priority as one number: few flows of a vehicle share them. */
const placeOf = ({ table, priority }: Flow): number => table * 2 ** 16 + priority;
