import type { Capture } from './capture.js';

/** A piece of an answer, as it came. */
export interface Chunk {
  readonly atMs: number;
  readonly data: string;
}

/** What was said to the adapter, and what came until something else was said. */
export interface ElmExchange {
  readonly atMs: number;
  readonly said: string;
  readonly answer: readonly Chunk[];
}

/** One attempt to reach the adapter. */
export interface ElmAttempt {
  /** When it was known what came of it. */
  readonly atMs: number;
  /** Absent: the adapter was reached. */
  readonly failed?: string;
  readonly name?: string;
  /** What the adapter said before it was asked. */
  readonly unasked: readonly Chunk[];
  readonly exchanges: readonly ElmExchange[];
  /** When the adapter went; absent: it did not. */
  readonly goneAtMs?: number;
  readonly goneSay?: string;
}

type Open = Omit<{ -readonly [K in keyof ElmAttempt]: ElmAttempt[K] }, 'unasked' | 'exchanges'> & {
  readonly unasked: Chunk[];
  readonly exchanges: { readonly atMs: number; readonly said: string; readonly answer: Chunk[] }[];
};

const draft = (atMs: number): Open => ({ atMs, unasked: [], exchanges: [] });

/** The adapter's part of a capture. A transcript without lines about the link is one attempt that reached it at once. */
export function elmScript({ entries }: Pick<Capture, 'entries'>): ElmAttempt[] {
  const attempts: Open[] = [];
  let open: Open | undefined;
  for (const entry of entries) {
    const { atMs } = entry;
    if ('link' in entry) {
      const { link, say, name } = entry;
      if (link === 'open') {
        open = { ...draft(atMs), ...(name === undefined ? {} : { name }) };
        attempts.push(open);
      } else if (link === 'failed') {
        open = undefined;
        attempts.push({ ...draft(atMs), failed: say ?? '' });
      } else if (link === 'closed' && open !== undefined) {
        open.goneAtMs = atMs;
        if (say !== undefined) open.goneSay = say;
      }
      continue;
    }
    if (!('dir' in entry)) continue;
    if (open === undefined) attempts.push((open = draft(0)));
    const last = open.exchanges.at(-1);
    if (entry.dir === 'tx') open.exchanges.push({ atMs, said: entry.data, answer: [] });
    else (last?.answer ?? open.unasked).push({ atMs, data: entry.data });
  }
  return attempts;
}

/** Who asks at another time than the recording has is answered with the pauses that it has. */
export interface Match {
  readonly exchange: ElmExchange | undefined;
  /** It was the next one, about when it was its turn. */
  readonly isInStep: boolean;
  /** Index of the one that is next now. */
  readonly next: number;
}

/** So far the agent may be ahead of the recording, or behind it, and yet be in step. */
const IN_STEP_MS = 500;

/** The recorded answer to `said` at `nowMs`, where exchange `next` would be next: that one, or the nearest in time that fits. */
export function matchExchange(exchanges: readonly ElmExchange[], next: number, said: string, nowMs: number): Match {
  const due = exchanges[next];
  if (due?.said === said && Math.abs(due.atMs - nowMs) <= IN_STEP_MS)
    return { exchange: due, isInStep: true, next: next + 1 };
  let best: number | undefined;
  for (const [index, exchange] of exchanges.entries()) {
    if (exchange.said !== said) continue;
    const isNearer =
      best === undefined || Math.abs(exchange.atMs - nowMs) < Math.abs((exchanges[best]?.atMs ?? 0) - nowMs);
    if (isNearer) best = index;
  }
  if (best === undefined) return { exchange: undefined, isInStep: false, next };
  return { exchange: exchanges[best], isInStep: false, next: Math.max(next, best + 1) };
}
