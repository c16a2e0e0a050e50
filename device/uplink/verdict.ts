import type { CoapResponse } from '../../protocol/coap/types.js';

/** What the twin's answer to a datagram of reports means for them. */
export type Verdict =
  /** All of them are durable. */
  | 'acknowledged'
  /** The twin can never take it. */
  | 'rejected'
  /** Something in the batch cannot be taken; each by itself tells what. */
  | 'parted'
  /** The twin does not know batches. */
  | 'unbatched'
  | 'unregistered'
  /** A twin in trouble, or one that says how long to wait (4.29, 5.03; RFC 8516): no reason to lose a report. */
  | 'busy';

const VERDICTS: Readonly<Record<string, Verdict>> = {
  '2.04': 'acknowledged',
  '4.00': 'rejected',
  '4.13': 'rejected',
  '4.03': 'unregistered',
};
const OF_BATCHES: Readonly<Record<string, Verdict>> = { '4.00': 'parted', '4.13': 'parted', '4.15': 'unbatched' };

export const verdictOf = ({ code }: Pick<CoapResponse, 'code'>, reports: number): Verdict =>
  (reports > 1 ? OF_BATCHES[code] : undefined) ?? VERDICTS[code] ?? 'busy';

/** RFC 7252 §5.10.5: Max-Age is 60 s where it is not given; too long to keep reports back. */
const BUSY_DEFAULT_S = 2;
const BUSY_MAX_S = 60;
const BUSY_JITTER = 0.5;

/** Never before the time that was told; spread out after it, for all cars of a host were told the same. `random` in [0, 1). */
export const busyMs = ({ maxAgeS }: Pick<CoapResponse, 'maxAgeS'>, random: number): number =>
  Math.min(maxAgeS ?? BUSY_DEFAULT_S, BUSY_MAX_S) * 1000 * (1 + BUSY_JITTER * random);
