import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fault } from '../../protocol/errors.js';
import type { RyuConfig } from './config.js';
import { ryuFolder } from './venv.js';

/** Time that Ryu has to end after it was asked to. */
const END_MS = 5_000;

/** Without the user's own packages and Python settings, and without writing compiled files beside ours. */
export const pythonArgv = (python: string, script: string): readonly string[] => [python, '-I', '-B', script];

export function ryuArgv(python: string, config: RyuConfig): readonly string[] {
  return [
    ...pythonArgv(python, join(ryuFolder(), 'run.py')),
    `--openflow=${config.openflow}`,
    `--listen=${config.listen}`,
    `--switches=${config.switches.join(',')}`,
    `--echo-interval-ms=${config.echoIntervalMs}`,
    `--echo-misses=${config.echoMisses}`,
  ];
}

/**
 * Runs Ryu until the signal; its `ready` line and its log are those of this process. It ends with this process, however
 * that ends: its standard input is closed then. RYU_FAILED where it ended by itself.
 */
export function launchRyu(python: string, config: RyuConfig, signal: AbortSignal): Promise<void> {
  const [command = '', ...argv] = ryuArgv(python, config);
  const child = spawn(command, [...argv, '--end-with-stdin'], { stdio: ['pipe', 'inherit', 'inherit'] });
  return new Promise((resolve, reject) => {
    let hard: NodeJS.Timeout | undefined;
    const end = (): void => {
      child.kill('SIGTERM');
      hard = setTimeout(() => child.kill('SIGKILL'), END_MS);
    };
    if (signal.aborted) end();
    else signal.addEventListener('abort', end, { once: true });
    child.on('error', cause => reject(fault('RYU_FAILED', command, { cause })));
    child.on('exit', (code, by) => {
      clearTimeout(hard);
      signal.removeEventListener('abort', end);
      if (signal.aborted) resolve();
      else reject(fault('RYU_FAILED', `it ended with ${by ?? code}`));
    });
  });
}
