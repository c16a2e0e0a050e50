import type { Phase } from '../../../protocol/api/common.js';
import type { HandoverRecord } from '../../../protocol/api/md-manager.js';

/** Phases in their order, as columns of the table. */
export const PHASE_ORDER: readonly Phase[] = [
  'detected',
  'validated',
  'rerouted',
  'initiated',
  'prepared',
  'redirected',
  'activated',
  'completed',
];

/** Milliseconds from `detected` to each phase that was reached; a hand-over without it (host lost) counts from `initiated`. */
export function phaseTimes(record: HandoverRecord): Partial<Record<Phase, number>> {
  const { phases } = record;
  const zero = phases.detected ?? phases.initiated;
  if (zero === undefined) return {};
  const times: Partial<Record<Phase, number>> = {};
  for (const phase of PHASE_ORDER) {
    const at = phases[phase];
    if (at !== undefined && at >= zero) times[phase] = at - zero;
  }
  return times;
}

/** When the new twin took over; undefined where it never did, or where the twin stayed in its place. */
export function switchedAtMs(record: HandoverRecord): number | undefined {
  if (record.result === 'failed' || record.result === 'cancelled' || record.kind === 'same-domain') return undefined;
  return record.phases.activated ?? record.phases.redirected;
}

export interface ServingSpan {
  readonly domain: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Which domain served when, newest span up to `nowMs`: from a vehicle's hand-overs and who serves it now. */
export function servingSpans(
  handovers: readonly HandoverRecord[],
  serving: string | undefined,
  fromMs: number,
  nowMs: number,
): ServingSpan[] {
  const moves = handovers
    .flatMap(record => {
      const atMs = switchedAtMs(record);
      return atMs === undefined ? [] : [{ atMs, record, from: record.fromDomain, to: record.toDomain }];
    })
    .sort((a, b) => a.atMs - b.atMs);
  const spans: ServingSpan[] = [];
  const add = (domain: string | undefined, from: number, to: number): void => {
    if (domain !== undefined && to > fromMs && to > from)
      spans.push({ domain, fromMs: Math.max(from, fromMs), toMs: to });
  };
  // Before its first hand-over begins there was no twin.
  const first = moves[0]?.record;
  let sinceMs = first?.kind === 'first' ? Math.max(fromMs, first.startedAtMs) : fromMs;
  let domain = moves[0]?.from ?? (moves.length === 0 ? serving : undefined);
  for (const move of moves) {
    add(domain, sinceMs, move.atMs);
    sinceMs = move.atMs;
    domain = move.to;
  }
  add(domain, sinceMs, nowMs);
  return spans;
}

/** The middle of the times from `detected` to `phase` over completed moves; undefined where there is none. */
export function medianTo(phase: Phase, records: readonly HandoverRecord[]): number | undefined {
  const times = records
    .filter(({ kind, result }) => result === 'completed' && kind === 'move')
    .flatMap(record => phaseTimes(record)[phase] ?? [])
    .sort((a, b) => a - b);
  return times[times.length >> 1];
}
