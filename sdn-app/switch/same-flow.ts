import { MATCH_FIELDS, etherTypeOf } from './flow-text.js';
import type { Action, Bits, Flow, Match } from './flow-switch.js';

/**
 * What flow-text.ts says by texts, without making them: a re-route compares each flow of a vehicle, and texts took a third of
 * its time. Both are held against one another by a test.
 */

/** Whether a switch takes the two for the same flow: one replaces the other. */
export const sameFlow = (a: Pick<Flow, 'table' | 'priority' | 'match'>, b: typeof a): boolean =>
  a.table === b.table && a.priority === b.priority && sameMatch(a.match, b.match);

export function sameMatch(a: Match, b: Match): boolean {
  if (a === b) return true;
  for (const name of MATCH_FIELDS) if (name !== 'etherType' && !samePart(a[name], b[name])) return false;
  return etherTypeOf(a) === etherTypeOf(b);
}

type Part = number | string | { readonly value: number | string; readonly mask: number | string } | undefined;

function samePart(a: Part, b: Part): boolean {
  if (a === b) return true;
  return typeof a === 'object' && typeof b === 'object' && a.value === b.value && a.mask === b.mask;
}

/** Whether they do the same, in the same order. */
export function sameActions(a: readonly Action[], b: readonly Action[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) {
    const [one, other] = [a[at], b[at]];
    if (one === undefined || other === undefined || !sameAction(one, other)) return false;
  }
  return true;
}

const sameBits = (a: Bits, b: Bits): boolean => a.field === b.field && a.offset === b.offset && a.length === b.length;

function sameAction(a: Action, b: Action): boolean {
  if (a === b) return true;
  switch (a.do) {
    case 'meter':
      return b.do === 'meter' && a.meter === b.meter;
    case 'set':
      return b.do === 'set' && a.field === b.field && a.value === b.value;
    case 'setWide':
      return b.do === 'setWide' && a.field === b.field && a.value === b.value;
    case 'move':
      return b.do === 'move' && sameBits(a.from, b.from) && sameBits(a.to, b.to);
    case 'moveWide':
      return b.do === 'moveWide' && a.from === b.from && a.to === b.to;
    case 'load':
      return b.do === 'load' && a.value === b.value && sameBits(a.to, b.to);
    case 'pushVlan':
      return b.do === 'pushVlan' && a.vlan === b.vlan;
    case 'popVlan':
      return b.do === 'popVlan';
    case 'metadata':
      return b.do === 'metadata' && a.value === b.value && a.mask === b.mask;
    case 'goto':
      return b.do === 'goto' && a.table === b.table;
    case 'output': {
      if (b.do !== 'output') return false;
      if (typeof a.to === 'string' || typeof b.to === 'string') return a.to === b.to;
      if ('port' in a.to || 'port' in b.to) return 'port' in a.to && 'port' in b.to && a.to.port === b.to.port;
      return sameBits(a.to.portFrom, b.to.portFrom);
    }
  }
}
