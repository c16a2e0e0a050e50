import { every, systemTimers } from '../common/clock.js';
import { quantilesOf } from '../common/quantiles.js';
import { fault } from '../protocol/errors.js';
import { PageScene, VIEWS, browserMissing } from '../test/browser/page-scene.js';
import { recordedFleet } from '../test/fakes/recorded-fleet.js';
import { recordedDrive } from '../test/fakes/recorded-reports.js';
import { SpreadFleet } from '../test/fakes/spread-fleet.js';
import { cpuMeter, type BenchRow, type Kept } from './harness.js';

const LOADS = 10;
const WATCHED_S = 30;
/** What every car has reported before the page is opened, and what analytics has to read it, seconds. */
const PAST_S = 30;
const FLEETS = [10, 1_000] as const;
/** Frames one after the other, milliseconds apart, as the page's own animation frames tell. */
const FRAMES = `new Promise(done => {
  const apart = [];
  let last = performance.now();
  const end = last + ${WATCHED_S * 1_000};
  const frame = now => {
    apart.push(now - last);
    last = now;
    if (now < end) requestAnimationFrame(frame);
    else done(apart);
  };
  requestAnimationFrame(frame);
})`;

/** The fleet page in headless Chromium while every car reports once a second: how long until it is there, and how it moves. */
export async function benchPage(signal: AbortSignal, _words: readonly string[], { done }: Kept): Promise<BenchRow[]> {
  const drive = recordedDrive('drive-06.csv');
  const missing = browserMissing() ?? (drive === undefined ? 'no recorded drive' : undefined);
  if (drive === undefined || missing !== undefined) throw fault('LAB_FAILED', String(missing));
  const rows: BenchRow[] = [];
  for (const cars of FLEETS) {
    const fleet = new SpreadFleet(drive, cars);
    await using scene = await PageScene.open(recordedFleet(drive, 1, 1).topology, (store, manager, nowMs) =>
      fleet.seed(store, manager, nowMs, PAST_S),
    );
    const stop = every(systemTimers, 1_000, () => void fleet.step(scene.analytics.store, Date.now()));
    try {
      const measured = await watched(scene, `${cars.toLocaleString('en')} cars at 1 Hz`, signal);
      rows.push(...measured);
      await done(measured);
    } finally {
      stop();
    }
  }
  return rows;
}

async function watched(scene: PageScene, name: string, signal: AbortSignal): Promise<BenchRow[]> {
  const loads: number[] = [];
  const cpu = cpuMeter();
  for (let nth = 0; nth < LOADS; nth++) {
    signal.throwIfAborted();
    const begunMs = performance.now();
    const page = await scene.page(VIEWS[0]);
    await page.locator('.car-row').first().waitFor();
    await page.locator('.car-mark').first().waitFor();
    loads.push(performance.now() - begunMs);
    await page.close();
  }
  const loadIdle = cpu.idle();
  const page = await scene.page(VIEWS[0]);
  await page.locator('.car-mark').first().waitFor();
  const frameCpu = cpuMeter();
  const apart = await page.evaluate<number[]>(FRAMES);
  await page.close();
  return [
    { case: name, metric: 'opened → list and map drawn', unit: 'ms', ...quantilesOf(loads), cpuIdle: loadIdle },
    { case: name, metric: 'between two frames', unit: 'ms', ...quantilesOf(apart), cpuIdle: frameCpu.idle() },
  ];
}
