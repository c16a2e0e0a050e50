import { HttpClient } from '../../protocol/api/http-client.js';
import { quantilesOf } from '../../common/quantiles.js';
import { cpuMeter, type BenchRow } from '../harness.js';
import { CARS, carName, type Stage } from './stage.js';

const READERS = 32;
const SPEED = 'Vehicle.OBD.Speed';

interface ReadCase {
  readonly name: string;
  readonly path: (n: number) => string;
}

const one = (query: string) => (n: number) => `/v1/vehicles/${carName(n % CARS)}/signals/${SPEED}${query}`;

/** What is asked, by the level that answers. A car is asked again only when all others have been: nothing is shared. */
const CASES: readonly ReadCase[] = [
  { name: 'read, store', path: one('') },
  { name: 'read, twin', path: one('?maxAge=5') },
  { name: 'read, car', path: one('?maxAge=0') },
  { name: 'batch, 14 signals, store', path: n => `/v1/vehicles/${carName(n % CARS)}/signals` },
  { name: 'fleet, 1,000 cars', path: () => `/v1/fleet/signals?paths=${SPEED}` },
];

/** Reads a second and how long each takes, asked by 32 readers at once. */
export async function benchReads({ url }: Stage, runMs: number, signal: AbortSignal): Promise<BenchRow[]> {
  await using client = new HttpClient(url, { connections: READERS });
  const rows: BenchRow[] = [];
  for (const { name, path } of CASES) {
    const cpu = cpuMeter();
    const took: number[] = [];
    const begun = performance.now();
    let n = 0;
    const reader = async (): Promise<void> => {
      while (performance.now() - begun < runMs) {
        signal.throwIfAborted();
        const asked = performance.now();
        await client.call('GET', path(n++), { timeoutMs: 60_000 });
        took.push(performance.now() - asked);
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
