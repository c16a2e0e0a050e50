import { quantilesOf } from '../common/quantiles.js';
import { readMarkers, writeMarker } from '../store/cassandra/lag-markers.js';
import type { CassandraSession } from '../store/cassandra/session.js';
import { cpuMeter, type BenchRow } from './harness.js';
import { DOMAINS, type StoreSite } from './store-site.js';

/** A row that is not there by then has not come. */
const GIVE_UP_MS = 30_000;

/**
 * From the acknowledgement of a row in one domain until another domain's own nodes show it: asked again and again, without a
 * pause, so that a sample is late by at most one read.
 */
export async function storeLag(name: string, site: StoreSite, n: number, signal: AbortSignal): Promise<BenchRow[]> {
  const sessions = new Map<string, CassandraSession>();
  for (const domain of DOMAINS) sessions.set(domain, await site.session(domain));
  const rows: BenchRow[] = [];
  for (const [from, writer] of sessions)
    for (const [to, reader] of sessions) {
      if (from === to) continue;
      const cpu = cpuMeter();
      const lags: number[] = [];
      for (let sample = 0; sample < n; sample++) {
        signal.throwIfAborted();
        lags.push(await lagOnce(from, writer, reader));
      }
      process.stderr.write(`store: ${name}, ${from} → ${to}\n`);
      rows.push({
        ...{ case: `${name}, ${from} → ${to}`, metric: 'acknowledged → visible', unit: 'ms' },
        ...quantilesOf(lags),
        cpuIdle: cpu.idle(),
      });
    }
  return rows;
}

/** Of one domain no two markers have one time. */
let newestMs = 0;

async function lagOnce(from: string, writer: CassandraSession, reader: CassandraSession): Promise<number> {
  const writtenAtMs = (newestMs = Math.max(newestMs + 1, Date.now()));
  await writeMarker(writer, { domain: from, writtenAtMs });
  const ackedMs = performance.now();
  for (;;) {
    const markers = await readMarkers(reader);
    const nowMs = performance.now();
    if (markers.some(marker => marker.domain === from && marker.writtenAtMs >= writtenAtMs)) return nowMs - ackedMs;
    if (nowMs - ackedMs > GIVE_UP_MS) throw new Error(`a row of ${from} did not come`);
  }
}
