import { fault } from './errors.js';

/**
 * Several reports in one datagram: `POST /r?v=1` with content format 63 (application/cbor-seq, RFC 8742), each item a byte string
 * that holds the frozen bytes of one report. One 2.04 acknowledges all of them, durable; any other answer none. A twin that
 * does not know it answers 4.15, and gets them one by one.
 */
export const BATCH_MAX_BYTES = 1_120;
export const BATCH_MAX_REPORTS = 64;

const BYTES = 0x40;
const ONE_BYTE_LENGTH = 0x58;
const TWO_BYTE_LENGTH = 0x59;

/** What a report of so many bytes takes in a batch. */
export const bytesInBatch = (length: number): number => length + (length < 24 ? 1 : length < 256 ? 2 : 3);

export function encodeBatch(reports: readonly Uint8Array[]): Uint8Array {
  const batch = new Uint8Array(reports.reduce((sum, { length }) => sum + bytesInBatch(length), 0));
  let at = 0;
  for (const report of reports) {
    const { length } = report;
    if (length < 24) batch[at++] = BYTES + length;
    else if (length < 256) batch.set([ONE_BYTE_LENGTH, length], (at += 2) - 2);
    else batch.set([TWO_BYTE_LENGTH, length >> 8, length & 255], (at += 3) - 3);
    batch.set(report, at);
    at += length;
  }
  return batch;
}

/** The reports of a batch, as views of its bytes, not yet read. Throws REPORT_MALFORMED or REPORT_TOO_LARGE (too many). */
export function splitBatch(batch: Uint8Array): Uint8Array[] {
  const reports: Uint8Array[] = [];
  for (let at = 0; at < batch.length;) {
    const head = batch[at++] ?? 0;
    let length = head - BYTES;
    if (head === ONE_BYTE_LENGTH) length = batch[at++] ?? 0;
    else if (head === TWO_BYTE_LENGTH) length = ((batch[at++] ?? 0) << 8) | (batch[at++] ?? 0);
    else if (length < 0 || length >= 24) throw fault('REPORT_MALFORMED', 'an item of the batch is no byte string');
    if (at + length > batch.length) throw fault('REPORT_MALFORMED', 'the batch ends within a report');
    if (reports.length === BATCH_MAX_REPORTS) throw fault('REPORT_TOO_LARGE', `more than ${BATCH_MAX_REPORTS} reports`);
    reports.push(batch.subarray(at, at + length));
    at += length;
  }
  if (reports.length === 0) throw fault('REPORT_MALFORMED', 'the batch is empty');
  return reports;
}
