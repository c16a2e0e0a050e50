import {
  FIELD_BITS,
  type Action,
  type Bits,
  type Flow,
  type Masked,
  type Match,
  type SwitchRefusal,
} from './flow-switch.js';

const fits = (value: number, bits: number): boolean => Number.isInteger(value) && value >= 0 && value < 2 ** bits;
const inField = (bits: Bits): boolean =>
  bits.offset >= 0 && bits.length >= 1 && bits.offset + bits.length <= FIELD_BITS[bits.field];
const refusal = (type: SwitchRefusal['type'], code: string, detail: string): SwitchRefusal => ({ type, code, detail });

/** OpenFlow 1.3 §5.9: the order in which instructions take effect, whatever their order in the message. */
const STAGE: Readonly<Record<Action['do'], number>> = {
  meter: 0,
  set: 1,
  move: 1,
  load: 1,
  output: 1,
  metadata: 2,
  goto: 3,
};
const LAST_TABLE = 253;

/** What a switch would answer to a flow that makes no sense; `undefined` where it can be installed. */
export function refuseFlow(flow: Flow): SwitchRefusal | undefined {
  if (!fits(flow.table, 8) || flow.table > LAST_TABLE)
    return refusal('FLOW_MOD_FAILED', 'BAD_TABLE_ID', `table ${flow.table}`);
  if (!fits(flow.priority, 16) || !fits(flow.cookie, 53))
    return refusal('FLOW_MOD_FAILED', 'UNKNOWN', `priority ${flow.priority}, cookie ${flow.cookie}`);
  return refuseMatch(flow.match) ?? refuseActions(flow);
}

function refuseMatch(match: Match): SwitchRefusal | undefined {
  const udp = match.udpSrc !== undefined || match.udpDst !== undefined;
  if (udp && match.ipProto !== 17) return refusal('BAD_MATCH', 'BAD_PREREQ', 'a UDP port needs ipProto 17');
  if (match.inPort !== undefined && (!fits(match.inPort, 16) || match.inPort === 0))
    return refusal('BAD_MATCH', 'BAD_VALUE', `inPort ${match.inPort}`);
  for (const field of ['ipSrc', 'ipDst', 'udpSrc', 'udpDst', 'metadata'] as const) {
    const part: Masked | undefined = match[field];
    if (part === undefined) continue;
    if (!fits(part.value, FIELD_BITS[field]) || !fits(part.mask, FIELD_BITS[field]) || part.mask === 0)
      return refusal('BAD_MATCH', 'BAD_VALUE', `${field} ${part.value}/${part.mask}`);
    if ((part.value & ~part.mask) !== 0)
      return refusal('BAD_MATCH', 'BAD_WILDCARDS', `${field} has bits outside its mask`);
  }
  return undefined;
}

function refuseActions(flow: Flow): SwitchRefusal | undefined {
  let stage = 0;
  let metered = false;
  for (const action of flow.actions) {
    const next = STAGE[action.do];
    if (next < stage || (next === stage && next !== 1 && next !== 0))
      return refusal('BAD_INSTRUCTION', 'UNSUP_INST', `${action.do} stands after a later instruction`);
    stage = next;
    if (action.do === 'meter') {
      if (metered) return refusal('BAD_INSTRUCTION', 'UNSUP_INST', 'two meters');
      metered = true;
    }
    const found = refuseAction(action, flow.table);
    if (found !== undefined) return found;
  }
  return undefined;
}

function refuseAction(action: Action, table: number): SwitchRefusal | undefined {
  switch (action.do) {
    case 'meter':
      return fits(action.meter, 24) && action.meter > 0
        ? undefined
        : refusal('METER_MOD_FAILED', 'INVALID_METER', `${action.meter}`);
    case 'set':
      if (action.field === 'inPort') return refusal('BAD_ACTION', 'BAD_SET_TYPE', 'inPort cannot be set');
      return fits(action.value, FIELD_BITS[action.field])
        ? undefined
        : refusal('BAD_ACTION', 'BAD_SET_ARGUMENT', `${action.field} ${action.value}`);
    case 'move':
      return inField(action.from) &&
        inField(action.to) &&
        action.from.length === action.to.length &&
        action.to.field !== 'inPort'
        ? undefined
        : refusal('BAD_ACTION', 'BAD_ARGUMENT', 'a move between bits that do not fit');
    case 'load':
      return inField(action.to) && action.to.field !== 'inPort' && fits(action.value, action.to.length)
        ? undefined
        : refusal('BAD_ACTION', 'BAD_ARGUMENT', `a load of ${action.value} that does not fit`);
    case 'output': {
      const { to } = action;
      if (typeof to === 'string') return undefined;
      const good = 'port' in to ? fits(to.port, 16) && to.port > 0 : inField(to.portFrom) && to.portFrom.length <= 16;
      return good ? undefined : refusal('BAD_ACTION', 'BAD_OUT_PORT', JSON.stringify(to));
    }
    case 'metadata':
      return fits(action.value, 32) && fits(action.mask, 32)
        ? undefined
        : refusal('BAD_INSTRUCTION', 'UNSUP_METADATA', `${action.value}/${action.mask}`);
    case 'goto':
      return fits(action.table, 8) && action.table <= LAST_TABLE && action.table > table
        ? undefined
        : refusal('BAD_INSTRUCTION', 'BAD_TABLE_ID', `from table ${table} to ${action.table}`);
  }
}
