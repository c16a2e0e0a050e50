import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../common/package-root.js';

/** One figure: `n` values of `metric` in `unit`. A count is a row with `n` and `max`. */
export interface BenchRow {
  readonly case: string;
  readonly metric: string;
  readonly unit: string;
  readonly n: number;
  readonly median: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  /** Share of all cores that was idle while it was measured, 0 to 1. */
  readonly cpuIdle: number;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly kernel: string;
  readonly node: string;
  readonly at: string;
  /** UDP datagrams with a wrong checksum during the run (/proc/net/snmp, InCsumErrors): must be 0. */
  readonly udpChecksumErrors: number;
}

/** A count as a row. */
export const countRow = (name: string, metric: string, count: number, cpuIdle: number): BenchRow => ({
  case: name,
  metric,
  unit: 'count',
  n: count,
  median: count,
  p95: count,
  p99: count,
  max: count,
  cpuIdle,
});

/** Measures the share of idle time of all cores from now on; 0 where there is no /proc/stat. */
export function cpuMeter(): { idle(): number } {
  const read = (): { idle: number; total: number } => {
    const fields = procFile('/proc/stat').split('\n')[0]?.trim().split(/\s+/).slice(1, 9).map(Number) ?? [];
    const total = fields.reduce((sum, ticks) => sum + ticks, 0);
    return { idle: (fields[3] ?? 0) + (fields[4] ?? 0), total };
  };
  const begun = read();
  return {
    idle() {
      const now = read();
      return now.total === begun.total ? 0 : (now.idle - begun.idle) / (now.total - begun.total);
    },
  };
}

/** Seconds of processor time that a process has used (fields 14 and 15 of /proc/<pid>/stat, 100 ticks a second). */
export function cpuSecondsOf(pid: number): number {
  const stat = procFile(`/proc/${pid}/stat`);
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
}

/** A process, and all that it started and that still runs. */
const treeOf = (pid: number): number[] => [
  pid,
  ...procFile(`/proc/${pid}/task/${pid}/children`).trim().split(' ').filter(Boolean).map(Number).flatMap(treeOf),
];

/** As {@link cpuSecondsOf}, with the processes that it started. */
export const cpuSecondsOfTree = (pid: number): number => treeOf(pid).reduce((sum, one) => sum + cpuSecondsOf(one), 0);

/** Resident memory of a process and those that it started. */
export const residentBytesOfTree = (pid: number): number =>
  treeOf(pid).reduce((sum, one) => sum + residentBytesOf(one).all, 0);

/** Resident memory of a process in bytes, by kind (/proc/<pid>/status). `anonymous` is its own, without mapped files. */
export function residentBytesOf(pid: number): { readonly all: number; readonly anonymous: number } {
  const status = procFile(`/proc/${pid}/status`);
  const field = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? 0) * 1024;
  return { all: field('VmRSS'), anonymous: field('RssAnon') };
}

export function udpChecksumErrors(): number {
  const [names, values] = procFile('/proc/net/snmp')
    .split('\n')
    .filter(line => line.startsWith('Udp:'))
    .map(line => line.split(' '));
  return Number(values?.[names?.indexOf('InCsumErrors') ?? -1] ?? 0);
}

/** Empty where there is no such file (not Linux, or the process is gone): figures from it are 0. */
const procFile = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');

/** What a benchmark that takes long tells as it goes, and what it finds of a run before. */
export interface Kept {
  /** A case is measured: its rows are in the file from now on, whatever becomes of the run. */
  readonly done: (rows: readonly BenchRow[]) => Promise<void>;
  /** Rows of earlier runs. */
  readonly before: readonly BenchRow[];
}

export type Bench = (signal: AbortSignal, words: readonly string[], kept: Kept) => Promise<readonly BenchRow[]>;

export interface BenchRun {
  /** `bench/out/<file>.json`. */
  readonly file: string;
  readonly words: readonly string[];
  readonly signal: AbortSignal;
}

interface BenchFile {
  readonly machine: Machine;
  readonly rows: readonly BenchRow[];
}

/**
 * Runs one benchmark, prints its table and writes its file. A case replaces the one of its name in the file as soon as it is
 * told of; a run without words that comes to its end leaves what it has measured, and nothing else.
 */
