import { execFileSync, spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../../common/package-root.js';
import { fault } from '../../protocol/errors.js';
import { RUN_VARIABLE, ownerPrefix, sweepNamespaces } from './sweep.js';

const HOLDER_FILE = 'holder.pid';

/** Where a namespace of a run can be entered (`nsenter --net=`), for runs of other processes as well. */
export const namespacePath = (folder: string, namespace: string): string =>
  `/proc/${readFileSync(join(folder, HOLDER_FILE), 'utf8')}/root/run/netns/${namespace}`;

/** Network namespaces of one run. Their names are known to this run alone: any number of runs may use the same ones. */
export interface Namespaces extends AsyncDisposable {
  /** For files of the run (logs, sockets, databases); removed at the end. */
  readonly folder: string;
  /**
   * Starts a program inside a namespace. The child's pid is the program's own: signals reach it. It sees the machine's
   * file system (sockets by path work across namespaces). Whatever still runs at the end of the run is killed.
   */
  exec(namespace: string, argv: readonly string[], options?: SpawnOptions): ChildProcess;
  /** The file by which `nsenter --net=FILE` gets into a namespace, also from another one of this run. */
  pathOf(namespace: string): string;
  /** Runs a program inside a namespace to its end: its standard output, or LAB_FAILED with what it said. */
  run(namespace: string, argv: readonly string[], input?: string): Promise<string>;
  /** Runs a shell script in the machine's own network, where `ip -n` and `ip netns exec` know the namespaces by name. */
  script(text: string): Promise<string>;
}

/** Why namespaces cannot be made here, in words, or `undefined` where they can. Open vSwitch is asked for as well. */
export function labMissing(): string | undefined {
  if (process.getuid?.() !== 0) return 'not root';
  const missing = ['ip', 'ethtool', 'nsenter', 'ovs-vswitchd', 'python3'].filter(name => !installed(name));
  return missing.length === 0 ? undefined : `${missing.join(', ')} not installed: see lab/real/install.sh`;
}

export function installed(program: string): boolean {
  try {
    execFileSync('sh', ['-c', `command -v ${program}`], { stdio: 'ignore', env: withSbin(process.env) });
    return true;
  } catch {
    return false; // the exit code is the answer
  }
}

/** Makes the namespaces. Left-overs of runs whose owner was killed go first. */
export async function openNamespaces(names: readonly string[]): Promise<Namespaces> {
  await sweepNamespaces();
  const folder = mkdtempSync(join(tmpdir(), ownerPrefix()));
  const env = { ...withSbin(process.env), [RUN_VARIABLE]: folder };
  // A session of its own: Ctrl-C reaches the owner, whose pipe then closes.
  const holder = spawn('unshare', ['--mount', 'sh', join(packageRoot(), 'lab/netns/holder.sh'), folder, ...names], {
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env,
  });
  const ended = new Promise<void>(resolve => holder.once('close', () => resolve()));
  holder.stdin.on('error', () => undefined); // EPIPE: it is gone, and `ended` says so
  const said = await Promise.race([
    once(holder.stdout, 'data').then(String),
    ended.then(() => String(holder.stderr.read() ?? 'nothing')),
    once(holder, 'error').then(([error]) => String(error)),
  ]);
  const { pid } = holder;
  if (pid === undefined || !said.startsWith('ready')) {
    rmSync(folder, { recursive: true, force: true });
    throw fault('LAB_FAILED', `network namespaces cannot be made; unshare said: ${said.trim()}`);
  }
  writeFileSync(join(folder, HOLDER_FILE), String(pid));
  const start = (enter: readonly string[], argv: readonly string[], options: SpawnOptions): ChildProcess =>
    spawn('nsenter', [...enter, '--', ...argv], {
      ...options,
      env: { ...withSbin(options.env ?? process.env), [RUN_VARIABLE]: folder },
    });
  const pathOf = (namespace: string): string => namespacePath(folder, namespace);
  return {
    folder,
    pathOf,
    exec: (namespace, argv, options = {}) => start([`--net=${pathOf(namespace)}`], argv, options),
    run: (namespace, argv, input) => finished(start([`--net=${pathOf(namespace)}`], argv, {}), argv, input),
    script: text => finished(start([`--mount=/proc/${pid}/ns/mnt`], ['sh', '-e'], {}), ['sh'], text),
    async [Symbol.asyncDispose]() {
      holder.stdin.end();
      await ended;
    },
  };
}

/** Programs of the administrator are not in everybody's PATH. */
function withSbin(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { ...env, PATH: `${env['PATH'] ?? ''}:/usr/local/sbin:/usr/sbin:/sbin` };
}

/** Standard output of a child that ends with 0. */
async function finished(child: ChildProcess, argv: readonly string[], input = ''): Promise<string> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => void out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => void err.push(chunk));
  child.stdin?.on('error', () => undefined); // it ended before it read all: its exit code tells
  child.stdin?.end(input);
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  if (code === 0) return Buffer.concat(out).toString();
  const words = Buffer.concat([...err, ...out])
    .toString()
    .trim();
  throw fault('LAB_FAILED', `${argv.slice(0, 4).join(' ')}: ${signal ?? `exit code ${code}`}: ${words}`);
}
