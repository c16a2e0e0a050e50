import type { SwitchError } from '../refusal.js';

/** Types of OFPErrorMsg (OpenFlow 1.3.5 §7.4.4) with the names of their codes, both by their numbers. */
const TYPES: readonly (readonly [string, readonly string[]])[] = [
  ['HELLO_FAILED', ['INCOMPATIBLE', 'EPERM']],
  [
    'BAD_REQUEST',
    [
      ...['BAD_VERSION', 'BAD_TYPE', 'BAD_MULTIPART', 'BAD_EXPERIMENTER', 'BAD_EXP_TYPE', 'EPERM', 'BAD_LEN'],
      ...['BUFFER_EMPTY', 'BUFFER_UNKNOWN', 'BAD_TABLE_ID', 'IS_SLAVE', 'BAD_PORT', 'BAD_PACKET'],
      'MULTIPART_BUFFER_OVERFLOW',
    ],
  ],
  [
    'BAD_ACTION',
    [
      ...['BAD_TYPE', 'BAD_LEN', 'BAD_EXPERIMENTER', 'BAD_EXP_TYPE', 'BAD_OUT_PORT', 'BAD_ARGUMENT', 'EPERM'],
      ...['TOO_MANY', 'BAD_QUEUE', 'BAD_OUT_GROUP', 'MATCH_INCONSISTENT', 'UNSUPPORTED_ORDER', 'BAD_TAG'],
      ...['BAD_SET_TYPE', 'BAD_SET_LEN', 'BAD_SET_ARGUMENT'],
    ],
  ],
  [
    'BAD_INSTRUCTION',
    [
      ...['UNKNOWN_INST', 'UNSUP_INST', 'BAD_TABLE_ID', 'UNSUP_METADATA', 'UNSUP_METADATA_MASK'],
      ...['BAD_EXPERIMENTER', 'BAD_EXP_TYPE', 'BAD_LEN', 'EPERM'],
    ],
  ],
  [
    'BAD_MATCH',
    [
      ...['BAD_TYPE', 'BAD_LEN', 'BAD_TAG', 'BAD_DL_ADDR_MASK', 'BAD_NW_ADDR_MASK', 'BAD_WILDCARDS', 'BAD_FIELD'],
      ...['BAD_VALUE', 'BAD_MASK', 'BAD_PREREQ', 'DUP_FIELD', 'EPERM'],
    ],
  ],
  [
    'FLOW_MOD_FAILED',
    ['UNKNOWN', 'TABLE_FULL', 'BAD_TABLE_ID', 'OVERLAP', 'EPERM', 'BAD_TIMEOUT', 'BAD_COMMAND', 'BAD_FLAGS'],
  ],
  ['GROUP_MOD_FAILED', []],
  ['PORT_MOD_FAILED', []],
  ['TABLE_MOD_FAILED', []],
  ['QUEUE_OP_FAILED', []],
  ['SWITCH_CONFIG_FAILED', []],
  ['ROLE_REQUEST_FAILED', ['STALE', 'UNSUP', 'BAD_ROLE']],
  [
    'METER_MOD_FAILED',
    [
      ...['UNKNOWN', 'METER_EXISTS', 'INVALID_METER', 'UNKNOWN_METER', 'BAD_COMMAND', 'BAD_FLAGS', 'BAD_RATE'],
      ...['BAD_BURST', 'BAD_BAND', 'BAD_BAND_VALUE', 'OUT_OF_METERS', 'OUT_OF_BANDS'],
    ],
  ],
];

/** ONF extension 230: errors of bundles have an experimenter type of their own in OpenFlow 1.3, from 2300 on. */
const ONF = 0x4f4e4600;
const FIRST_BUNDLE_ERROR = 2_300;
const BUNDLE_CODES: readonly string[] = [
  ...['UNKNOWN', 'EPERM', 'BAD_ID', 'BUNDLE_EXIST', 'BUNDLE_CLOSED', 'OUT_OF_BUNDLES', 'BAD_TYPE', 'BAD_FLAGS'],
  ...['MSG_BAD_LEN', 'MSG_BAD_XID', 'MSG_UNSUP', 'MSG_CONFLICT', 'MSG_TOO_MANY', 'MSG_FAILED', 'TIMEOUT'],
  'BUNDLE_IN_PROGRESS',
];

export const EXPERIMENTER = 0xffff;
/** What a meter that is there already is answered with; METER_MOD_FAILED, METER_EXISTS. */
export const METER_EXISTS = { type: 12, code: 1 } as const;

/** Numbers as they stand in the message; of an experimenter's error, `code` is its own type. */
export interface ErrorNumbers {
  readonly type: number;
  readonly code: number;
  readonly experimenter?: number;
}

export function namesOf({ type, code, experimenter }: ErrorNumbers): Omit<SwitchError, 'index'> {
  if (type === EXPERIMENTER) {
    const bundle = experimenter === ONF ? BUNDLE_CODES[code - FIRST_BUNDLE_ERROR] : undefined;
    if (bundle !== undefined) return { typeName: 'BUNDLE_FAILED', codeName: bundle };
    return { typeName: 'EXPERIMENTER', codeName: `0x${(experimenter ?? 0).toString(16)}/${code}` };
  }
  const [typeName, codes] = TYPES[type] ?? [String(type), []];
  return { typeName, codeName: codes[code] ?? String(code) };
}
