import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { packageRoot } from '../common/package-root.js';
import { quantilesOf } from '../common/quantiles.js';
import { claimBlock, type LoopbackBlock } from '../lab/network/loopback-block.js';
import type { TwinStoreSettings } from '../store/open.js';
import { countRow, cpuMeter, startPart, type BenchRow } from './harness.js';
import type { LoadResult } from './ingest-load.js';
import { fillSlots } from './ingest.js';
import type { LoopResult } from './store-loop.js';
import type { StoreOptions } from './store-options.js';

/** Who is measured: a vMD host over UDP, its store alone, and (Cassandra) a prepared insert and nothing else. */
const RIVALS = ['vMD host', 'store', 'bare insert'] as const;
type Rival = (typeof RIVALS)[number];

interface Round extends LoopResult {
  readonly cpuIdle: number;
}

const WARM_UP_S = 2;

/** Reports acknowledged per second after the write, one outstanding per device; rivals alternate, so that all see the same machine. */
export async function storeThroughput(
  name: string,
  settings: TwinStoreSettings,
  { devices, rounds, seconds }: StoreOptions,
  signal: AbortSignal,
): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const rivals = RIVALS.filter(rival => rival !== 'bare insert' || settings.kind === 'cassandra');
  for (const count of devices) {
    const measured = new Map<Rival, Round[]>(rivals.map(rival => [rival, []]));
    for (let round = 0; round < rounds; round++)
      for (const rival of rivals) {
        signal.throwIfAborted();
        const cpu = cpuMeter();
        const result = await MEASURE[rival](settings, count, seconds);
        measured.get(rival)?.push({ ...result, cpuIdle: cpu.idle() });
        process.stderr.write(`store: ${name}, ${rival}, ${count} devices: ${Math.round(rateOf(result))} reports/s\n`);
      }
    for (const [rival, found] of measured) rows.push(...rowsOf(`${name}, ${rival}, ${count} devices`, found));
    rows.push(...shareRows(`${name}, ${count} devices`, measured));
  }
  return rows;
}

const loop =
  (rival: string) =>
  async (settings: TwinStoreSettings, devices: number, seconds: number): Promise<LoopResult> => {
    const words = [rival, JSON.stringify(settings), ...[devices, WARM_UP_S, seconds].map(String)];
    await using part = await startPart('bench/store-loop', words, `edgetwin-bench-${rival}`);
    return JSON.parse(await part.rest()) as LoopResult;
  };

const MEASURE: Readonly<
  Record<Rival, (settings: TwinStoreSettings, devices: number, seconds: number) => Promise<LoopResult>>
> = {
  'vMD host': throughHost,
  store: loop('store'),
  'bare insert': loop('bare'),
};

/** As cars do: CoAP over UDP, a 2.04 for each report. */
async function throughHost(settings: TwinStoreSettings, devices: number, seconds: number): Promise<LoopResult> {
  const scratch = join(packageRoot(), '.cache');
  await mkdir(scratch, { recursive: true });
  const folder = await mkdtemp(join(scratch, 'bench-store-'));
  try {
    await using block = await claimBlock();
    await using host = await startPart(
      'cli/edgetwin',
      hostWords(block, folder, settings, devices),
      'edgetwin-vmd edge-1/1',
    );
    if (host.firstLine === '') throw new Error('the vMD host did not start');
    await fillSlots(
      block,
      Array.from({ length: devices }, (_, at) => block.firstNumber + at),
    );
    const words = [block.hostAddress(1), block.firstNumber, devices, 0, WARM_UP_S, seconds].map(String);
    await using load = await startPart('bench/ingest-load', words, 'edgetwin-bench-load');
    const { acknowledged, refused, latencyMs, seconds: took } = JSON.parse(await load.rest()) as LoadResult;
    return { acknowledged, failed: refused, latencyMs, seconds: took };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function hostWords(block: LoopbackBlock, folder: string, settings: TwinStoreSettings, devices: number): string[] {
  const store =
    settings.kind === 'lmdb'
      ? ['--store', join(folder, 'store')]
      : [
          ...['--store-kind', 'cassandra', '--cassandra-keyspace', settings.cassandra.keyspace],
          ...['--cassandra-contact-points', settings.cassandra.contactPoints.join(',')],
        ];
  return [
    ...['vmd', '--host', 'edge-1/1', '--domain', 'edge-1', '--address', block.hostAddress(1)],
    ...[
      ...store,
      '--slots',
      String(devices),
      '--log-level',
      'warn',
      '--limits-reports-per-s',
      '0',
      '--limits-bytes-per-s',
      '0',
    ],
  ];
}

const rateOf = ({ acknowledged, seconds }: LoopResult): number => acknowledged / seconds;

function rowsOf(name: string, rounds: readonly Round[]): BenchRow[] {
  const cpuIdle = quantilesOf(rounds.map(round => round.cpuIdle)).median;
  const latency = (of: 'median' | 'p95' | 'p99' | 'max'): number =>
    quantilesOf(rounds.map(({ latencyMs }) => latencyMs[of])).median;
  return [
    { case: name, metric: 'acknowledged', unit: 'reports/s', ...quantilesOf(rounds.map(rateOf)), cpuIdle },
    {
      ...{ case: name, metric: 'report → acknowledged', unit: 'ms' },
      n: rounds.reduce((sum, round) => sum + round.latencyMs.n, 0),
      ...{ median: latency('median'), p95: latency('p95'), p99: latency('p99'), max: latency('max') },
      cpuIdle,
    },
    countRow(
      name,
      'refused or failed',
      rounds.reduce((sum, round) => sum + round.failed, 0),
      cpuIdle,
    ),
  ];
}

/** Per round, what share of the bare insert's rate the others reach. */
function shareRows(name: string, measured: ReadonlyMap<Rival, readonly Round[]>): BenchRow[] {
  const bare = measured.get('bare insert');
  if (bare === undefined) return [];
  const cpuIdle = quantilesOf([...measured.values()].flat().map(round => round.cpuIdle)).median;
  return (['vMD host', 'store'] as const).map(rival => {
    const shares = measured.get(rival)?.map((round, at) => {
      const beside = bare[at];
      return beside === undefined || rateOf(beside) === 0 ? 0 : (100 * rateOf(round)) / rateOf(beside);
    });
    return { case: name, metric: `${rival} of bare insert`, unit: '%', ...quantilesOf(shares ?? []), cpuIdle };
  });
}
