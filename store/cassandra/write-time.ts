import { fault } from '../../protocol/errors.js';
import { MAX_BOOT, MAX_SEQ, type ReportId } from '../../protocol/report.js';

const SEQ_BITS = 36n;

/**
 * The write time of a live cell, `boot << 36 | seq`: unique per report, so that of two cells the one with the higher (boot,
 * seq) wins, whenever and wherever each was written. STORE_FAILED outside of the 27 bits of boot and 36 of seq.
 */
export function writeTimeOf({ boot, seq }: Pick<ReportId, 'boot' | 'seq'>): bigint {
  if (!Number.isInteger(boot) || !Number.isInteger(seq) || boot < 0 || boot > MAX_BOOT || seq < 0 || seq > MAX_SEQ)
    throw fault('STORE_FAILED', `boot ${boot}, seq ${seq} have no write time`);
  return (BigInt(boot) << SEQ_BITS) | BigInt(seq);
}
