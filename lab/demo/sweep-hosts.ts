import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { codeOf } from '../../common/errors.js';
import { packageRoot } from '../../common/package-root.js';
import { ManagerClient } from '../../protocol/api/manager-client.js';
import { poolList } from '../../protocol/api/pools.js';
import { sweepStoreWords } from './store-words.js';
import { ownEnvironment } from './supervisor.js';
import type { Plan } from './plan.js';

const ASK_MS = 2_000;
const SWEEP_MS = 30_000;

/** Processes of the vMD hosts that md-manager knows of; none where it is away. */
export async function hostPids(managers: readonly string[]): Promise<number[]> {
  await using manager = new ManagerClient(managers, { connections: 1 });
  const answer = await manager.call('GET', '/v1/pools', { answer: poolList, timeoutMs: ASK_MS }).catch(() => undefined);
  return (answer?.pools ?? []).flatMap(({ hosts }) => hosts.map(({ pid }) => pid));
}

/**
 * Ends the vMD hosts that the control store names. A cluster that is away names none: then `pids`, what md-manager said last, have
 * to do.
 */
export async function sweepHosts(plan: Plan, pids: readonly number[]): Promise<void> {
  const argv = [join(packageRoot(), 'dist/bin/edgetwin.js'), 'md-manager', 'sweep', ...sweepStoreWords(plan)];
  try {
    await promisify(execFile)(process.execPath, argv, { env: ownEnvironment(), timeout: SWEEP_MS });
  } catch (error) {
    if (plan.cassandra === undefined) throw error;
    for (const pid of pids) killIfThere(pid);
  }
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (codeOf(error) !== 'ESRCH') throw error;
  }
}
