import type { Action, Bits, Flow, Match } from './flow-switch.js';

/** Every field of a match, from the outermost header inwards. */
export const MATCH_FIELDS = [
  'inPort',
  'etherType',
  'ethSrc',
  'ethDst',
  'vlan',
  'ipProto',
  'ipSrc',
  'ipDst',
  'ip6Src',
  'ip6Dst',
  'arpOp',
  'arpTpa',
  'icmp6Type',
  'ndTarget',
  'udpSrc',
  'udpDst',
  'metadata',
  'fragment',
] as const;

/** The kind of packet that a match speaks of, said or implied; `undefined` where any will do. */
export function etherTypeOf(match: Match): Match['etherType'] {
  if (match.etherType !== undefined) return match.etherType;
  if (match.ip6Src !== undefined || match.ip6Dst !== undefined || match.ndTarget !== undefined) return 'ipv6';
  if (match.arpOp !== undefined || match.arpTpa !== undefined) return 'arp';
  return match.ipSrc !== undefined || match.ipDst !== undefined || match.ipProto !== undefined ? 'ipv4' : undefined;
}

/** Text that is the same for two flows exactly when a switch takes them for the same flow. */
export function flowKey(flow: Pick<Flow, 'table' | 'priority' | 'match'>): string {
  let key = `${flow.table}:${flow.priority}`;
  for (const name of MATCH_FIELDS) {
    const part = name === 'etherType' ? etherTypeOf(flow.match) : flow.match[name];
    if (part === undefined) continue;
    key += typeof part === 'object' ? `:${name}=${part.value}/${part.mask}` : `:${name}=${part}`;
  }
  return key;
}

const bitsText = ({ field, offset, length }: Bits): string => `${field}[${offset}+${length}]`;

/** Text that is the same for two action lists exactly when they do the same, however their objects were made. */
export function actionsText(actions: readonly Action[]): string {
  return actions.map(actionText).join(',');
}

function actionText(action: Action): string {
  switch (action.do) {
    case 'meter':
      return `meter:${action.meter}`;
    case 'set':
      return `set:${action.field}=${action.value}`;
    case 'move':
      return `move:${bitsText(action.from)}->${bitsText(action.to)}`;
    case 'load':
      return `load:${action.value}->${bitsText(action.to)}`;
    case 'setWide':
      return `setWide:${action.field}=${action.value}`;
    case 'moveWide':
      return `moveWide:${action.from}->${action.to}`;
    case 'pushVlan':
      return `pushVlan:${action.vlan}`;
    case 'popVlan':
      return 'popVlan';
    case 'metadata':
      return `metadata:${action.value}/${action.mask}`;
    case 'goto':
      return `goto:${action.table}`;
    case 'output': {
      const { to } = action;
      return `output:${typeof to === 'string' ? to : 'port' in to ? to.port : bitsText(to.portFrom)}`;
    }
  }
}
