import type { Clock } from '../../common/clock.js';
import { EdgetwinError, messageOf } from '../../common/errors.js';
import type { Level, SignalRead } from '../../protocol/api/analytics.js';
import type { SignalAnswer } from '../../protocol/api/vmd.js';
import { fault } from '../../protocol/errors.js';
import { signalByPath, type SignalRow } from '../../protocol/signals.js';
import type { LiveCell } from '../../store/types.js';
import { decideFreshness, seconds } from './freshness.js';
import { ageOf, sourceOf } from './signal-state.js';
import type { TwinReader } from './twin-reader.js';

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
  /** The newest cell that the store has. */
  readonly stored: (vehicle: string, wire: string) => Promise<LiveCell | undefined>;
  /** Whether every report up to the newest one of the vehicle is stored here. */
  readonly complete: (vehicle: string) => boolean;
}

type Explained = NonNullable<SignalRead['explain']>;

/**
 * A read through the three levels (DESIGN §8): store, twin, device. The answer explains itself. Rejects with
 * SIGNAL_UNKNOWN; where nothing is stored and the twin has nothing either, with the twin's fault.
 */
export async function readSignal(request: ReadRequest, deps: ReadDeps): Promise<SignalRead & { explain: Explained }> {
  const row = signalByPath(request.path);
  if (row === undefined) throw fault('SIGNAL_UNKNOWN', request.path);
  const freshness = decideFreshness(await deps.stored(request.vehicle, row.wire), request.maxAgeMs, deps.clock.nowMs());
  const store = { level: 'store', asked: true, why: freshness.why } as const;
  if (freshness.level === 'store') {
    const notNeeded = (level: Level) => ({ level, asked: false, why: 'the stored value is fresh enough' });
    return fromStore(row, freshness.cell, request, deps, [store, notNeeded('twin'), notNeeded('device')]);
  }
  try {
    const answer = await deps.twin.read(request);
    return fromTwin(row, answer, request, store);
  } catch (error) {
    if (!(error instanceof EdgetwinError) || freshness.cell === undefined) throw error;
    return fromStore(row, freshness.cell, request, deps, [
      store,
      { level: 'twin', asked: true, why: `no answer: ${messageOf(error)}` },
      { level: 'device', asked: false, why: 'only its twin asks the car' },
    ]);
  }
}

function fromStore(
  row: SignalRow,
  cell: LiveCell,
  { vehicle, maxAgeMs }: ReadRequest,
  { clock, complete }: ReadDeps,
  explain: Explained,
): SignalRead & { explain: Explained } {
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
  answer: SignalAnswer & { readonly host: string },
  { vehicle, maxAgeMs }: ReadRequest,
  store: Explained[number],
): SignalRead & { explain: Explained } {
  const { value, timeMs, ageMs, source, provisional, stale, complete, host } = answer;
  const measured = source === 'measured';
  // What the car was asked for just now is as fresh as it can be, also where `maxAge` is 0.
  const late = !measured && maxAgeMs !== undefined && (ageMs === null || ageMs > maxAgeMs);
  const age = ageMs === null ? 'a value of unknown age' : `a value ${seconds(ageMs)} old`;
  return {
    ...namesOf(row, vehicle),
    ...{ value, timeMs, ageMs, source, provisional, stale: stale || late, complete },
    level: measured ? 'device' : 'twin',
    explain: [
      store,
      { level: 'twin', asked: true, why: measured ? `${host} asked the car` : `${host} had ${age}` },
      {
        level: 'device',
        asked: measured,
        why: answer.explain ?? (measured ? 'the car answered' : 'the twin’s value will do'),
      },
    ],
  };
}

const namesOf = ({ path, label, unit }: SignalRow, vehicle: string) => ({ vehicle, path, label, unit });
