import { CAR_PROTOCOL, POWER_ON, PROTOCOL_NAMES, type ElmState, type Protocol } from './elm-state.js';

/** AT commands of an ELM327 (data sheet ELM327DS, "AT Command Summary"), without `AT` and spaces, upper case. */
export interface AtResult {
  readonly state: ElmState;
  readonly lines: readonly string[];
  /** The adapter restarts first, which takes its time. */
  readonly reset?: true;
}

export interface AdapterFacts {
  /** Volts at the adapter's pin. */
  readonly voltage: number;
}

type Run = (state: ElmState, found: readonly string[], facts: AdapterFacts) => AtResult;

export const IDENTITY = 'ELM327 v2.2';
const OK = ['OK'];
const ST_UNIT_MS = 4;

const set =
  (change: (found: readonly string[], state: ElmState) => Partial<ElmState>): Run =>
  (state, found) => ({ state: { ...state, ...change(found, state) }, lines: OK });
const say =
  (line: (state: ElmState, facts: AdapterFacts) => string): Run =>
  (state, _found, facts) => ({ state, lines: [line(state, facts)] });
/** Accepted, and without effect on what this car's bus shows. */
const accepted: Run = state => ({ state, lines: OK });

const isOn = (found: readonly string[]): boolean => found[1] === '1';

const restart: Run = state => ({
  // A chosen protocol is in the adapter's EEPROM (AT SP); a found one is searched for again.
  state: { ...POWER_ON, protocol: state.protocol.at === 'set' ? state.protocol : { at: 'searching' } },
  lines: ['', '', IDENTITY],
  reset: true,
});

/** `0`, `A0`: automatic; `A6`: automatic from 6 on, which is how a found protocol is shown; else fixed. */
function chooseProtocol(state: ElmState, found: readonly string[]): AtResult {
  const number = parseInt(found[2] ?? '0', 16);
  const automatic = found[1] === 'A' || number === 0;
  const protocol: Protocol = automatic ? { at: 'searching' } : { at: 'set', number };
  return { state: { ...state, protocol }, lines: OK };
}

function describe({ protocol }: ElmState): string {
  if (protocol.at === 'searching') return 'AUTO';
  const name = PROTOCOL_NAMES.get(protocol.number) ?? '';
  return protocol.at === 'found' ? `AUTO, ${name}` : name;
}

function describeNumber({ protocol }: ElmState): string {
  if (protocol.at === 'searching') return 'A0';
  const digit = protocol.number.toString(16).toUpperCase();
  return protocol.at === 'found' ? `A${digit}` : digit;
}

const withoutReceiveId = (state: ElmState): ElmState => {
  const { receiveId: _, ...rest } = state;
  return rest;
};

const COMMANDS: readonly (readonly [RegExp, Run])[] = [
  [/^Z$/, restart],
  [/^WS$/, restart],
  [/^D$/, (state, found, facts) => ({ ...restart(state, found, facts), lines: OK })],
  [/^I$/, say(() => IDENTITY)],
  [/^@1$/, say(() => 'OBDII to RS232 Interpreter')],
  [/^E([01])$/, set(found => ({ echo: isOn(found) }))],
  [/^L([01])$/, set(found => ({ lineFeeds: isOn(found) }))],
  [/^S([01])$/, set(found => ({ spaces: isOn(found) }))],
  [/^H([01])$/, set(found => ({ headers: isOn(found) }))],
  [/^CAF([01])$/, set(found => ({ autoFormat: isOn(found) }))],
  [/^AT([012])$/, set(found => ({ adaptiveTiming: found[1] === '0' ? 0 : found[1] === '1' ? 1 : 2 }))],
  [/^ST([0-9A-F]{2})$/, set(found => ({ timeoutMs: (parseInt(found[1] ?? '', 16) || 0x32) * ST_UNIT_MS }))],
  [/^[ST]P(A?)([0-9A-C])$/, chooseProtocol],
  [/^DP$/, say(describe)],
  [/^DPN$/, say(describeNumber)],
  [/^SH([0-7][0-9A-F]{2})$/, set(found => ({ requestId: parseInt(found[1] ?? '', 16) }))],
  [/^SH(?:00)?0?([0-7][0-9A-F]{2})$/, set(found => ({ requestId: parseInt(found[1] ?? '', 16) }))],
  [/^CRA([0-7][0-9A-F]{2})$/, set(found => ({ receiveId: parseInt(found[1] ?? '', 16) }))],
  [/^(?:CRA|AR)$/, state => ({ state: withoutReceiveId(state), lines: OK })],
  [/^RV$/, say((_state, facts) => `${facts.voltage.toFixed(1)}V`)],
  [/^IGN$/, say(() => 'ON')],
  [/^PC$/, accepted],
  [/^(?:AL|NL|BI|LP|SS|CEA|TA[0-9A-F]{2}|CEA[0-9A-F]{2})$/, accepted],
  [/^(?:M|R|V|CFC|CSM|KW|JE|JS)[01]?$/, accepted],
  [/^(?:CF|CM)[0-9A-F]{3}(?:[0-9A-F]{5})?$/, accepted],
  [/^FC(?:SH[0-9A-F]{3}|SD(?:[0-9A-F]{2}){1,5}|SM[012])$/, accepted],
];

/** Runs one AT command; `undefined` where the adapter does not know it (it says `?`). */
export function runAt(state: ElmState, command: string, facts: AdapterFacts): AtResult | undefined {
  for (const [pattern, run] of COMMANDS) {
    const found = pattern.exec(command);
    if (found !== null) return run(state, found, facts);
  }
  return undefined;
}

/** Whether requests can reach the car: it answers on one protocol alone. */
export const reachesCar = ({ protocol }: ElmState, car = CAR_PROTOCOL): boolean =>
  protocol.at !== 'set' || protocol.number === car;
