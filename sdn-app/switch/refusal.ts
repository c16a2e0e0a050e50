import { fault } from '../../protocol/errors.js';
import type { SwitchRefusal } from './flow-switch.js';

/** One OFPErrorMsg by the names of OpenFlow, without their prefixes: BAD_MATCH, BAD_PREREQ. */
export interface SwitchError {
  readonly typeName: string;
  readonly codeName: string;
  /** Which change of the batch it was, where that is known. */
  readonly index?: number | undefined;
}

/** SWITCH_REFUSED, as every FlowSwitch says it. */
export const refused = (cause: SwitchRefusal): Error =>
  fault('SWITCH_REFUSED', `${cause.type}/${cause.code}: ${cause.detail}`, { cause });

/** What a batch is refused with that is longer than one message. */
export const TOO_LONG: SwitchRefusal = { type: 'BAD_REQUEST', code: 'BAD_LEN', detail: 'more than one message holds' };

const REFUSAL_TYPES: ReadonlySet<string> = new Set<SwitchRefusal['type']>([
  'BAD_MATCH',
  'BAD_ACTION',
  'BAD_INSTRUCTION',
  'FLOW_MOD_FAILED',
  'METER_MOD_FAILED',
  'BAD_REQUEST',
  'ROLE_REQUEST_FAILED',
]);
const isRefusalType = (name: string): name is SwitchRefusal['type'] => REFUSAL_TYPES.has(name);

/** The error that says most: the first of a type that flows know, before what follows from it (a bundle that failed). */
export function decodeRefusal(errors: readonly SwitchError[], detail: string): SwitchRefusal {
  const error = errors.find(({ typeName }) => isRefusalType(typeName)) ?? errors[0];
  if (error === undefined) return { type: 'BAD_REQUEST', code: 'BAD_TYPE', detail };
  const { typeName, codeName, index } = error;
  const at = index === undefined ? detail : `${detail} (change ${index} of the batch)`;
  return isRefusalType(typeName)
    ? { type: typeName, code: codeName, detail: at }
    : { type: 'BAD_REQUEST', code: codeName, detail: `${typeName}: ${at}` };
}
