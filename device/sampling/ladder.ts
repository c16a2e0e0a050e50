import { codeOf } from '../../common/errors.js';
import { adapterFaultKind, type FaultKind } from '../obd/adapter-text.js';

/**
 * What is done about a car that does not answer as it should, from the mildest: ask again, end the adapter's session
 * (`ATPC`), set the adapter up anew (`ATZ`), open the link anew, and have the adapter plugged in anew. One good answer
 * leads back to the beginning (CONVENTIONS §2).
 */
export const RUNGS = ['query', 'close', 'reset', 'reopen', 'replug'] as const;
export type Rung = (typeof RUNGS)[number];

export interface Ladder {
  readonly rung: Rung;
  /** Faults on this rung. */
  readonly faults: number;
}

export const AT_THE_FOOT: Ladder = { rung: 'query', faults: 0 };

/** Faults of a rung after which the next one is taken. */
const FAULTS: Readonly<Record<Rung, number>> = { query: 3, close: 2, reset: 2, reopen: 3, replug: Infinity };

/** `gone` is a link that is no more; `late` an answer that did not come, or came in pieces. */
export type Trouble = FaultKind | 'gone' | 'late';

/** Where some troubles lead at once. */
const AT_LEAST: Partial<Readonly<Record<Trouble, Rung>>> = { restarted: 'reset', gone: 'reopen' };

/** The next state, and what to do now. */
export function climb(ladder: Ladder, trouble: Trouble): Ladder {
  const least = AT_LEAST[trouble] ?? 'query';
  if (RUNGS.indexOf(least) > RUNGS.indexOf(ladder.rung)) return { rung: least, faults: 1 };
  const faults = ladder.faults + 1;
  if (faults <= FAULTS[ladder.rung]) return { rung: ladder.rung, faults };
  return { rung: RUNGS[RUNGS.indexOf(ladder.rung) + 1] ?? 'replug', faults: 1 };
}

/** What an error means for the ladder. */
export function troubleOf(error: unknown): Trouble {
  const kind = adapterFaultKind(error);
  if (kind !== undefined) return kind === 'command' ? 'late' : kind;
  return codeOf(error) === 'OBD_TIMEOUT' || codeOf(error) === 'OBD_FRAME' ? 'late' : 'gone';
}
