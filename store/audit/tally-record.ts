import type { KeyRange } from './history-source.js';
import type { RangeTally } from './range-tally.js';
import type { Testimony } from './types.js';

/** What an audit knows of its own course: its ranges, which of them are finished, and what they said. */
export interface TallyRecord {
  readonly ranges: readonly KeyRange[];
  /** What devices and witness said when the audit began: rows that were read then know no more. */
  readonly testimony: Testimony;
  /** Ranges that an earlier run has finished, each once. Asked before any range is finished now. */
  finished(): AsyncIterable<readonly [index: number, tally: RangeTally]>;
  /** Resolves once a later run would not read the range again. */
  finish(index: number, tally: RangeTally): Promise<void>;
}

/** A record of an audit that is not to be gone on with. */
export const recordInMemory = (begun: Pick<TallyRecord, 'ranges' | 'testimony'>): TallyRecord => ({
  ...begun,
  finished: () => nothing(),
  finish: () => Promise.resolve(),
});

async function* nothing(): AsyncGenerator<never> {
  // Nobody was here before.
}
