import { delay } from '../../common/clock.js';
import { history } from '../../protocol/api/analytics.js';
import { HttpClient } from '../../protocol/api/http-client.js';
import { quantilesOf } from '../../common/quantiles.js';
import { countRow, cpuMeter, residentBytesOf, type BenchRow } from '../harness.js';
import { CARS, DAY_CAR, DAY_S, type Stage } from './stage.js';

const POINTS = 1_000;
const SAMPLE_EVERY_MS = 50;
const ENDINGS = ['csv', 'geojson', 'gpx'] as const;

const spanOf = ({ dayMs }: Stage): string => `from=${dayMs}&to=${dayMs + DAY_S * 1_000}`;

/** A day of one car (86,400 reports), one signal, thinned to 1,000 points. */
export async function benchDay(stage: Stage, name: string, rounds: number, signal: AbortSignal): Promise<BenchRow[]> {
  await using client = new HttpClient(stage.url);
  const path = `/v1/vehicles/${DAY_CAR}/history?signals=Vehicle.OBD.Speed&limit=${POINTS}&${spanOf(stage)}`;
  const ask = () => client.call('GET', path, { answer: history, timeoutMs: 60_000 });
  const first = await ask();
  const cpu = cpuMeter();
  const took: number[] = [];
  for (let n = 0; n < rounds; n++) {
    signal.throwIfAborted();
    const begun = performance.now();
    await ask();
    took.push(performance.now() - begun);
  }
  const cpuIdle = cpu.idle();
  return [
    { case: `a day to ${POINTS} points, ${name}`, metric: 'time', unit: 'ms', ...quantilesOf(took), cpuIdle },
    countRow(`a day to ${POINTS} points, ${name}`, 'points', first.series[0]?.points.length ?? 0, cpuIdle),
  ];
}

/** Polls without a new roll-up after which there are none to come. */
const SETTLED_POLLS = 10;

/** Waits until all roll-ups are made, the day's and those of each other car: then a question for the day reads no reports. */
export async function rolledUp(stage: Stage, signal: AbortSignal): Promise<void> {
  const least = Math.floor(DAY_S / 300) - 1 + CARS;
  for (let made = 0, settled = 0; made < least || settled < SETTLED_POLLS;) {
    await delay(200, signal);
    const text = await (await fetch(`${stage.url}/metrics`)).text();
    const now = Number(/analytics_rollup_blocks_total\{why="new"\} (\d+)/.exec(text)?.[1] ?? 0);
    settled = now === made ? settled + 1 : 0;
    made = now;
  }
}

/** How much the process grows while the day is downloaded, and how fast that goes. */
export async function benchDownloads(stage: Stage, signal: AbortSignal): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const ending of ENDINGS) {
    const { pid } = stage.analytics;
    const before = residentBytesOf(pid).anonymous;
    const grown: number[] = [];
    const timer = setInterval(() => grown.push((residentBytesOf(pid).anonymous - before) / 2 ** 20), SAMPLE_EVERY_MS);
    const cpu = cpuMeter();
    const begun = performance.now();
    let bytes = 0;
    try {
      const response = await fetch(`${stage.url}/v1/vehicles/${DAY_CAR}/history.${ending}?${spanOf(stage)}`, {
        signal,
      });
      for await (const chunk of response.body ?? []) bytes += (chunk as Uint8Array).length;
    } finally {
      clearInterval(timer);
    }
    const name = `download of a day, ${ending}`;
    const seconds = (performance.now() - begun) / 1_000;
    const cpuIdle = cpu.idle();
    rows.push({ case: name, metric: 'memory it takes', unit: 'MiB', ...quantilesOf(grown), cpuIdle });
    rows.push({ case: name, metric: 'rate', unit: 'MiB/s', ...quantilesOf([bytes / 2 ** 20 / seconds]), cpuIdle });
  }
  return rows;
}
