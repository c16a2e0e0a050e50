import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { delay } from '../../common/clock.js';
import { EdgetwinError, messageOf } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';
import type { Network } from '../netns/network.js';

export type Daemon = 'ovsdb-server' | 'ovs-vswitchd';

const START_MS = 20_000;
const LOGGED = 500;
/** How long ovs-vsctl waits for ovs-vswitchd to do as it was told. */
const APPLY_S = 20;

/** Open vSwitch's daemons and tools in one place and one folder, none of them the machine's own. */
export class OvsFolder {
  readonly folder: string;
  readonly #network: Pick<Network, 'exec' | 'run'>;
  readonly #place: string;
  readonly #env: NodeJS.ProcessEnv;

  constructor(network: Pick<Network, 'exec' | 'run'>, place: string, folder: string) {
    this.folder = folder;
    this.#network = network;
    this.#place = place;
    this.#env = { OVS_RUNDIR: folder, OVS_LOGDIR: folder, OVS_DBDIR: folder, OVS_SYSCONFDIR: folder };
  }

  file(name: string): string {
    return join(this.folder, name);
  }

  /** Where a daemon takes commands. */
  control(daemon: Daemon): string {
    return this.file(`${daemon}.ctl`);
  }

  /** Starts a daemon in the foreground and resolves once it answers. SWITCH_AWAY with the end of its log. */
  async start(daemon: Daemon, argv: readonly string[]): Promise<ChildProcess> {
    const log = this.file(`${daemon}.log`);
    const output = openSync(log, 'a');
    const words = ['--no-chdir', '-vconsole:off', '-vsyslog:off', '-vfile:info', `--log-file=${log}`];
    const child = this.#network.exec(this.#place, [daemon, ...argv, `--unixctl=${this.control(daemon)}`, ...words], {
      env: { ...process.env, ...this.#env },
      stdio: ['ignore', output, output],
    });
    closeSync(output);
    const ended = once(child, 'close').then(() => 'ended' as const);
    for (const endMs = performance.now() + START_MS; performance.now() < endMs;) {
      const answered = this.appctl(daemon, ['version']).then(
        () => 'up' as const,
        () => delay(10).then(() => 'not yet' as const),
      );
      const state = await Promise.race([ended, answered]);
      if (state === 'up') return child;
      if (state === 'ended') break;
    }
    await killed(child);
    throw fault('SWITCH_AWAY', `${daemon} did not start: ${readFileSync(log, 'utf8').slice(-LOGGED)}`);
  }

  appctl(daemon: Daemon, argv: readonly string[]): Promise<string> {
    return this.tool(['ovs-appctl', '-T', '10', '-t', this.control(daemon), ...argv]);
  }

  vsctl(argv: readonly string[]): Promise<string> {
    return this.tool(['ovs-vsctl', `--db=unix:${this.file('db.sock')}`, `--timeout=${APPLY_S}`, ...argv]);
  }

  /** OpenFlow 1.3 by the bridge's own socket: it has no controller's role and needs none. SWITCH_REFUSED. */
  async ofctl(bridge: string, before: readonly string[], after: readonly string[], input?: string): Promise<string> {
    const target = `unix:${this.file(`${bridge}.mgmt`)}`;
    try {
      return await this.tool(['ovs-ofctl', '-O', 'OpenFlow13', ...before, target, ...after], input);
    } catch (cause) {
      throw fault('SWITCH_REFUSED', cause instanceof EdgetwinError ? cause.detail : messageOf(cause), { cause });
    }
  }

  tool(argv: readonly string[], input?: string): Promise<string> {
    return this.#network.run(this.#place, argv, input);
  }
}

/** SIGKILL, and its end. */
export async function killed(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'close');
  child.kill('SIGKILL');
  await ended;
}
