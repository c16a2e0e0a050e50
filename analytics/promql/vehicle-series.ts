import type { HandoverRecord } from '../../protocol/api/md-manager.js';
import { NAME, makeLabels, type Labels } from './labels.js';
import { promqlFault } from './promql-error.js';
import { stepCount, type SelectHints, type Series } from './series.js';

/** Distance of computed samples within a range. */
const WITHIN_RANGE_MS = 15_000;
/** A hand-over is told for one step, and for at least so long. */
const TOLD_MS = 60_000;
const MAX_MOMENTS = 50_000;

/** What these series are made of. */
export interface VehicleFacts {
  readonly vehicle: string;
  /** Who acts as the twin now, as md-manager tells. */
  readonly domain: string | undefined;
  /** Newest first. */
  readonly handovers: readonly HandoverRecord[];
}

/** Moments at which a computed series has samples: those of the evaluation, and between them where a range is asked for. */
export function momentsOf({ at, rangeMs, fromMs, toMs }: SelectHints): number[] {
  const found = new Set<number>();
  for (let i = 0, n = stepCount(at); i < n; i++) found.add(at.startMs + i * at.stepMs);
  if (rangeMs > 0)
    for (let ms = Math.ceil(fromMs / WITHIN_RANGE_MS) * WITHIN_RANGE_MS; ms <= toMs; ms += WITHIN_RANGE_MS) {
      if (found.size >= MAX_MOMENTS) throw promqlFault('execution', 'the range has too many computed samples');
      found.add(ms);
    }
  return [...found].sort((a, b) => a - b);
}

/** A series that holds where `of` gives a value. A computed value is never older than its moment. */
export function computed(
  labels: Labels,
  moments: readonly number[],
  of: (timeMs: number) => number | undefined,
): Series {
  const times: number[] = [];
  const values: number[] = [];
  for (const timeMs of moments) {
    const value = of(timeMs);
    if (value === undefined) continue;
    times.push(timeMs);
    values.push(value);
  }
  return { labels, times, values, lookbackMs: 0 };
}

interface Serving {
  readonly fromMs: number;
  readonly toMs: number;
  readonly domain: string;
  readonly way: string;
}

/** When which domain served, as the hand-overs that are remembered tell it; `first` is registration. */
export function servingTimes({ domain, handovers }: VehicleFacts): Serving[] {
  const activated = handovers
    .flatMap(record => (record.phases.activated === undefined ? [] : [{ record, atMs: record.phases.activated }]))
    .sort((a, b) => a.atMs - b.atMs);
  const [first] = activated;
  const before = first?.record.fromDomain ?? (first === undefined ? domain : undefined);
  const found: Serving[] = [];
  if (before !== undefined) found.push({ fromMs: 0, toMs: first?.atMs ?? Infinity, domain: before, way: 'first' });
  for (const [i, { record, atMs }] of activated.entries())
    found.push({
      ...{ fromMs: atMs, toMs: activated[i + 1]?.atMs ?? Infinity, domain: record.toDomain },
      way: record.kind === 'first' ? 'first' : (record.way ?? 'manager'),
    });
  return found;
}

/** `twin_serving`: a series per domain and way. `sinceMs`: the vehicle's first report; before it nobody served. */
export function servingSeries(facts: VehicleFacts, sinceMs: number, hints: SelectHints, nowMs: number): Series[] {
  const times = servingTimes(facts);
  const moments = momentsOf(hints).filter(ms => ms >= sinceMs && ms <= nowMs);
  const kinds = new Map(times.map(({ domain, way }) => [`${domain} ${way}`, { domain, way }]));
  return [...kinds.values()].map(({ domain, way }) =>
    computed(makeLabels({ [NAME]: 'twin_serving', vehicle: facts.vehicle, domain, way }), moments, ms =>
      times.some(one => one.domain === domain && one.way === way && ms >= one.fromMs && ms < one.toMs) ? 1 : undefined,
    ),
  );
}

export const handoverLabels = (record: HandoverRecord): Readonly<Record<string, string>> => ({
  vehicle: record.vehicle,
  handover: record.id,
  from: record.fromDomain ?? '',
  to: record.toDomain,
  way: record.kind === 'first' ? 'first' : (record.way ?? ''),
  result: record.result,
  reason: record.reason ?? '',
});

/** Seconds from detected (host lost: initiated) to activated. */
export function durationOf({ phases }: HandoverRecord): number | undefined {
  const beganMs = phases.detected ?? phases.initiated;
  return beganMs === undefined || phases.activated === undefined ? undefined : (phases.activated - beganMs) / 1000;
}

const HANDOVER_VALUES = {
  twin_handover_time_seconds: (record: HandoverRecord) => record.startedAtMs / 1000,
  twin_handover_duration_seconds: durationOf,
} as const;

/** A hand-over as a series that is there for one step (at least 60 s) from its begin on. */
export function handoverSeries(
  name: keyof typeof HANDOVER_VALUES,
  record: HandoverRecord,
  hints: SelectHints,
): Series | undefined {
  const value = HANDOVER_VALUES[name](record);
  if (value === undefined) return undefined;
  const toMs = record.startedAtMs + Math.max(TOLD_MS, hints.at.stepMs);
  const labels = makeLabels({ [NAME]: name, ...handoverLabels(record) });
  return computed(labels, momentsOf(hints), ms => (ms >= record.startedAtMs && ms < toMs ? value : undefined));
}
