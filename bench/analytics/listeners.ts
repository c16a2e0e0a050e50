import { setMaxListeners } from 'node:events';
import { request } from 'undici';
import { quantilesOf } from '../../common/quantiles.js';
import { liveFromReport } from '../../store/join.js';
import { rowOf } from '../../test/fakes/recorded-reports.js';
import { countRow, cpuMeter, type BenchRow } from '../harness.js';
import { carName, reportAt, type Stage } from './stage.js';

const LISTENERS = 1_000;
const OPENED_AT_ONCE = 50;
/** Longer than that, and the bench says how many have come. */
const WAIT_MS = 60_000;

/** Counts each listener's events about one car; the beginning (`fleet`) of a stream of one vehicle is small. */
async function listen(url: string, vehicle: string, onValues: () => void, signal: AbortSignal): Promise<void> {
  const response = await request(`${url}/v1/stream?vehicle=${vehicle}`, { signal, bodyTimeout: 0 });
  await new Promise<void>((resolve, reject) => {
    let seen = false;
    response.body.on('data', (chunk: Buffer) => {
      for (let at = chunk.indexOf('event: values'); at >= 0; at = chunk.indexOf('event: values', at + 1)) onValues();
      if (!seen) resolve();
      seen = true;
    });
    response.body.on('error', error => (signal.aborted ? resolve() : reject(error)));
  });
}

/** How long a report takes from the store to all of 1,000 listeners. */
export async function benchListeners({ url, store }: Stage, reports: number, signal: AbortSignal): Promise<BenchRow[]> {
  const vehicle = carName(0);
  const stop = new AbortController();
  setMaxListeners(0, stop.signal);
  let received = 0;
  let onAll = (): void => undefined;
  const onValues = (): void => {
    if (++received % LISTENERS === 0) onAll();
  };
  for (let i = 0; i < LISTENERS; i += OPENED_AT_ONCE)
    await Promise.all(Array.from({ length: OPENED_AT_ONCE }, () => listen(url, vehicle, onValues, stop.signal)));
  const took: number[] = [];
  const cpu = cpuMeter();
  received = 0;
  try {
    for (let n = 0; n < reports; n++) {
      signal.throwIfAborted();
      const nowMs = Date.now();
      const report = reportAt(vehicle, n + 2, nowMs);
      const all = new Promise<void>((resolve, reject) => {
        onAll = resolve;
        setTimeout(() => reject(new Error(`${received} events arrived`)), WAIT_MS).unref();
      });
      await store.append([rowOf(report)]);
      const stored = performance.now();
      await all;
      took.push(performance.now() - stored);
      await store.putLive(vehicle, liveFromReport(report, nowMs, nowMs));
    }
  } finally {
    stop.abort();
  }
  const cpuIdle = cpu.idle();
  const name = `stream, ${LISTENERS} listeners`;
  return [
    { case: name, metric: 'stored to the last listener', unit: 'ms', ...quantilesOf(took), cpuIdle },
    countRow(name, 'events', received, cpuIdle),
  ];
}
