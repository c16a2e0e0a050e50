import type { Clock } from '../../common/clock.js';
import { EdgetwinError, messageOf } from '../../common/errors.js';
import type { Level, SignalRead } from '../../protocol/api/analytics.js';
import { fault } from '../../protocol/errors.js';
import { signalByPath, type SignalRow } from '../../protocol/signals.js';
import type { LiveCell } from '../../store/types.js';
import { decideFreshness, seconds } from './freshness.js';
import { ageOf, sourceOf } from './signal-state.js';
import type { Silence } from './silence.js';
import type { TwinAnswer, TwinReader } from './twin-reader.js';

export interface ReadRequest {
  readonly vehicle: string;
  /** VSS path. */
  readonly path: string;
  readonly maxAgeMs: number | undefined;
  readonly timeoutMs: number;
}

export interface ReadDeps {
  readonly clock: Clock;
  readonly twin: TwinReader;
  readonly silence: Silence;
  /** The newest cell that the store has. */
  readonly stored: (vehicle: string, wire: string) => Promise<LiveCell | undefined>;
  /** Whether every report up to the newest one of the vehicle is stored here. */
  readonly complete: (vehicle: string) => boolean;
  /** Time of the newest sample that is stored. */
  readonly heardMs: (vehicle: string) => number | undefined;
}

export type Explained = NonNullable<SignalRead['explain']>;
export type ExplainedRead = SignalRead & { readonly explain: Explained };

/**
 * A read through the three levels (DESIGN §8): store, twin, device. The answer explains itself. Rejects with
 * SIGNAL_UNKNOWN; where nothing is stored and the twin has nothing either, with the twin's fault.
 */
export async function readSignal(request: ReadRequest, deps: ReadDeps): Promise<ExplainedRead> {
  const row = signalByPath(request.path);
  if (row === undefined) throw fault('SIGNAL_UNKNOWN', request.path);
  const { vehicle } = request;
  const freshness = decideFreshness(await deps.stored(vehicle, row.wire), request.maxAgeMs, deps.clock.nowMs());
  const store = { level: 'store', asked: true, why: freshness.why } as const;
  if (freshness.level === 'store') {
    const notNeeded = (level: Level) => ({ level, asked: false, why: 'the stored value is fresh enough' });
    return fromStore(row, freshness.cell, request, deps, [store, notNeeded('twin'), notNeeded('device')]);
  }
  const heardMs = deps.heardMs(vehicle);
  const silent = deps.silence.why(vehicle, heardMs, deps.clock.monotonicMs());
  try {
    // Of a car that does not answer its twin is asked for what it has.
    const answer = await deps.twin.read(silent === undefined ? request : { ...request, maxAgeMs: undefined });
    if (silent === undefined) noteCar(vehicle, answer, heardMs, deps);
    return fromTwin(row, answer, request, store, silent);
  } catch (error) {
    if (!(error instanceof EdgetwinError)) throw error;
    if (freshness.cell === undefined) throw error;
    return fromStore(row, freshness.cell, request, deps, [
      store,
      { level: 'twin', asked: true, why: `no answer: ${messageOf(error)}` },
      { level: 'device', asked: false, why: silent ?? 'only its twin asks the car' },
    ]);
  }
}

/** The twin's words begin with the code of what the car did: it is silent where it did not answer in time. */
function noteCar(vehicle: string, answer: TwinAnswer, heardMs: number | undefined, deps: ReadDeps): void {
  if (answer.source === 'measured') deps.silence.answered(vehicle);
  else if (/^COAP_(TIMEOUT|RESET)\b/.test(answer.explain ?? ''))
    deps.silence.note(vehicle, heardMs, deps.clock.monotonicMs());
}

function fromStore(
  row: SignalRow,
  cell: LiveCell,
  { vehicle, maxAgeMs }: ReadRequest,
  { clock, complete }: ReadDeps,
  explain: Explained,
): ExplainedRead {
  const ageMs = ageOf(cell, clock.nowMs());
  return {
    ...namesOf(row, vehicle),
    value: cell.value,
    timeMs: cell.timeMs,
    ageMs,
    source: sourceOf(row),
    provisional: false,
    stale: maxAgeMs !== undefined && (ageMs === null || ageMs > maxAgeMs),
    complete: complete(vehicle),
    level: 'store',
    explain,
  };
}

function fromTwin(
  row: SignalRow,
  answer: TwinAnswer,
  { vehicle, maxAgeMs }: ReadRequest,
  store: Explained[number],
  silent: string | undefined,
): ExplainedRead {
  const { value, timeMs, ageMs, source, provisional, stale, complete, host } = answer;
  const measured = source === 'measured';
  // What the car was asked for just now is as fresh as it can be, also where `maxAge` is 0.
  const late = !measured && maxAgeMs !== undefined && (ageMs === null || ageMs > maxAgeMs);
  const age = ageMs === null ? 'a value of unknown age' : `a value ${seconds(ageMs)} old`;
  const why = silent ?? answer.explain ?? (measured ? 'the car answered' : 'the twin’s value will do');
  return {
    ...namesOf(row, vehicle),
    ...{ value, timeMs, ageMs, source, provisional, stale: stale || late, complete },
    level: measured ? 'device' : 'twin',
    explain: [
      store,
      { level: 'twin', asked: true, why: measured ? `${host} asked the car` : `${host} had ${age}` },
      // Also one that did not answer was asked.
      { level: 'device', asked: measured || (silent === undefined && codeIn(answer.explain)), why },
    ],
  };
}

const codeIn = (explain: string | undefined): boolean => /^[A-Z]+_[A-Z_]+:/.test(explain ?? '');

const namesOf = ({ path, label, unit }: SignalRow, vehicle: string) => ({ vehicle, path, label, unit });

/** A failed read among others that did not. */
export const problemOf = (request: Pick<ReadRequest, 'vehicle' | 'path'>, error: unknown) => {
  if (!(error instanceof EdgetwinError)) throw error;
  return { vehicle: request.vehicle, path: request.path, problem: { code: error.code, detail: error.detail } };
};
