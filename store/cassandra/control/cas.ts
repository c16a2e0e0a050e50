import { codeOf } from '../../../common/errors.js';
import { delay, type Timers } from '../../../common/clock.js';
import { backoff } from '../../../common/retry.js';
import type { Row } from '../driver.js';
import type { Statement } from '../consistency.js';
import type { CassandraSession } from '../session.js';

export interface CasDeps {
  readonly session: Pick<CassandraSession, 'run' | 'pages'>;
  readonly timers: Timers;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** What became of a lightweight transaction. `held` is what its condition saw: columns that it names, none where there is no row. */
export type Cas =
  | { readonly is: 'applied' }
  | { readonly is: 'refused'; readonly held: Row }
  /** It may have been applied, may be later, or never. */
  | { readonly is: 'unknown' };

const APPLIED = '[applied]';
/** For other clients' rounds to end: one takes 4 to 20 ms over three domains. */
export const CONTENTION = { firstMs: 10, maxMs: 400, jitter: 0.5 } as const;
const READ_BACKS = 4;

/** Throws STORE_NOT_DURABLE, where nothing was sent; any other error or time-out is `unknown`. */
export async function compareAndSet(deps: CasDeps, statement: Statement, params: readonly unknown[]): Promise<Cas> {
  try {
    const [row = {}] = await deps.session.run(statement, params);
    return row[APPLIED] === true ? { is: 'applied' } : { is: 'refused', held: row };
  } catch (error) {
    if (codeOf(error) === 'STORE_NOT_DURABLE') throw error;
    return { is: 'unknown' };
  }
}

/** The one row of a partition at SERIAL; under contention that fails as claims do, and is tried again a few times. */
export async function readSerial(
  deps: CasDeps,
  statement: Statement,
  params: readonly unknown[],
): Promise<Row | undefined> {
  const pauses = backoff(CONTENTION, deps.random);
  for (let left = READ_BACKS; ; left--) {
    try {
      return (await deps.session.run(statement, params))[0];
    } catch (error) {
      if (left <= 1) throw error;
      await delay(pauses.next().value, undefined, deps.timers);
    }
  }
}
