import type { Action, Bits, Flow, FlowMod, Match } from '../flow-switch.js';
import { etherTypeOf } from '../flow-text.js';
import { MATCH_FIELDS } from '../flow-text.js';

/**
 * What of a flow a switch looks at when it takes a message into a bundle.
 *
 * Open vSwitch answers a message that it does not take into an open bundle with an error, and a commit afterwards applies the
 * others. So a bundle may be sent in one go, commit included, only if each of its messages will be taken. Whether that is so
 * does not depend on the plain values that are compared, set or loaded (their width is checked before), but on all the rest:
 * names, masks, ports, bit ranges, tables, meters. That rest is the flow's shape. Where a switch took a shape once, it takes
 * it again; a bundle with another shape is committed only after a barrier.
 */

/** Values that a switch checks by themselves. */
const CHECKED: ReadonlySet<string> = new Set(['etherType', 'ipProto', 'vlan', 'fragment', 'icmp6Type']);

/** `undefined` for what every switch takes. */
export function shapeOf(mod: FlowMod): string | undefined {
  if (mod.op === 'deleteSlice') return undefined;
  const { table, match } = mod.flow;
  const head = `${mod.op}:${table}${matchShape(match)}`;
  return mod.op === 'add' ? mod.flow.actions.reduce((text, action) => `${text}|${actionShape(action)}`, head) : head;
}

/** Meters that a switch must have to take the flow. */
export const metersOf = (mod: FlowMod): readonly number[] =>
  mod.op === 'add' ? mod.flow.actions.flatMap(action => (action.do === 'meter' ? [action.meter] : [])) : [];

function matchShape(match: Match): string {
  let shape = '';
  for (const name of MATCH_FIELDS) {
    const part: Flow['match'][typeof name] = name === 'etherType' ? etherTypeOf(match) : match[name];
    if (part === undefined) continue;
    const mask = typeof part === 'object' ? part.mask : '';
    const value = !CHECKED.has(name) ? '' : typeof part === 'object' ? part.value : part;
    shape += `:${name}=${value}/${mask}`;
  }
  return shape;
}

const bitsText = ({ field, offset, length }: Bits): string => `${field}.${offset}.${length}`;

function actionShape(action: Action): string {
  switch (action.do) {
    case 'set':
      return `set.${action.field}${CHECKED.has(action.field) ? `.${action.value}` : ''}`;
    case 'setWide':
      return `set.${action.field}`;
    case 'load':
      return `load.${bitsText(action.to)}`;
    case 'move':
      return `move.${bitsText(action.from)}.${bitsText(action.to)}`;
    case 'moveWide':
      return `move.${action.from}.${action.to}`;
    case 'meter':
      return 'meter';
    case 'pushVlan':
      return `push.${action.vlan}`;
    case 'popVlan':
      return 'pop';
    case 'metadata':
      return `metadata.${action.value}.${action.mask}`;
    case 'goto':
      return `goto.${action.table}`;
    case 'output': {
      const { to } = action;
      return `output.${typeof to === 'string' ? to : 'port' in to ? to.port : bitsText(to.portFrom)}`;
    }
  }
}
