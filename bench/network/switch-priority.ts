import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { messageOf } from '../../common/errors.js';

/** Above everything that is scheduled by its share, below what the kernel itself runs at 50. */
const PRIORITY = 10;

/**
 * A switch is a machine of its own, and a frame does not wait in it until a neighbour has used up its slice: its threads, and
 * those that they start, run before all that is not of real time (sched(7), SCHED_FIFO). The same for every way that is measured.
 * Where that is not allowed the switch runs as any other process, and standard error says so.
 */
export async function switchFirst(pid: number | undefined): Promise<void> {
  if (pid === undefined) return;
  try {
    await promisify(execFile)('chrt', ['--all-tasks', '--fifo', '--pid', `${PRIORITY}`, `${pid}`]);
  } catch (error) {
    process.stderr.write(`the switch waits for its turn among all other processes: ${messageOf(error)}\n`);
  }
}
