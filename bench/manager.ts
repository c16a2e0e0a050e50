import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { delay } from '../common/clock.js';
import { Resources } from '../common/lifecycle.js';
import { quantilesOf } from '../common/quantiles.js';
import { claimBlock } from '../lab/network/loopback-block.js';
import { HttpClient } from '../protocol/api/http-client.js';
import { ManagerClient } from '../protocol/api/manager-client.js';
import { attachmentAnswer, handoverCounts, leader, registration, vehicleList } from '../protocol/api/md-manager.js';
import { cpuMeter, cpuSecondsOf, startPart, type BenchRow, type Part } from './harness.js';
import { DOMAINS } from './manager/hosts.js';

const CONNECTIONS = 64;

/** Two managers on one control store, between hosts and an sdn-app that answer at once. */
interface Stage {
  readonly managers: readonly Part[];
  readonly urls: readonly string[];
  readonly client: ManagerClient;
  /** Starts manager n anew. */
  readonly restart: (n: number) => Promise<void>;
}

/**
 * `vehicles=` cars change their domain all at once, `rounds=` times; then the leader is lost `losses=` times, half of them killed (its
 * process is gone, the other manager of the machine sees it) and half stopped (as a machine that is lost: its lease has to run out).
 */
export async function benchManager(signal: AbortSignal, words: readonly string[]): Promise<BenchRow[]> {
  const set = (name: string, otherwise: number): number =>
    Number(words.find(word => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? otherwise);
  const vehicles = Array.from({ length: set('vehicles', 2_000) }, (_, n) => `car-${n + 1}`);
  await using open = new Resources();
  const stage = await openStage(open);
  await inTurn(vehicles, async (vehicle, n) => {
    const body = { vehicle, key: n.toString(16).padStart(32, '0'), nextBootFloor: 1 };
    await stage.client.call('POST', '/v1/registrations', { body, answer: registration, signal });
  });
  return [
    ...(await throughput(stage, vehicles, set('rounds', 5), signal)),
    ...(await takeOvers(stage, set('losses', 10), signal)),
  ];
}

async function openStage(open: Resources): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'edgetwin-'));
  open.defer(() => rm(folder, { recursive: true }));
  const block = open.use(await claimBlock());
  const peers = open.use(await startPart('bench/manager/peers-child', [], 'edgetwin-bench-peers'));
  const listens = [0, 1].map(n => `${block.serviceAddress(n)}:7001`);
  const urls = listens.map(listen => `http://${listen}`);
  const managers: Part[] = [];
  const start = async (n: number): Promise<void> => {
    const flags = {
      listen: listens[n] ?? '',
      'leader-peers': urls[1 - n] ?? '',
      'sdn-url': peers.firstLine,
      'hosts-via': peers.firstLine,
      'control-store': folder,
      'store-root': folder,
      'hosts-from': block.hostAddress(0),
      'registration-first-number': String(block.firstNumber),
      'pool-size': DOMAINS.map(domain => `${domain}=1`).join(','),
      'dwell-ms': '0',
      'grace-ms': '1',
      'probe-ms': '60000',
      'log-level': 'error',
    };
    const argv = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
    managers[n] = await startPart('bench/manager/manager-child', argv, `edgetwin-bench-manager-${n + 1}`);
  };
  for (const n of [0, 1]) {
    await start(n);
    open.defer(async () => managers[n]?.[Symbol.asyncDispose]());
  }
  const client = open.use(new ManagerClient(urls, { connections: CONNECTIONS }));
  return { managers, urls, client, restart: start };
}

async function throughput(
  { managers, client }: Stage,
  vehicles: readonly string[],
  rounds: number,
  signal: AbortSignal,
): Promise<BenchRow[]> {
  const leading = managers[0]?.pid ?? 0;
  const perSecond: number[] = [];
  const cpuMs: number[] = [];
  const meter = cpuMeter();
  for (let round = 0; round <= rounds; round++) {
    const domain = round % 2 === 0 ? 'edge-1' : 'edge-2';
    const before = await done(client);
    const [fromMs, fromCpuS] = [performance.now(), cpuSecondsOf(leading)];
    await inTurn(vehicles, async vehicle => {
      const source = { address: '127.0.0.1', port: 5683 };
      const to = { datapath: 1, port: round % 2 === 0 ? 1 : 2, domain, source };
      const times = { detectedAtMs: 0, validatedAtMs: 0, reroutedAtMs: 0 };
      const body = { term: 1, handover: randomUUID(), vehicle, to, ...times };
      await client.call('POST', '/v1/attachments', { body, answer: attachmentAnswer, signal });
    });
    while ((await done(client)) - before < vehicles.length) await delay(5, signal);
    const tookMs = performance.now() - fromMs;
    // In the first round everything is run for the first time, and the hand-overs are those from core.
    if (round === 0) continue;
    perSecond.push((vehicles.length * 1_000) / tookMs);
    cpuMs.push(((cpuSecondsOf(leading) - fromCpuS) * 1_000) / vehicles.length);
  }
  const cpuIdle = meter.idle();
  const name = `one manager, ${vehicles.length} vehicles at once`;
  return [
    { case: name, metric: 'hand-overs completed', unit: '1/s', ...quantilesOf(perSecond), cpuIdle },
    { case: name, metric: 'processor time of a hand-over', unit: 'ms', ...quantilesOf(cpuMs), cpuIdle },
  ];
}

async function done(client: ManagerClient): Promise<number> {
  const { completed, first } = await client.call('GET', '/v1/handovers/counts', { answer: handoverCounts });
  return completed + first;
}

/** From the loss until the next leader answers who the twins are. */
async function takeOvers(stage: Stage, losses: number, signal: AbortSignal): Promise<BenchRow[]> {
  const took = { killed: [] as number[], stopped: [] as number[] };
  const meter = cpuMeter();
  for (let loss = 0; loss < losses; loss++) {
    const how = loss % 2 === 0 ? 'killed' : 'stopped';
    const { url, term } = await stage.client.call('GET', '/v1/leader', { answer: leader });
    const at = stage.urls.indexOf(url);
    const [lost, other] = [stage.managers[at], stage.urls[1 - at]];
    if (lost === undefined || other === undefined) break;
    await using next = new HttpClient(other, { connections: 1 });
    const fromMs = performance.now();
    process.kill(lost.pid, how === 'killed' ? 'SIGKILL' : 'SIGSTOP');
    for (;;) {
      const found = await next
        .call('GET', '/v1/vehicles?limit=1', { answer: vehicleList, timeoutMs: 500 })
        .catch(() => undefined);
      if (found !== undefined && found.term > term) break;
      await delay(5, signal);
    }
    took[how].push(performance.now() - fromMs);
    if (how === 'stopped') process.kill(lost.pid, 'SIGCONT');
    else await stage.restart(at);
  }
  const cpuIdle = meter.idle();
  const row = (how: 'killed' | 'stopped', metric: string): BenchRow => ({
    ...{ case: `leader ${how}, lease of 2 s`, metric, unit: 'ms', ...quantilesOf(took[how]), cpuIdle },
  });
  return [
    row('killed', 'until the next one serves (same machine)'),
    row('stopped', 'until the next one serves (as another machine)'),
  ];
}

/** All of them, as many at once as there are connections. */
async function inTurn(vehicles: readonly string[], does: (vehicle: string, n: number) => Promise<void>): Promise<void> {
  const left = vehicles.entries();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      for (const [n, vehicle] of left) await does(vehicle, n);
    }),
  );
}
