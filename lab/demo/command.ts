import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { packageRoot } from '../../common/package-root.js';
import { ownEnvironment } from './supervisor.js';

/** Runs `PREFIX… edgetwin WORDS…` to its end. An exit code other than 0 is no fault: what it printed tells. */
export function runCommand(
  words: readonly string[],
  prefix: readonly string[] = [],
): Promise<{ readonly stdout: string; readonly stderr: string; readonly code: number }> {
  const [program = '', ...argv] = [...prefix, process.execPath, join(packageRoot(), 'dist/bin/edgetwin.js'), ...words];
  return new Promise(resolve => {
    execFile(program, argv, { env: ownEnvironment(), maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) =>
      // A number where it ran: the exit code.
      resolve({ stdout, stderr, code: error === null ? 0 : typeof error.code === 'number' ? error.code : 1 }),
    );
  });
}
