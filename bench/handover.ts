import { delay } from '../common/clock.js';
import { quantilesOf } from '../common/quantiles.js';
import { PHASES, type Way } from '../protocol/api/common.js';
import { HttpClient } from '../protocol/api/http-client.js';
import { handoverCounts, handoverList, type HandoverRecord } from '../protocol/api/md-manager.js';
import { parseTopology } from '../protocol/topology.js';
import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { spanMs } from '../lab/demo/outcome.js';
import { System } from '../lab/demo/system.js';
import { cpuMeter, type BenchRow } from './harness.js';

/** How many hand-overs each case measures, about: rounds × cars. */
const CASES: readonly { readonly cars: number; readonly rounds: number; readonly way: Way }[] = [
  { cars: 1, rounds: 60, way: 'manager' },
  { cars: 10, rounds: 10, way: 'manager' },
  { cars: 50, rounds: 4, way: 'manager' },
  { cars: 1, rounds: 12, way: 'cold' },
];
/** A vehicle hands over at most every two seconds (dwell). */
const BETWEEN_MS = 2_200;

/**
 * Hand-over on the soft switch: cars change to an access point of the other domain all at once, again and again; phase
 * times are those of the ledger, from `detected`. `cold`: the target domain's pool is empty each time.
 */
export async function benchHandover(signal: AbortSignal): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const { cars, rounds, way } of CASES) {
    const meter = cpuMeter();
    const records = (await measure(cars, rounds, way, signal)).filter(
      record => record.way === way && record.kind === 'move' && record.result === 'completed',
    );
    const cpuIdle = meter.idle();
    for (const phase of PHASES.slice(1)) {
      const spans = records.flatMap(record => spanMs(record, phase) ?? []);
      if (spans.length > 0)
        rows.push({ case: `${way}, ${cars} cars`, metric: phase, unit: 'ms', ...quantilesOf(spans), cpuIdle });
    }
  }
  return rows;
}

async function measure(cars: number, rounds: number, way: Way, signal: AbortSignal): Promise<HandoverRecord[]> {
  const pool = way === 'cold' ? ['--pool-size', 'core=1,edge-1=0,edge-2=0'] : [];
  await using system = await System.open({
    drive: 'drive-17',
    cars,
    speed: 1,
    httpPort: 0,
    turnAroundMs: 20,
    extra: { 'md-manager': pool },
  });
  await using manager = new HttpClient(system.urls.manager);
  await using radio = new HttpClient(system.urls.radio);
  const { accessPoints } = parseTopology(parseYaml(readFileSync(system.plan.topology, 'utf8')));
  const pointOf = (domain: string): string | undefined => accessPoints.find(point => point.domain === domain)?.id;
  for (let round = 0; round < rounds + 1; round++) {
    const accessPoint = pointOf(round % 2 === 0 ? 'edge-1' : 'edge-2') ?? null;
    await Promise.all(
      system.vehicles.map(({ index }) => radio.call('PUT', `/v1/cars/${index}/attachment`, { body: { accessPoint } })),
    );
    await delay(BETWEEN_MS, signal);
    while ((await manager.call('GET', '/v1/handovers/counts', { answer: handoverCounts })).running > 0)
      await delay(50, signal);
  }
  return (await manager.call('GET', '/v1/handovers?limit=10000', { answer: handoverList })).handovers;
}
