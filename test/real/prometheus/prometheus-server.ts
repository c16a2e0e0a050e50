import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { spawnPrometheus, type RunningPrometheus } from './spawn-prometheus.js';

/** Whether Debian's `prometheus` is installed, with its `promtool`. */
export function hasPrometheus(): boolean {
  try {
    execFileSync('prometheus', ['--version'], { stdio: 'ignore' });
    execFileSync('promtool', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/** One sample as the exposition format has it. */
export interface KnownSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
  readonly timeMs: number;
}

const line = ({ name, labels, value, timeMs }: KnownSample): string => {
  const inner = Object.entries(labels).map(([label, text]) => `${label}=${JSON.stringify(text)}`);
  return `${name}{${inner.join(',')}} ${value} ${(timeMs / 1000).toFixed(3)}`;
};

/** A real Prometheus that holds these samples and nothing else. */
export async function startPrometheus(samples: readonly KnownSample[], lookback: string): Promise<RunningPrometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'edgetwin-prometheus-'));
  const data = join(folder, 'data');
  await writeFile(join(folder, 'samples.txt'), `${samples.map(line).join('\n')}\n# EOF\n`);
  await promisify(execFile)('promtool', [
    ...['tsdb', 'create-blocks-from', 'openmetrics', join(folder, 'samples.txt'), data],
  ]);
  await writeFile(join(folder, 'prometheus.yml'), 'scrape_configs: []\n');
  const server = await spawnPrometheus(join(folder, 'prometheus.yml'), folder, [
    '--storage.tsdb.retention.time=50y',
    `--query.lookback-delta=${lookback}`,
  ]);
  return {
    url: server.url,
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
