import type { HistorySource, KeyedRow } from '../../store/audit/history-source.js';
import { encodeHistoryKey } from '../../store/rows/history-row.js';
import type { HistoryRow } from '../../store/types.js';

export interface MemorySource extends HistorySource {
  store(domain: string, rows: readonly HistoryRow[]): void;
  /** Domains and ranges (`from`) that were read, in order. */
  readonly reads: string[];
}

/** Histories of some domains in memory; ranges are of whole numbers below 2^32 into which keys are scattered, as tokens are. */
export function memorySource(
  domains: Readonly<Record<string, readonly HistoryRow[]>>,
  options: { readonly parallel?: number; readonly name?: string } = {},
): MemorySource {
  const stored = new Map(Object.entries(domains).map(([domain, rows]) => [domain, rows.map(keyed)]));
  const reads: string[] = [];
  return {
    name: options.name ?? 'memory',
    domains: [...stored.keys()],
    parallel: options.parallel ?? 1,
    reads,
    store(domain, rows) {
      stored.get(domain)?.push(...rows.map(keyed));
    },
    split(count) {
      const bounds = Array.from({ length: count - 1 }, (_, at) => String(Math.floor(((at + 1) * 2 ** 32) / count)));
      return Promise.resolve(['', ...bounds].map((from, at) => ({ from, to: bounds[at] ?? '' })));
    },
    async *rows(domain, { from, to }) {
      reads.push(`${domain} ${from}`);
      const found = (stored.get(domain) ?? []).filter(
        ({ key }) => tokenOf(key) >= Number(from) && (to === '' || tokenOf(key) < Number(to)),
      );
      yield* found.toSorted((a, b) => Buffer.compare(a.key, b.key));
    },
    async *ofVehicle(domain, vehicle) {
      for (const { row } of stored.get(domain) ?? []) if (row.vehicle === vehicle) yield row;
    },
  };
}

const tokenOf = (key: Uint8Array): number => Buffer.from(key).readUInt32BE(0);

/** A partition is a vehicle's day (DESIGN §9); its token is some hash of both. */
function keyed(row: HistoryRow): KeyedRow {
  const token = Buffer.alloc(4);
  const day = Math.floor(row.timeMs / 86_400_000);
  let hash = 0x811c9dc5;
  for (const letter of `${row.vehicle} ${day}`) hash = Math.imul(hash ^ letter.charCodeAt(0), 0x01000193);
  token.writeUInt32BE(Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d) >>> 0);
  return { key: Buffer.concat([token, encodeHistoryKey(row)]), row };
}
