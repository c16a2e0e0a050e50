import { quantilesOf, type Quantiles } from '../../common/quantiles.js';
import { PHASES, type Phase } from '../../protocol/api/common.js';
import type { HandoverRecord } from '../../protocol/api/md-manager.js';

export interface HandoverSummary {
  readonly completed: number;
  readonly failed: number;
  readonly cancelled: number;
  /** Left out above: first attachments, and moves inside one domain. */
  readonly first: number;
  readonly sameDomain: number;
  readonly byWay: Readonly<Record<string, number>>;
  readonly phasesMs: Readonly<Partial<Record<Phase, Quantiles>>>;
}

/**
 * Counts of hand-overs and milliseconds from `detected` (host lost or draining: from `initiated`) to each phase, of
 * completed hand-overs only; `first` and `same-domain` have counts of their own.
 */
export function summariseHandovers(records: readonly HandoverRecord[]): HandoverSummary {
  const moved = records.filter(({ kind }) => kind !== 'first' && kind !== 'same-domain');
  const count = (result: HandoverRecord['result']): number => moved.filter(record => record.result === result).length;
  const completed = moved.filter(({ result }) => result === 'completed');
  const byWay: Record<string, number> = {};
  for (const { way } of completed) if (way !== undefined) byWay[way] = (byWay[way] ?? 0) + 1;
  const phasesMs: Partial<Record<Phase, Quantiles>> = {};
  for (const phase of PHASES) {
    const spans = completed.flatMap(record => spanMs(record, phase) ?? []);
    if (spans.length > 0) phasesMs[phase] = quantilesOf(spans);
  }
  return {
    completed: completed.length,
    failed: count('failed'),
    cancelled: count('cancelled'),
    first: records.filter(({ kind }) => kind === 'first').length,
    sameDomain: records.filter(({ kind }) => kind === 'same-domain').length,
    byWay,
    phasesMs,
  };
}

/** Milliseconds from where a hand-over begins to `phase`, where it was reached. */
export function spanMs(record: HandoverRecord, phase: Phase): number | undefined {
  const begin = record.phases.detected ?? record.phases.initiated;
  const reached = record.phases[phase];
  return begin === undefined || reached === undefined ? undefined : reached - begin;
}
