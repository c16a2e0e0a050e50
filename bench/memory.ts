import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../common/package-root.js';
import { quantilesOf } from '../common/quantiles.js';
import { claimBlock } from '../lab/network/loopback-block.js';
import { openLmdbTwinStore } from '../store/lmdb/twin-store.js';
import { cpuMeter, residentBytesOf, startPart, type BenchRow } from './harness.js';
import { fillSlots, startHost } from './ingest.js';

const TWINS = [1, 1_000] as const;
const ROUNDS = 3;
/** Each twin has taken some reports; then the host is left alone until its live values are written. */
const LOAD_S = 4;
/** About two reports a second from each device. */
const PAUSE_MS = 500;
const SETTLE_MS = 2_000;

/** Resident memory of a vMD host with 1 and 1,000 twins that have reported, and what one more twin takes. */
export async function benchMemory(signal: AbortSignal): Promise<BenchRow[]> {
  const scratch = join(packageRoot(), '.cache');
  await mkdir(scratch, { recursive: true });
  const folder = await mkdtemp(join(scratch, 'bench-memory-'));
  const rows: BenchRow[] = [];
  const all = new Map<number, number[]>(TWINS.map(twins => [twins, []]));
  const own = new Map<number, number[]>(TWINS.map(twins => [twins, []]));
  const cpu = cpuMeter();
  try {
    for (let round = 0; round < ROUNDS; round++) {
      for (const twins of TWINS) {
        signal.throwIfAborted();
        const resident = await measure(join(folder, `${twins}-${round}`), twins);
        all.get(twins)?.push(resident.all / 2 ** 20);
        own.get(twins)?.push(resident.anonymous / 2 ** 20);
      }
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  const cpuIdle = cpu.idle();
  for (const twins of TWINS) {
    const name = `${twins} ${twins === 1 ? 'twin' : 'twins'}`;
    rows.push({ case: name, metric: 'resident', unit: 'MiB', ...quantilesOf(all.get(twins) ?? []), cpuIdle });
    rows.push({ case: name, metric: 'resident, own', unit: 'MiB', ...quantilesOf(own.get(twins) ?? []), cpuIdle });
  }
  const [few, many] = TWINS;
  const more = (own.get(many) ?? []).map(
    (mebibytes, round) => ((mebibytes - (own.get(few)?.[round] ?? 0)) * 1_024) / (many - few),
  );
  rows.push({ case: 'one more twin', metric: 'resident, own', unit: 'KiB', ...quantilesOf(more), cpuIdle });
  return rows;
}

async function measure(path: string, twins: number): Promise<ReturnType<typeof residentBytesOf>> {
  await using block = await claimBlock();
  const numbers = Array.from({ length: twins }, (_, at) => block.firstNumber + at);
  {
    await using store = await openLmdbTwinStore({ path, domain: 'edge-1' });
    await store.putDevices(
      numbers.map(number => ({ vehicle: `car-${number}`, number, key: '0'.repeat(32), registeredAtMs: 1 })),
    );
  }
  await using host = await startHost(block, path, twins);
  await fillSlots(block, numbers);
  const words = [block.hostAddress(1), block.firstNumber, twins, 0, 0, LOAD_S, PAUSE_MS].map(String);
  await using load = await startPart('bench/ingest-load', words, 'edgetwin-bench-load');
  await load.rest();
  await new Promise(resolve => setTimeout(resolve, SETTLE_MS));
  return residentBytesOf(host.pid);
}
