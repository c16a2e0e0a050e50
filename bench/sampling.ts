import { systemClock, systemTimers } from '../common/clock.js';
import { silentLog } from '../common/log.js';
import { Metrics } from '../common/metrics.js';
import { quantilesOf } from '../common/quantiles.js';
import { openElmAdapter } from '../device/obd/elm-source.js';
import { splitMode01, valuesOf } from '../device/obd/mode01.js';
import { openTcpLink } from '../device/obd/tcp-link.js';
import type { Link } from '../device/obd/types.js';
import { CarLoop } from '../device/sampling/car-loop.js';
import { openElm327Server } from '../lab/car/elm327-server.js';
import { METRICS, type MetricName } from '../protocol/metrics.js';
import { cpuMeter, type BenchRow } from './harness.js';

/** Of a good adapter on CAN, and the best that python-OBD's maintainer measured (PEERS §1.9). */
const TURN_AROUNDS_MS = [20, 90] as const;
const RUN_MS = 20_000;
const LOOPBACK = { address: '127.0.0.1', port: 0 };
const VIN = '1EDGETW10TL000001';
/** What a dashboard polls: ten signals that move. */
const PIDS = [0x04, 0x05, 0x0b, 0x0c, 0x0d, 0x0f, 0x10, 0x11, 0x42, 0x44] as const;
const NAMES: ReadonlySet<string> = new Set(['load', 'ect', 'map', 'rpm', 'spd', 'iat', 'maf', 'thr', 'vpwr', 'lam']);

const CAR = {
  vin: VIN,
  values: () => ({
    ...{ speedKmh: 54, engineRpm: 1800, airFlowGs: 10, throttlePct: 20, loadPct: 40, intakePressureKpa: 50 },
    ...{ coolantC: 88, intakeC: 25, warmUps: 12, distanceKm: 345, barometricKpa: 101, fuelType: 1 },
    ...{ voltage: 14.1, lambda: 1, fuelLevelPct: 60, ambientC: 20, runTimeS: 600, running: true },
  }),
};

/**
 * Signals a second from the lab's adapter over TCP: one PID after the other, as most programs poll; the same with the count
 * of answers behind the request; and the agent's own loop, its fast tier set to more than the bus can do.
 */
export async function benchSampling(signal: AbortSignal): Promise<BenchRow[]> {
  const rows: BenchRow[] = [];
  for (const turnAroundMs of TURN_AROUNDS_MS)
    for (const [name, run] of WAYS) {
      signal.throwIfAborted();
      const metrics = new Metrics<MetricName>(METRICS);
      await using adapter = await openElm327Server({
        listen: LOOPBACK,
        car: CAR,
        turnAroundMs,
        timers: systemTimers,
        log: silentLog,
        metrics,
      });
      const cpu = cpuMeter();
      const perSecond = await run(await openTcpLink(adapter, signal), signal);
      const what = `${name}, ${turnAroundMs} ms`;
      rows.push({ case: what, metric: 'signals', unit: '1/s', ...quantilesOf(perSecond), cpuIdle: cpu.idle() });
    }
  return rows;
}

type Way = (link: Link, signal: AbortSignal) => Promise<number[]>;
const WAYS: readonly (readonly [string, Way])[] = [
  ['one PID a request', link => oneByOne(link, '')],
  ['one PID a request, with a count', link => oneByOne(link, '1')],
  ['edgetwin', withLoop],
];

/** Counts by the second from now on; the first second is left out. */
function counter(): { add(): void; perSecond(): number[] } {
  const beginMs = performance.now();
  const counts: number[] = [];
  return {
    add: () => {
      const at = Math.floor((performance.now() - beginMs) / 1000);
      counts[at] = (counts[at] ?? 0) + 1;
    },
    perSecond: () => Array.from({ length: RUN_MS / 1000 - 1 }, (_, at) => counts[at + 1] ?? 0),
  };
}

/** The plainest program there is: sends a request, waits for the prompt, sends the next. */
async function oneByOne(link: Link, suffix: string): Promise<number[]> {
  let text = '';
  let done = (_answer: string): void => undefined;
  link.onData(chunk => {
    text += Buffer.from(chunk).toString('latin1');
    if (!text.includes('>')) return;
    const answer = text;
    text = '';
    done(answer);
  });
  const ask = (command: string): Promise<string> =>
    new Promise(resolve => {
      done = resolve;
      link.write(`${command}\r`);
    });
  for (const command of ['ATZ', 'ATE0', 'ATL0', 'ATS0', 'ATH0', 'ATSP0', '0100']) await ask(command);
  const counted = counter();
  const endMs = performance.now() + RUN_MS;
  for (let at = 0; performance.now() < endMs; at = (at + 1) % PIDS.length) {
    const pid = PIDS[at] ?? 0;
    const answer = await ask(`01${pid.toString(16).toUpperCase().padStart(2, '0')}${suffix}`);
    const data = splitMode01(Buffer.from(answer.replaceAll(/[^0-9A-F]/g, ''), 'hex'), [pid]).get(pid);
    if (data !== undefined && valuesOf(pid, data).length > 0) counted.add();
  }
  await link[Symbol.asyncDispose]();
  return counted.perSecond();
}

/** The agent's loop, on the same ten signals. */
async function withLoop(link: Link, signal: AbortSignal): Promise<number[]> {
  const elm = { timers: systemTimers, timeoutMs: 1_000, searchTimeoutMs: 12_000 };
  const stop = new AbortController();
  let counted: ReturnType<typeof counter> | undefined;
  const loop = new CarLoop({
    open: stopped => openElmAdapter(link, elm, stopped),
    periods: { fast: 10, medium: 1_000, slow: 20_000 },
    rates: new Map([...NAMES].map(name => [name, { tier: 'fast' }])),
    power: { runningV: 13.1, parkAfterMs: 10_000, probeMs: 300_000 },
    onReading: ({ name }) => {
      if (!NAMES.has(name)) return;
      counted ??= counter();
      counted.add();
    },
    clock: systemClock,
    timers: systemTimers,
    random: Math.random,
    log: silentLog,
    metrics: new Metrics<MetricName>(METRICS),
  });
  const running = loop.run(AbortSignal.any([signal, stop.signal])).catch(() => undefined);
  while (counted === undefined) await new Promise(resolve => systemTimers.after(50, () => resolve(undefined)));
  await new Promise(resolve => systemTimers.after(RUN_MS, () => resolve(undefined)));
  const perSecond = (counted as ReturnType<typeof counter>).perSecond();
  stop.abort(new Error('over'));
  await running;
  return perSecond;
}
