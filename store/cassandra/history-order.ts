import { encodeHistoryKey } from '../rows/history-row.js';
import type { HistoryRow } from '../types.js';

const SIGN = 2n ** 63n;

/**
 * Where a row of `report_history` stands in a scan by tokens, as bytes that compare as its datacentres order it: by token,
 * where two partitions share one by their keys (length and bytes of each component), then by time, boot and seq.
 */
export function historyOrder(token: bigint, day: number, row: HistoryRow): Buffer {
  const vehicle = Buffer.from(row.vehicle, 'latin1');
  const partition = Buffer.alloc(8 + 2 + vehicle.length + 1 + 2 + 4);
  partition.writeBigUInt64BE(token + SIGN, 0);
  let at = partition.writeUInt16BE(vehicle.length, 8);
  at += vehicle.copy(partition, at) + 1;
  at = partition.writeUInt16BE(4, at);
  partition.writeInt32BE(day, at);
  return Buffer.concat([partition, encodeHistoryKey(row)]);
}
