import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { freePort } from '../../../lab/network/free-port.js';
import { eventually } from '../../fakes/eventually.js';

export interface RunningPrometheus extends AsyncDisposable {
  readonly url: string;
}

/** A Prometheus with a configuration, whose samples are kept below `folder`; ready when this resolves. */
export async function spawnPrometheus(
  config: string,
  folder: string,
  args: readonly string[] = [],
): Promise<RunningPrometheus> {
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(
    'prometheus',
    [
      ...[`--config.file=${config}`, `--storage.tsdb.path=${join(folder, 'data')}`],
      ...[`--web.listen-address=${new URL(url).host}`, ...args],
    ],
    { stdio: 'ignore' },
  );
  const ended = once(child, 'exit');
  await eventually('Prometheus to be ready', async () => {
    if (child.exitCode !== null) throw new Error(`prometheus ended with ${child.exitCode}`);
    return (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok === true;
  });
  return {
    url,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
