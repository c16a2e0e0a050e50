import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { packageRoot } from '../common/package-root.js';
import { quantilesOf } from '../common/quantiles.js';
import { claimBlock, type LoopbackBlock } from '../lab/network/loopback-block.js';
import { COAP_PORT } from '../protocol/addresses.js';
import { HttpClient } from '../protocol/api/http-client.js';
import { openLmdbTwinStore } from '../store/lmdb/twin-store.js';
import { countRow, cpuMeter, cpuSecondsOf, startPart, type BenchRow, type Part } from './harness.js';
import type { LoadResult } from './ingest-load.js';

const DEVICES = [1, 64, 1_000] as const;
const ROUNDS = 3;
const WARM_UP_S = 1;
const MEASURE_S = 3;

/** Who is measured: a vMD host as it is, or the least that could do the same. */
const RIVALS = ['vmd host', 'bare loop'] as const;
type Rival = (typeof RIVALS)[number];

interface Round extends LoadResult {
  /** Processor time of the measured process per report, all its threads. */
  readonly processorUs: number;
  readonly cpuIdle: number;
}

/**
 * Durable ingest: reports acknowledged per second after the write, from 1, 64 and 1,000 devices that have one report
 * outstanding each, beside a bare dgram + coap-packet + lmdb loop. The two alternate, so that both see the same machine.
 */
export async function benchIngest(signal: AbortSignal): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  const scratch = join(packageRoot(), '.cache');
  await mkdir(scratch, { recursive: true });
  const folder = await mkdtemp(join(scratch, 'bench-ingest-'));
  try {
    await using block = await claimBlock();
    for (const devices of DEVICES) {
      const rounds: Record<Rival, Round[]> = { 'vmd host': [], 'bare loop': [] };
      for (let round = 0; round < ROUNDS; round++) {
        for (const rival of RIVALS) {
          signal.throwIfAborted();
          const path = join(folder, `${devices}-${round}-${rival.replace(' ', '-')}`);
          await using part = await start[rival](block, path, devices);
          const done = await load(part, block, devices);
          rounds[rival].push(done);
          process.stderr.write(`${rival}, ${devices} devices: ${Math.round(rateOf(done))} reports/s\n`);
        }
      }
      rows.push(...RIVALS.flatMap(rival => rowsOf(rival, devices, rounds[rival])));
      rows.push(shareRow(devices, rounds));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
  return rows;
}

const start: Readonly<Record<Rival, (block: LoopbackBlock, path: string, devices: number) => Promise<Part>>> = {
  async 'vmd host'(block, path, devices) {
    const vehicles = Array.from({ length: devices }, (_, at) => block.firstNumber + at);
    {
      await using store = await openLmdbTwinStore({ path, domain: 'edge-1' });
      const registeredAtMs = Date.now();
      await store.putDevices(
        vehicles.map(number => ({ vehicle: `car-${number}`, number, key: '0'.repeat(32), registeredAtMs })),
      );
    }
    const part = await startHost(block, path, devices);
    await fillSlots(block, vehicles);
    return part;
  },
  async 'bare loop'(block, path) {
    await mkdir(path);
    const words = [block.hostAddress(1), String(COAP_PORT), path];
    return startPart('bench/ingest-bare', words, 'edgetwin-bench-bare');
  },
};

/** A vMD host as md-manager starts it. */
export function startHost(block: LoopbackBlock, path: string, slots: number): Promise<Part> {
  const words = ['--host', 'edge-1/1', '--domain', 'edge-1', '--address', block.hostAddress(1), '--store', path];
  return startPart(
    'cli/edgetwin',
    [
      'vmd',
      ...words,
      '--slots',
      String(slots),
      '--log-level',
      'warn',
      '--limits-reports-per-s',
      '0',
      '--limits-bytes-per-s',
      '0',
    ],
    'edgetwin-vmd edge-1/1',
  );
}

/** Makes the host the acting twin of the vehicles. */
export async function fillSlots(block: LoopbackBlock, numbers: readonly number[]): Promise<void> {
  await using control = new HttpClient(`http://${block.hostAddress(1)}:${COAP_PORT + 1}`);
  const header = { term: 1, handover: 'bench', attempt: 1, epoch: 1, way: 'manager' };
  for (const number of numbers) {
    const path = `/v1/slots/car-${number}`;
    await control.call('POST', `${path}/prepare`, { body: { header, number }, answer: z.unknown() });
    await control.call('POST', `${path}/activate`, { body: { header, leaseMs: 600_000 }, answer: z.unknown() });
  }
}

async function load(part: Part, block: LoopbackBlock, devices: number): Promise<Round> {
  const words = [block.hostAddress(1), block.firstNumber, devices, 0, WARM_UP_S, MEASURE_S].map(String);
  const cpu = cpuMeter();
  const before = cpuSecondsOf(part.pid);
  const generator = await startPart('bench/ingest-load', words, 'edgetwin-bench-load');
  const result = JSON.parse(await generator.rest()) as LoadResult;
  const processorUs = (1e6 * (cpuSecondsOf(part.pid) - before)) / Math.max(1, result.acknowledgedInAll);
  return { ...result, processorUs, cpuIdle: cpu.idle() };
}

const rateOf = ({ acknowledged, seconds }: Round): number => acknowledged / seconds;

function rowsOf(rival: Rival, devices: number, rounds: readonly Round[]): BenchRow[] {
  const name = `${rival}, ${devices} ${devices === 1 ? 'device' : 'devices'}`;
  const cpuIdle = quantilesOf(rounds.map(round => round.cpuIdle)).median;
  const latency = (of: 'median' | 'p95' | 'p99' | 'max'): number =>
    quantilesOf(rounds.map(({ latencyMs }) => latencyMs[of])).median;
  const refused = rounds.reduce((sum, round) => sum + round.refused, 0);
  const resent = rounds.reduce((sum, round) => sum + round.resent, 0);
  return [
    { case: name, metric: 'acknowledged', unit: 'reports/s', ...quantilesOf(rounds.map(rateOf)), cpuIdle },
    {
      case: name,
      metric: 'report → 2.04',
      unit: 'ms',
      n: rounds.reduce((sum, round) => sum + round.latencyMs.n, 0),
      median: latency('median'),
      p95: latency('p95'),
      p99: latency('p99'),
      max: latency('max'),
      cpuIdle,
    },
    {
      case: name,
      metric: 'processor per report',
      unit: 'µs',
      ...quantilesOf(rounds.map(round => round.processorUs)),
      cpuIdle,
    },
    countRow(name, 'refused', refused, cpuIdle),
    countRow(name, 'resent', resent, cpuIdle),
  ];
}

/** Per round, what share of the bare loop's rate the host reaches. */
function shareRow(devices: number, rounds: Readonly<Record<Rival, readonly Round[]>>): BenchRow {
  const shares = rounds['vmd host'].map((round, at) => {
    const bare = rounds['bare loop'][at];
    return bare === undefined ? 0 : (100 * rateOf(round)) / rateOf(bare);
  });
  const idle = RIVALS.flatMap(rival => rounds[rival].map(round => round.cpuIdle));
  return {
    case: `${devices} ${devices === 1 ? 'device' : 'devices'}`,
    metric: 'host of bare loop',
    unit: '%',
    ...quantilesOf(shares),
    cpuIdle: quantilesOf(idle).median,
  };
}
