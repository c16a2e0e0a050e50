import { inSlice, type Batch, type CookieSlice, type Flow } from '../flow-switch.js';
import { actionsText, flowKey } from '../flow-text.js';
import { TERMS } from './ofctl-term.js';

/** By flow key what a batch leaves behind: the flow, or that there is none. */
export type Outcome = ReadonlyMap<string, Flow | undefined>;

export function outcomeOf(batch: Batch): Outcome {
  const wanted = new Map<string, Flow | undefined>();
  for (const mod of batch.flows) {
    if (mod.op === 'add') wanted.set(flowKey(mod.flow), mod.flow);
    else if (mod.op === 'delete') wanted.set(flowKey(mod.flow), undefined);
    else for (const [key, flow] of wanted) if (flow !== undefined && inSlice(flow.cookie, mod)) wanted.delete(key);
  }
  return wanted;
}

/** What is not as the batch should have left it, among the flows read back; `undefined` where all is. */
export function unconfirmed(wanted: Outcome, found: readonly Flow[]): string | undefined {
  const there = new Map(found.map(flow => [flowKey(flow), flow]));
  for (const [key, flow] of wanted) {
    const is = there.get(key);
    if (flow === undefined) {
      if (is !== undefined) return `still there: ${key}`;
    } else if (is?.cookie !== flow.cookie || actionsText(is.actions) !== actionsText(flow.actions))
      return `not there: ${key}`;
  }
  return undefined;
}

const TWO_32 = 2 ** 32;
const COOKIE_BITS = 53;

/** The smallest slice that holds all of these cookies; without any, one that holds next to nothing. */
export function sliceOf(outcome: Iterable<Pick<Flow, 'cookie'> | undefined>): CookieSlice {
  const flows = [...outcome].filter(flow => flow !== undefined);
  const [first] = flows;
  if (first === undefined) return TERMS;
  const parts = (value: number): [number, number] => [Math.floor(value / TWO_32), value >>> 0];
  const [high, low] = parts(first.cookie);
  let [sameHigh, sameLow] = parts(2 ** COOKIE_BITS - 1);
  for (const { cookie } of flows) {
    const [otherHigh, otherLow] = parts(cookie);
    sameHigh = (sameHigh & ~(high ^ otherHigh)) >>> 0;
    sameLow = (sameLow & ~(low ^ otherLow)) >>> 0;
  }
  const join = (a: number, b: number): number => (a >>> 0) * TWO_32 + (b >>> 0);
  return { cookie: join(high & sameHigh, low & sameLow), mask: join(sameHigh, sameLow) };
}
