import { createServer } from 'node:net';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { configHelp, loadConfig } from '../../common/config.js';
import { delay } from '../../common/clock.js';
import { CONFIG_INVALID, EdgetwinError } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';
import { clusterMissing, openCluster } from '../cassandra/cluster.js';
import type { Cluster } from '../cassandra/lab-cluster.js';
import { openSteering } from '../cassandra/steering.js';
import { SETTINGS, type DemoConfig } from './config.js';
import { finishAndAudit, outcomeLines } from './finish.js';
import { DOMAINS } from './plan.js';
import { TARGETS_FILE } from './scrape-targets.js';
import { planOfCluster } from './store-words.js';
import { System } from './system.js';
import { handoverLine, renderView } from './view.js';
import { Watch } from './watch.js';

export const help = `usage: edgetwin demo [--flag value …]\n\nThe whole system with a recorded drive, on this machine. Ctrl-C ends it.\n\n${configHelp(SETTINGS)}\n`;

const VIEW_EVERY_MS = 500;
const LAST_PORT = 65_535;

/** Exit code: 0, or with --once 1 where a guarantee did not hold. */
export async function run(argv: readonly string[], env: NodeJS.ProcessEnv, interrupted: AbortSignal): Promise<number> {
  const config = loadConfig(SETTINGS, { argv, env });
  if (config.json !== undefined && !config.once)
    throw new EdgetwinError('CONFIG_INVALID', CONFIG_INVALID, 'json needs once: only then is there an outcome');
  process.title = 'edgetwin-demo';
  const stop = new AbortController();
  const signal = AbortSignal.any([interrupted, stop.signal]);
  await using cluster = config.store === 'cassandra' ? await startCluster(config, signal) : undefined;
  await using _steering = cluster && (await openSteering(cluster, () => stop.abort(new Error('stopped'))));
  const httpPort = await freePort(config.httpPort);
  if (config.httpPort !== 0 && httpPort !== config.httpPort)
    process.stdout.write(`port ${config.httpPort} cannot be had: the fleet page is at ${httpPort}\n`);
  process.stdout.write(`starting the services, then ${config.cars} ${config.cars === 1 ? 'car' : 'cars'}\n`);
  await using system = await System.open(
    {
      drive: config.drive,
      cars: config.cars,
      speed: config.speed,
      httpPort,
      lagMs: config.lagMs,
      turnAroundMs: config.turnAroundMs,
      ...(config.topology === undefined ? {} : { topology: config.topology }),
      ...(config.data === undefined ? {} : { data: config.data }),
      ...(cluster === undefined ? {} : { cassandra: planOfCluster(cluster) }),
    },
    signal,
  );
  await using watch = new Watch(system);
  process.stdout.write(`fleet page: ${system.urls.analytics}/\nlogs: ${system.plan.data}/log\n`);
  process.stdout.write(`processes with metrics: ${join(system.plan.data, TARGETS_FILE)}\n`);
  const ended = await show(watch, config, config.once ? system.driveEndsAtMs : Infinity, signal);
  if (!ended) {
    process.stdout.write('\nstopping\n');
    return 0;
  }
  process.stdout.write('the drive is over: emptying the outboxes, then the audit\n');
  const outcome = await finishAndAudit(system, watch, signal);
  process.stdout.write(`${outcomeLines(outcome).join('\n')}\n`);
  if (config.json !== undefined) await writeFile(config.json, `${JSON.stringify(outcome, undefined, 2)}\n`);
  return outcome.violations.length === 0 && outcome.reports.lost === 0 && outcome.reports.duplicated === 0 ? 0 : 1;
}

/** In namespaces where that is possible, so that `edgetwin lab cassandra cut` works on the demo as well. */
async function startCluster(config: DemoConfig, signal: AbortSignal): Promise<Cluster> {
  process.stdout.write('starting Cassandra: a datacentre for each domain\n');
  const cluster = await openCluster({
    datacentres: DOMAINS,
    network: clusterMissing('namespaces') === undefined ? 'namespaces' : 'loopback',
    signal,
    ...(config.data === undefined ? {} : { folder: join(config.data, 'cassandra') }),
  });
  process.stdout.write(`Cassandra is ready: edgetwin lab cassandra status --folder ${cluster.folder}\n`);
  return cluster;
}

/** Shows what goes on until `untilMs` (true) or until the signal is aborted (false). */
async function show(watch: Watch, config: DemoConfig, untilMs: number, signal: AbortSignal): Promise<boolean> {
  const screen = config.ui && process.stdout.isTTY;
  if (screen) process.stdout.write('\u001b[2J');
  const told = new Set<string>();
  while (Date.now() < untilMs) {
    const state = await watch.state(Date.now());
    if (signal.aborted) return false;
    if (screen) {
      process.stdout.write(frameOf(renderView(state, process.stdout)));
    } else if (config.ui || !config.once) {
      for (const record of [...state.handovers].reverse()) {
        if (record.result === 'running' || told.has(record.id)) continue;
        told.add(record.id);
        process.stdout.write(`${handoverLine(record)}\n`);
      }
    }
    try {
      await delay(Math.min(VIEW_EVERY_MS, Math.max(0, untilMs - Date.now())), signal);
    } catch (error) {
      if (error !== signal.reason) throw error;
      return false;
    }
  }
  return true;
}

/** Written over the frame before, line by line: a screen that is cleared each time flickers. */
function frameOf(lines: readonly string[]): string {
  return `\u001b[H${lines.map(line => `${line}\u001b[K\n`).join('')}\u001b[J`;
}

/** `wanted`, or the next port of 127.0.0.1 that nobody has. */
async function freePort(wanted: number): Promise<number> {
  for (let port = wanted; port <= LAST_PORT; port++) {
    const found = await new Promise<number | undefined>(resolve => {
      const server = createServer();
      server.once('error', () => resolve(undefined));
      server.listen(port, '127.0.0.1', () => {
        const address = server.address();
        server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : port));
      });
    });
    if (found !== undefined) return found;
  }
  throw fault('LAB_FAILED', `no port from ${wanted} on can be had for the fleet page`);
}
