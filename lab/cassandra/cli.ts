import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { configHelp, flagOf, loadConfig } from '../../common/config.js';
import { delay } from '../../common/clock.js';
import { Resources, aborted } from '../../common/lifecycle.js';
import { fault } from '../../protocol/errors.js';
import { openCluster, type ClusterOptions } from './cluster.js';
import { FIND_SETTINGS, SETTINGS, type ClusterConfig } from './config.js';
import { ORDERS, openSteering, steer } from './steering.js';
import { liveClusters } from './sweep.js';

const rows = Object.entries(ORDERS).map(([name, { takes, say }]) => `  ${`${name} ${takes}`.padEnd(32)} ${say}`);

export const help = `usage: edgetwin lab cassandra up|start [--flag value …]
       edgetwin lab cassandra ORDER [WORD …] [--folder DIR]

A real Cassandra cluster on this machine, a datacentre of one node for each domain: 1.4 GB of memory, ready after half a
minute. What it is made of comes from Maven Central the first time (67 MB), and stays in ~/.cache/edgetwin.

  up                               runs it until Ctrl-C or \`stop\`, and leaves no process behind
  start                            the same in the background: returns once it is ready
  stop                             ends it
${rows.join('\n')}

Of up and start:
${configHelp(SETTINGS)}
`;

/** The last line once it runs. */
const READY = '\nready\n';

const STOPPED_POLL_MS = 50;

type Env = Readonly<Record<string, string | undefined>>;

export async function run(argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const [name = '', ...words] = argv;
  if (name === 'up') return up(loadConfig(SETTINGS, { argv: words, env }), signal);
  if (name === 'start') return start(loadConfig(SETTINGS, { argv: words, env }), signal);
  if (name !== 'stop' && !Object.hasOwn(ORDERS, name))
    throw fault(
      'CONFIG_INVALID',
      `'${name}' is none of up, start, stop, ${Object.keys(ORDERS).join(', ')}; see edgetwin lab cassandra --help`,
    );
  return order(name, words, env);
}

async function up(config: ClusterConfig, signal: AbortSignal): Promise<number> {
  process.title = 'edgetwin-lab-cassandra';
  await using resources = new Resources();
  const cluster = resources.use(await openCluster(optionsOf(config)));
  const stop = new AbortController();
  resources.use(await openSteering(cluster, () => stop.abort()));
  // Whoever started it in the background may read no further.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  process.stdout.write(`${await steer(cluster.folder, ['status'])}${READY}`);
  await aborted(AbortSignal.any([signal, stop.signal]));
  return 0;
}

/** The cluster belongs to a process in the background, which has this command's settings. */
async function start(config: ClusterConfig, signal: AbortSignal): Promise<number> {
  const argv = [process.argv[1] ?? '', 'lab', 'cassandra', 'up', ...flagsOf(config)];
  const child = spawn(process.execPath, argv, { detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  signal.addEventListener('abort', () => child.kill('SIGTERM'));
  let said = '';
  let failed = '';
  child.stderr.on('data', (chunk: Buffer) => (failed += chunk.toString()));
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const ended = once(child, 'close').then(() => true);
  while (!said.endsWith(READY))
    if (await Promise.race([ended, once(child.stdout, 'data').then(() => false)]))
      throw fault('LAB_FAILED', failed.trim() || 'it ended');
  process.stdout.write(said);
  child.unref();
  child.stdout.destroy();
  child.stderr.destroy();
  return 0;
}

function flagsOf(config: ClusterConfig): string[] {
  return Object.entries(config).flatMap(([name, value]) =>
    value === undefined ? [] : [`${flagOf(name)}=${name === 'folder' ? resolve(String(value)) : String(value)}`],
  );
}

async function order(name: string, argv: readonly string[], env: Env): Promise<number> {
  const at = argv.indexOf(flagOf('folder'));
  const words = at < 0 ? argv : argv.slice(0, at);
  const { folder } = loadConfig(FIND_SETTINGS, { argv: at < 0 ? [] : argv.slice(at), env });
  const found = folder ?? onlyCluster();
  const answer = await steer(found, [name, ...words]);
  if (name === 'stop') while (existsSync(`/proc/${answer}`)) await delay(STOPPED_POLL_MS);
  else if (answer !== '') process.stdout.write(`${answer.trimEnd()}\n`);
  return 0;
}

function onlyCluster(): string {
  const found = liveClusters();
  const [only] = found;
  if (only === undefined)
    throw fault('LAB_FAILED', 'no cluster runs; one with a folder of its own is found with --folder');
  if (found.length > 1) throw fault('CONFIG_INVALID', `several clusters run: --folder ${found.join(' or ')}`);
  return only;
}

const optionsOf = ({ folder, ...rest }: ClusterConfig): ClusterOptions => ({
  ...rest,
  ...(folder === undefined ? {} : { folder: resolve(folder) }),
});
