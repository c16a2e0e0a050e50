import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../common/package-root.js';
import { openLmdbTwinStore } from '../store/lmdb/twin-store.js';
import type { HistoryRow } from '../store/types.js';
import type { BenchRow, Kept } from './harness.js';
import { storeClaims } from './store-claims.js';
import { storeConverge } from './store-converge.js';
import { storeLag } from './store-lag.js';
import { storeOptions, type StoreOptions, type StoreSync } from './store-options.js';
import { bytesUnder, dayOfReports, diskRows, storeReads } from './store-reads.js';
import { openStoreSite, type StoreSite } from './store-site.js';
import { storeThroughput } from './store-throughput.js';

/**
 * The stores: lmdb, and Cassandra with a datacentre for each of three domains on this machine. What does not depend on how
 * commit logs are synced (reads, bytes on disk, convergence) is measured with the first of `syncs` alone.
 */
export async function benchStore(signal: AbortSignal, words: readonly string[], { done }: Kept): Promise<BenchRow[]> {
  const options = storeOptions(words);
  const rows: BenchRow[] = [];
  const keep = async (measured: readonly BenchRow[]): Promise<void> => {
    rows.push(...measured);
    await done(measured);
  };
  const day = options.parts.includes('reads') ? await dayOfReports(options.reports) : [];
  await onLmdb(options, day, keep, signal);
  for (const [at, sync] of options.syncs.entries()) await onCassandra(sync, at === 0, options, day, keep, signal);
  return rows;
}

type Keep = (rows: readonly BenchRow[]) => Promise<void>;

async function onLmdb(
  options: StoreOptions,
  day: readonly HistoryRow[],
  keep: Keep,
  signal: AbortSignal,
): Promise<void> {
  const scratch = join(packageRoot(), '.cache');
  await mkdir(scratch, { recursive: true });
  const folder = await mkdtemp(join(scratch, 'bench-store-'));
  try {
    if (options.parts.includes('throughput')) {
      const settings = { kind: 'lmdb', domain: 'edge-1', path: join(folder, 'loop') } as const;
      await keep(await storeThroughput('lmdb', settings, options, signal));
    }
    if (options.parts.includes('reads')) {
      const path = join(folder, 'day');
      {
        await using store = await openLmdbTwinStore({ path, domain: 'edge-1', journal: false });
        await keep(await storeReads('lmdb', store, day, options.n, signal));
      }
      await keep(diskRows('lmdb', day, await bytesUnder(path, file => file.endsWith('data.mdb'))));
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function onCassandra(
  sync: StoreSync,
  first: boolean,
  options: StoreOptions,
  day: readonly HistoryRow[],
  keep: Keep,
  signal: AbortSignal,
): Promise<void> {
  const { parts, n, cutSeconds } = options;
  const each = parts.filter(part => part === 'throughput' || part === 'lag' || part === 'claims');
  const once = first ? parts.filter(part => part === 'reads' || part === 'converge') : [];
  if (each.length + once.length === 0) return;
  const name = `Cassandra ${sync}`;
  await using site = await openStoreSite(sync, once.includes('converge'));
  if (each.includes('lag')) await keep(await storeLag(name, site, n, signal));
  if (each.includes('claims')) await keep(await storeClaims(name, site, n, signal));
  if (each.includes('throughput')) {
    const settings = { kind: 'cassandra', domain: 'edge-1', cassandra: site.settings('edge-1') } as const;
    await keep(await storeThroughput(name, settings, options, signal));
  }
  if (once.includes('reads')) await keep(await readsOf(name, site, day, n, signal));
  if (once.includes('converge')) await keep(await storeConverge(name, site, cutSeconds, signal));
}

async function readsOf(
  name: string,
  site: StoreSite,
  day: readonly HistoryRow[],
  n: number,
  signal: AbortSignal,
): Promise<BenchRow[]> {
  await site.empty();
  const rows = await storeReads(name, await site.twin('edge-1'), day, n, signal);
  const node = site.cluster.node('edge-1');
  await node.nodetool('flush', site.keyspace);
  const bytes = await bytesUnder(node.folder, path => path.includes(`/${site.keyspace}/report_history-`));
  return [...rows, ...diskRows(name, day, bytes)];
}