export async function runBench(name: string, bench: Bench, { file, words, signal }: BenchRun): Promise<void> {
  const checksumErrors = udpChecksumErrors();
  const folder = join(packageRoot(), 'bench', 'out');
  const path = join(folder, `${file}.json`);
  const before = existsSync(path) ? (JSON.parse(await readFile(path, 'utf8')) as BenchFile).rows : [];
  let rows = before;
  const write = async (): Promise<void> => {
    await mkdir(folder, { recursive: true });
    const text = `${JSON.stringify({ machine: machineNow(udpChecksumErrors() - checksumErrors), rows }, null, 2)}\n`;
    // Whole or not at all: a run may be ended at any time.
    await writeFile(`${path}.new`, text);
    await rename(`${path}.new`, path);
  };
  const done = async (measured: readonly BenchRow[]): Promise<void> => {
    rows = mergedByCase(rows, measured);
    await write();
  };
  const measured = await bench(signal, words, { done, before });
  rows = words.length === 0 && file === name ? measured : mergedByCase(rows, measured);
  await write();
  const { cores, cpu, node, kernel, udpChecksumErrors: errors } = machineNow(udpChecksumErrors() - checksumErrors);
  process.stdout.write(`${name}: ${cores} × ${cpu}, Node ${node}, Linux ${kernel}, UDP checksum errors ${errors}\n`);
  process.stdout.write(`${tableOf(measured)}\n`);
}

/** Rows with those of the cases that were measured anew in the place of the old ones; new cases come last. Pure. */
export function mergedByCase(rows: readonly BenchRow[], measured: readonly BenchRow[]): BenchRow[] {
  const anew = new Map<string, BenchRow[]>();
  for (const row of measured) anew.set(row.case, [...(anew.get(row.case) ?? []), row]);
  const old = new Set(rows.map(row => row.case));
  const places = [...old, ...[...anew.keys()].filter(name => !old.has(name))];
  return places.flatMap(name => anew.get(name) ?? rows.filter(row => row.case === name));
}

function machineNow(checksumErrors: number): Machine {
  const [cpu] = cpus();
  return {
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    at: new Date().toISOString(),
    udpChecksumErrors: checksumErrors,
  };
}

/** Rows as a text table. */
export function tableOf(rows: readonly BenchRow[]): string {
  const head = ['case', 'metric', 'unit', 'n', 'median', 'p95', 'p99', 'max', 'cpu idle'];
  const lines = rows.map(row => [
    row.case,
    row.metric,
    row.unit,
    String(row.n),
    ...[row.median, row.p95, row.p99, row.max].map(shown),
    `${Math.round(row.cpuIdle * 100)} %`,
  ]);
  const widths = head.map((title, at) => Math.max(title.length, ...lines.map(line => line[at]?.length ?? 0)));
  return [head, ...lines]
    .map(line =>
      line.map((cell, at) => (at < 3 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '),
    )
    .join('\n');
}

const shown = (value: number): string =>
  value === 0 || Math.abs(value) >= 1_000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));

export interface Part extends AsyncDisposable {
  readonly pid: number;
  /** The first line that it printed. */
  readonly firstLine: string;
  /** Resolves with everything that it prints after the first line, once it has ended. */
  rest(): Promise<string>;
}

/**
 * Starts another process of the benchmark or the product and waits for its first line. `module` is relative to the package,
 * without extension; the command itself is the bundle that runs in use. Disposing ends it.
 */
export async function startPart(module: string, words: readonly string[], argv0: string): Promise<Part> {
  const built = import.meta.url.endsWith('.js');
  const compiled = module === 'cli/edgetwin' ? 'bin/edgetwin' : module;
  const file = join(packageRoot(), built ? `dist/${compiled}.js` : `${module}.ts`);
  const child: ChildProcess = spawn(process.execPath, [...(built ? [] : ['--import', 'tsx']), file, ...words], {
    argv0,
    cwd: packageRoot(),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const lines: string[] = [];
  let onLine = (): void => undefined;
  if (child.stdout !== null)
    createInterface({ input: child.stdout }).on('line', line => {
      lines.push(line);
      onLine();
    });
  await Promise.race([new Promise<void>(resolve => (onLine = resolve)), ended]);
  return {
    pid: child.pid ?? 0,
    firstLine: lines[0] ?? '',
    async rest() {
      await ended;
      return lines.slice(1).join('\n');
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
