import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { open as openLmdb } from 'lmdb';
import { delay } from '../common/clock.js';
import { EdgetwinError } from '../common/errors.js';
import { Resources } from '../common/lifecycle.js';
import { quantilesOf } from '../common/quantiles.js';
import { claimBlock } from '../lab/network/loopback-block.js';
import { HttpClient } from '../protocol/api/http-client.js';
import { ManagerClient } from '../protocol/api/manager-client.js';
import { attachmentAnswer, handoverCounts, leader, registration, vehicleList } from '../protocol/api/md-manager.js';
import { cpuMeter, cpuSecondsOf, startPart, type BenchRow, type Part } from './harness.js';
import { DOMAINS } from './manager/hosts.js';

const CONNECTIONS = 64;
/** So often it is asked how many hand-overs are through. */
const LOOK_MS = 20;

/** Managers on one control store, between hosts and an sdn-app that answer at once. */
interface Stage {
  readonly managers: readonly Part[];
  readonly peers: Part;
  readonly urls: readonly string[];
  readonly client: ManagerClient;
  /** Transactions of the control store so far. */
  readonly commits: () => number;
  /** Starts manager n anew. */
  readonly restart: (n: number) => Promise<void>;
}

/**
 * `vehicles=` cars change their domain all at once, `rounds=` times, with one manager; then, with two, the leader is lost `losses=`
 * times, half of them killed (its process is gone, the other manager of the machine sees it) and half stopped (as a machine that is
 * lost: its lease has to run out).
 */
export async function benchManager(signal: AbortSignal, words: readonly string[]): Promise<BenchRow[]> {
  const set = (name: string, otherwise: number): number =>
    Number(words.find(word => word.startsWith(`${name}=`))?.slice(name.length + 1) ?? otherwise);
  const vehicles = Array.from({ length: set('vehicles', 2_000) }, (_, n) => `car-${n + 1}`);
  const registered = async (stage: Stage): Promise<void> =>
    inTurn(vehicles, async (vehicle, n) => {
      const body = { vehicle, key: n.toString(16).padStart(32, '0'), nextBootFloor: 1 };
      await untilAnswered(() =>
        stage.client.call('POST', '/v1/registrations', { body, answer: registration, timeoutMs: 30_000, signal }),
      );
    });
  const rows: BenchRow[] = [];
  if (set('rounds', 5) > 0) {
    await using open = new Resources();
    const stage = await openStage(open, 1);
    await registered(stage);
    rows.push(...(await throughput(stage, vehicles, set('rounds', 5), signal)));
  }
  if (set('losses', 10) > 0) {
    await using open = new Resources();
    const stage = await openStage(open, 2);
    await registered(stage);
    rows.push(...(await takeOvers(stage, set('losses', 10), signal)));
  }
  return rows;
}

async function openStage(open: Resources, count: number): Promise<Stage> {
  const folder = await mkdtemp(join(tmpdir(), 'edgetwin-'));
  open.defer(() => rm(folder, { recursive: true }));
  const block = open.use(await claimBlock());
  const peers = open.use(await startPart('bench/manager/peers-child', [], 'edgetwin-bench-peers'));
  const listens = Array.from({ length: count }, (_, n) => `${block.serviceAddress(n)}:7001`);
  const urls = listens.map(listen => `http://${listen}`);
  const managers: Part[] = [];
  const start = async (n: number): Promise<void> => {
    const flags = {
      listen: listens[n] ?? '',
      ...(count === 1 ? {} : { 'leader-peers': urls.filter((_, other) => other !== n).join(',') }),
      'sdn-url': peers.firstLine,
      'hosts-via': peers.firstLine,
      'control-store': folder,
      'store-root': folder,
      'hosts-from': block.hostAddress(0),
      'registration-first-number': String(block.firstNumber),
      'pool-size': DOMAINS.map(domain => `${domain}=1`).join(','),
      'dwell-ms': '0',
      'grace-ms': '1',
      // All hosts are one process here, which shares its processors with who asks it.
      'probe-ms': '60000',
      'log-level': 'warn',
    };
    const argv = Object.entries(flags).flatMap(([name, value]) => [`--${name}`, value]);
    managers[n] = await startPart('bench/manager/manager-child', argv, `edgetwin-bench-manager-${n + 1}`);
  };
  for (const n of listens.keys()) {
    await start(n);
    open.defer(async () => managers[n]?.[Symbol.asyncDispose]());
  }
  const store = openLmdb({ path: folder, noSubdir: false, readOnly: true });
  open.defer(() => store.close());
  const client = open.use(new ManagerClient(urls, { connections: CONNECTIONS }));
  const commits = (): number => (store.getStats() as { readonly lastTxnId: number }).lastTxnId;
  return { managers, peers, urls, client, commits, restart: start };
}

async function throughput(
  { managers, peers, client, commits }: Stage,
  vehicles: readonly string[],
  rounds: number,
  signal: AbortSignal,
): Promise<BenchRow[]> {
  const spent = (): Record<string, number> => ({
    ...{
      manager: cpuSecondsOf(managers[0]?.pid ?? 0),
      peers: cpuSecondsOf(peers.pid),
      load: cpuSecondsOf(process.pid),
    },
    commits: commits(),
  });
  const perSecond: number[] = [];
  const each = { manager: [] as number[], peers: [] as number[], load: [] as number[], commits: [] as number[] };
  const meter = cpuMeter();
  for (let round = 0; round <= rounds; round++) {
    const domain = round % 2 === 0 ? 'edge-1' : 'edge-2';
    const before = await done(client);
    const [fromMs, from] = [performance.now(), spent()];
    await inTurn(vehicles, async vehicle => {
      const source = { address: '127.0.0.1', port: 5683 };
      const to = { datapath: 1, port: round % 2 === 0 ? 1 : 2, domain, source };
      const times = { detectedAtMs: 0, validatedAtMs: 0, reroutedAtMs: 0 };
      const body = { term: 1, handover: randomUUID(), vehicle, to, ...times };
      await untilAnswered(() =>
        client.call('POST', '/v1/attachments', { body, answer: attachmentAnswer, timeoutMs: 30_000, signal }),
      );
    });
    while ((await done(client)) - before < vehicles.length) await delay(LOOK_MS, signal);
    const tookMs = performance.now() - fromMs;
    // In the first round everything is run for the first time, and the hand-overs are those from core.
    if (round === 0) continue;
    perSecond.push((vehicles.length * 1_000) / tookMs);
    const now = spent();
    for (const name of ['manager', 'peers', 'load', 'commits'] as const)
      each[name].push(((now[name] ?? 0) - (from[name] ?? 0)) / vehicles.length);
  }
  const cpuIdle = meter.idle();
  const name = `one manager, ${vehicles.length} vehicles at once`;
  const row = (metric: string, unit: string, values: readonly number[]): BenchRow => ({
    ...{ case: name, metric, unit, ...quantilesOf(values), cpuIdle },
  });
  const ms = (seconds: readonly number[]): number[] => seconds.map(value => value * 1_000);
  return [
    row('hand-overs completed', '1/s', perSecond),
    row('processor time of the manager for each', 'ms', ms(each.manager)),
    row('that of all hosts and sdn-app beside it', 'ms', ms(each.peers)),
    row('that of who tells of the moves', 'ms', ms(each.load)),
    row('commits of the control store for each', '1', each.commits),
  ];
}

/** A busy machine may make the manager lose its lease for a moment; every request may be repeated. */
async function untilAnswered<A>(call: () => Promise<A>): Promise<A> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof EdgetwinError && error.retry)) throw error;
    }
  }
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
