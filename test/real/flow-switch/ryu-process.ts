import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { freePort } from '../../../lab/network/free-port.js';
import { labMissing } from '../../../lab/netns/namespaces.js';
import { ryuConfig } from '../../../sdn-app/ryu/config.js';
import { ryuArgv } from '../../../sdn-app/ryu/launch.js';
import { findVenv } from '../../../sdn-app/ryu/venv.js';

/** Skips the tests of a suite, and says so, where there is no lab or no Ryu. */
export async function needsSwitches(this: Mocha.Context): Promise<void> {
  const noRyu = 'Ryu is not installed: see edgetwin ryu --installOnly true';
  const missing = labMissing() ?? ((await findVenv('ryu')) === undefined ? noRyu : undefined);
  if (missing === undefined) return;
  console.log(`      (skipped: ${missing})`);
  this.skip();
}

export interface RyuProcess extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly openFlowPort: number;
  /** Of its web server: `ws://…` for our app, `http://…` for `ofctl_rest`. */
  readonly webPort: number;
}

/** Ryu with our app and `ofctl_rest` on ports of 127.0.0.1; its log is in the folder. */
export async function startRyu(folder: string): Promise<RyuProcess> {
  const python = await findVenv('ryu');
  if (python === undefined) throw new Error('Ryu is not installed');
  const [openFlowPort, webPort] = [await freePort(), await freePort()];
  const argv = [`--openflow=127.0.0.1:${openFlowPort}`, `--listen=127.0.0.1:${webPort}`].flatMap(word =>
    word.split('='),
  );
  const [command = '', ...rest] = ryuArgv(python, ryuConfig({ argv, env: {} }));
  const log = openSync(join(folder, `ryu-${webPort}.log`), 'a');
  const child = spawn(command, [...rest, '--end-with-stdin'], { stdio: ['pipe', 'pipe', log] });
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
