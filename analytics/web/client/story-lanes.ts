import type { Phase } from '../../../protocol/api/common.js';
import type { HandoverRecord } from '../../../protocol/api/md-manager.js';
import { phaseTimes } from './handover-times.js';

/** What somebody did from one moment to another, milliseconds since `detected`. */
export interface LaneSpan {
  readonly fromMs: number;
  readonly toMs: number;
  readonly words: string;
  /** Whose colour it has. */
  readonly domain: string | undefined;
  /** Work is drawn light, a state solid. */
  readonly kind: 'state' | 'work';
}

export interface Lane {
  readonly name: string;
  readonly spans: readonly LaneSpan[];
}

export interface Story {
  readonly lanes: readonly Lane[];
  /** What is shown: a little before `detected`, to a little after the end. */
  readonly fromMs: number;
  readonly toMs: number;
  readonly marks: readonly { readonly phase: Phase; readonly ms: number }[];
}

const BEFORE_SHARE = 0.12;

/** Who did what in a hand-over, from the stamps of its phases: radio, switch, manager, both twins. */
export function storyOf(record: HandoverRecord): Story | undefined {
  const times = phaseTimes(record);
  const marks = Object.entries(times).map(([phase, ms]) => ({ phase: phase as Phase, ms }));
  const lastMs = Math.max(0, ...marks.map(({ ms }) => ms));
  if (marks.length === 0 || lastMs === 0) return undefined;
  const [fromMs, toMs] = [-lastMs * BEFORE_SHARE, lastMs * (1 + BEFORE_SHARE)];
  const { fromDomain: old, toDomain: next, kind } = record;
  const state = (from: number | undefined, to: number | undefined, words: string, domain?: string): LaneSpan[] =>
    from === undefined ? [] : [{ fromMs: from, toMs: to ?? toMs, words, domain, kind: 'state' }];
  const work = (from: number | undefined, to: number | undefined, words: string, domain?: string): LaneSpan[] =>
    from === undefined || to === undefined || to <= from
      ? []
      : [{ fromMs: from, toMs: to, words, domain, kind: 'work' }];
  const swapped = times.redirected ?? times.activated;
  const moved = kind === 'move' || kind === 'first' || kind === 'same-domain';
  const lanes: Lane[] = [
    {
      name: 'radio',
      spans: moved
        ? [...state(fromMs, 0, `at ${old ?? 'nowhere'}`, old), ...state(0, undefined, `at ${next}`, next)]
        : state(fromMs, undefined, 'the car did not move', old),
    },
    {
      name: 'switch',
      spans: [
        ...state(times.rerouted, swapped ?? undefined, `new port → twin in ${old ?? 'no domain'}`, old),
        ...state(swapped, undefined, `→ twin in ${next}`, next),
      ],
    },
    {
      name: 'manager',
      spans: [
        ...work(times.initiated, times.prepared, 'has the twin made ready'),
        ...work(times.prepared, times.redirected, 'has the flow swapped'),
        ...work(times.activated, times.completed, 'lets the old one go'),
      ],
    },
    {
      name: 'old twin',
      spans: [
        ...state(fromMs, times.activated, 'acts', old),
        ...work(times.activated, times.completed, 'hands back its slot', old),
      ],
    },
    {
      name: 'new twin',
      spans: [
        ...work(times.initiated, times.prepared, 'prepares', next),
        ...work(times.prepared, times.activated, 'stands by', next),
        ...state(times.activated, undefined, 'acts', next),
      ],
    },
  ];
  return { lanes: lanes.filter(({ spans }) => spans.length > 0), fromMs, toMs, marks };
}

/**
 * Where a moment stands across the drawing, 0 … 1. Most of a hand-over takes a few milliseconds and its end a hundred: the root of the
 * time makes both readable, and the axis says so by its numbers.
 */
export function rootScale(fromMs: number, toMs: number): (ms: number) => number {
  const root = (ms: number): number => Math.sign(ms) * Math.sqrt(Math.abs(ms));
  const [low, high] = [root(fromMs), root(toMs)];
  return ms => (root(Math.min(toMs, Math.max(fromMs, ms))) - low) / (high - low);
}

/** Round moments for the axis, so far apart that their numbers do not touch. */
export function ticksOf(toMs: number, scale: (ms: number) => number): number[] {
  const ticks = [0];
  for (let power = 0.1; power <= toMs; power *= 10)
    for (const step of [1, 2, 5]) {
      const ms = Number((power * step).toPrecision(1));
      if (ms <= toMs && scale(ms) - scale(ticks.at(-1) ?? 0) > 0.07 && scale(ms) < 0.97) ticks.push(ms);
    }
  return ticks;
}

/** Reports around a moment: the longest wait between two of them, and the usual one, milliseconds. */
export function gapsAround(
  timesMs: readonly number[],
  atMs: number,
): { readonly across: number; readonly usual: number } | undefined {
  const sorted = [...timesMs].sort((a, b) => a - b);
  const gaps = sorted.slice(1).map((time, i) => time - (sorted[i] ?? time));
  const next = sorted.findIndex(time => time >= atMs);
  const across = gaps[next - 1];
  if (next < 1 || across === undefined) return undefined;
  return { across, usual: gaps.sort((a, b) => a - b)[gaps.length >> 1] ?? across };
}
