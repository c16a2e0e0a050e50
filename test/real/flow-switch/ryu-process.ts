import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../../common/package-root.js';
import { freePort } from '../../../lab/network/free-port.js';

const PYTHON = process.env['RYU_PYTHON'] ?? join(packageRoot(), '.cache/ryu/bin/python');

/** Why Ryu cannot be started here, in words. */
export const ryuMissing = (): string | undefined => (existsSync(PYTHON) ? undefined : `no Ryu at ${PYTHON}`);

export interface RyuProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly openFlowPort: number;
  /** Of its web server: `ws://…` for our app, `http://…` for `ofctl_rest`. */
  readonly webPort: number;
}

/** Ryu with our app and `ofctl_rest` on ports of 127.0.0.1; its log is in the folder. */
export async function startRyu(folder: string): Promise<RyuProcess> {
  const [openFlowPort, webPort] = [await freePort(), await freePort()];
  const log = openSync(join(folder, `ryu-${webPort}.log`), 'a');
  const child = spawn(
    PYTHON,
    [
      join(packageRoot(), 'sdn-app/ryu/run.py'),
      ...['--openflow', `127.0.0.1:${openFlowPort}`, '--listen', `127.0.0.1:${webPort}`],
    ],
    { stdio: ['ignore', 'pipe', log] },
  );
  closeSync(log);
  const ended = once(child, 'close');
  await Promise.race([
    once(createInterface({ input: child.stdout! }), 'line'),
    ended.then(() => Promise.reject(new Error(`Ryu did not start; see ${folder}`))),
  ]);
  return {
    child,
    openFlowPort,
    webPort,
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
