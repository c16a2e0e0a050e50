import { HttpClient } from '../../protocol/api/http-client.js';
import { z } from 'zod';
import { LEVELS, type Level } from '../../protocol/api/analytics.js';
import { fault } from '../../protocol/errors.js';
import { quantilesOf } from '../../common/quantiles.js';
import { cpuMeter, type BenchRow } from '../harness.js';
import { CARS, carName, type Stage } from './stage.js';

/** Of an answer only that is looked at which tells whether the case is what it is called. */
const levelOf = z.object({ level: z.enum(LEVELS) });
const answers = z.union([levelOf, z.object({ reads: z.array(levelOf).min(1) })]);

const READERS = 32;
const SPEED = 'Vehicle.OBD.Speed';

interface ReadCase {
  readonly name: string;
  readonly path: (n: number) => string;
  readonly level: Level;
}

const one = (query: string) => (n: number) => `/v1/vehicles/${carName(n % CARS)}/signals/${SPEED}${query}`;

/**
 * What is asked, by the level that answers. A car is asked again only when all others have been: nothing is shared. Twins and
 * their cars answer at once, so that analytics' own part is what is measured; reads of cars that take their time are in
 * `whole-system.ts`.
 */
const CASES: readonly ReadCase[] = [
  { name: 'read, store', path: one(''), level: 'store' },
  { name: 'read, twin that answers at once', path: one('?maxAge=5'), level: 'twin' },
  { name: 'read, car that answers at once', path: one('?maxAge=0'), level: 'device' },
  { name: 'batch, 14 signals, store', path: n => `/v1/vehicles/${carName(n % CARS)}/signals`, level: 'store' },
  { name: 'fleet, 1,000 cars', path: () => `/v1/fleet/signals?paths=${SPEED}`, level: 'store' },
];

/** Reads a second and how long each takes, asked by 32 readers at once. */
export async function benchReads({ url }: Stage, runMs: number, signal: AbortSignal): Promise<BenchRow[]> {
  await using client = new HttpClient(url, { connections: READERS });
  const rows: BenchRow[] = [];
  for (const { name, path, level } of CASES) {
    const cpu = cpuMeter();
    const took: number[] = [];
    const begun = performance.now();
    let n = 0;
    const reader = async (): Promise<void> => {
      while (performance.now() - begun < runMs) {
        signal.throwIfAborted();
        const asked = performance.now();
        const answer = await client.call('GET', path(n++), { answer: answers, timeoutMs: 60_000 });
        took.push(performance.now() - asked);
        const other = ('reads' in answer ? answer.reads : [answer]).find(read => read.level !== level);
        if (other !== undefined) throw fault('LAB_FAILED', `${name}: answered by ${other.level}`);
      }
    };
    await Promise.all(Array.from({ length: READERS }, reader));
    const perSecond = took.length / ((performance.now() - begun) / 1_000);
    const cpuIdle = cpu.idle();
    rows.push({ case: name, metric: 'reads', unit: '1/s', ...quantilesOf([perSecond]), cpuIdle });
    rows.push({ case: name, metric: 'time', unit: 'ms', ...quantilesOf(took), cpuIdle });
  }
  return rows;
}
