import { spawn } from 'node:child_process';
import { mkdir, open } from 'node:fs/promises';
import { join } from 'node:path';
import { every, type Clock, type Timers } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import { delay } from '../../common/clock.js';
import { COAP_PORT, addressAt } from '../../protocol/addresses.js';
import { fault } from '../../protocol/errors.js';
import { address6Plus } from '../../protocol/ipv6.js';
import type { ControlStore, InstanceRow } from '../../store/types.js';
import { HostIndices } from './host-indices.js';
import { refOf, type Instance, type Mano, type ManoFinding } from './mano.js';
import { lives, processesOf, signalIf, startTicksOf } from './process-table.js';

export const CONTROL_PORT = 5684;
const WATCH_MS = 100;
const FORGET_MS = 1_000;
/** What a host has to end by itself before it is killed. */
const GENTLE_MS = 2_000;

export interface LocalManoOptions {
  readonly store: ControlStore;
  /** Program and leading words; the flags of `edgetwin vmd` follow. */
  readonly command: readonly string[];
  /** Flags beyond those that name the host. */
  readonly flags: (domain: string) => readonly string[];
  /** Host n of a domain listens at this address plus n. */
  readonly addressesFrom: (domain: string) => string;
  /** The same over IPv6; without it hosts have IPv4 alone. */
  readonly addresses6From?: (domain: string) => string;
  /**
   * Becomes the host by exec, so that the pid stays: called with domain, process title, program and its words. For hosts
   * that run elsewhere than the manager: in a network namespace, under limits.
   */
  readonly launcher?: string;
  readonly logDir: string;
  /** Environment of the processes. */
  readonly env: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** vMD hosts as processes of this machine, in process groups of their own, so that they outlive the manager. */
export class LocalMano implements Mano {
  readonly #options: LocalManoOptions;
  readonly #instances = new Map<string, Instance>();
  /** Hosts whose rows are there before they are. */
  readonly #starting = new Set<string>();
  /** Hosts that are gone, and whose rows the store did not delete yet. */
  readonly #unforgotten = new Set<string>();
  readonly #listeners = new Set<(host: string) => void>();
  readonly #stopWatch: () => void;
  readonly #indices = new HostIndices();

  constructor(options: LocalManoOptions) {
    this.#options = options;
    const { timers } = options;
    const stops = [every(timers, WATCH_MS, () => this.#watch()), every(timers, FORGET_MS, () => this.#forgetAgain())];
    this.#stopWatch = () => stops.forEach(stop => stop());
  }

  async adopt(): Promise<readonly Instance[]> {
    const rows = await this.#options.store.instances();
    this.#indices.learn([...rows, ...(await this.#options.store.owners())].map(({ host }) => host));
    for (const row of rows) {
      if (row.pid > 0 && row.state !== 'stopping' && (await lives(row))) this.#instances.set(row.host, instanceOf(row));
      else await this.#sweep(row);
    }
    return this.list();
  }

  list(): readonly Instance[] {
    return [...this.#instances.values()];
  }

  placeOf(host: string): Omit<Instance, 'pid' | 'startTicks'> {
    const running = this.#instances.get(host);
    // It keeps what it was started with, whatever the settings are now.
    if (running !== undefined) return refOf(running);
    const [domain = '', index] = host.split('/');
    const { addressesFrom, addresses6From } = this.#options;
    const address = addressAt(addressesFrom(domain), Number(index));
    return {
      ...{ host, domain, address, port: COAP_PORT, control: `http://${address}:${CONTROL_PORT}` },
      ...(addresses6From === undefined ? {} : { address6: address6Plus(addresses6From(domain), Number(index)) }),
    };
  }

  async start(domain: string): Promise<Instance> {
    const { store, clock } = this.#options;
    const host = `${domain}/${this.#indices.next(this.#instances.keys())}`;
    const row: InstanceRow = {
      ...this.placeOf(host),
      pid: 0,
      startTicks: 0,
      state: 'starting',
      startedAtMs: clock.nowMs(),
    };
    this.#starting.add(host);
    try {
      // Named before it exists: a manager that dies in between leaves a row by which the process is found.
      await store.putInstance(row);
      const pid = await this.#spawn(row);
      const startTicks = await startTicksOf(pid);
      if (startTicks === undefined) throw fault('MANO_FAILED', `${host} ended at once; see its log`);
      const running: InstanceRow = { ...row, pid, startTicks, state: 'running' };
      this.#instances.set(host, instanceOf(running));
      await store.putInstance(running);
      return instanceOf(running);
    } catch (error) {
      const started = this.#instances.get(host);
      this.#instances.delete(host);
      if (started !== undefined) await signalIf(started, 'SIGKILL');
      await this.#forget(host);
      throw fault('MANO_FAILED', messageOf(error), { cause: error });
    } finally {
      this.#starting.delete(host);
    }
  }

  async stop(host: string, how: 'gently' | 'now'): Promise<void> {
    const instance = this.#instances.get(host);
    if (instance === undefined) return;
    await signalIf(instance, how === 'now' ? 'SIGKILL' : 'SIGTERM');
    const { clock, timers } = this.#options;
    const killAtMs = clock.monotonicMs() + GENTLE_MS;
    while (await lives(instance)) {
      if (how === 'gently' && clock.monotonicMs() >= killAtMs) await signalIf(instance, 'SIGKILL');
      await delay(10, undefined, timers);
    }
    await this.#gone(host);
  }

  /** Every process of ours is named in the store before it is: what runs and is not in use is found by its row. */
  async reconcile(): Promise<readonly ManoFinding[]> {
    const found: ManoFinding[] = [];
    for (const row of await this.#options.store.instances()) {
      if (this.#instances.has(row.host) || this.#starting.has(row.host)) continue;
      const runs = row.pid > 0 && (await lives(row));
      await this.#sweep(row);
      found.push({
        ...{ finding: runs ? 'instance-unknown' : 'instance-gone', host: row.host },
        did: this.#unforgotten.has(row.host) ? 'failed' : runs ? 'ended' : 'forgotten',
      });
    }
    await this.#watch();
    return found;
  }

  onGone(listener: (host: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#stopWatch();
    return Promise.resolve();
  }

  async #spawn(row: InstanceRow): Promise<number> {
    const { command, flags, launcher, logDir, env } = this.#options;
    const [program = process.execPath, ...words] = command;
    await mkdir(logDir, { recursive: true });
    const log = await open(join(logDir, `vmd-${row.host.replace('/', '-')}.log`), 'a');
    try {
      const own = ['--host', row.host, '--domain', row.domain, '--address', row.address];
      if (row.address6 !== undefined) own.push('--address6', row.address6);
      const ports = ['--port', String(row.port), '--control-port', String(CONTROL_PORT)];
      const title = `edgetwin-vmd ${row.host}`;
      const line = [...words, ...own, ...ports, ...flags(row.domain)];
      const direct = launcher === undefined;
      const child = spawn(direct ? program : launcher, direct ? line : [row.domain, title, program, ...line], {
        argv0: title,
        detached: true,
        env: { ...env, ...nameInEnvironment(row) },
        stdio: ['ignore', log.fd, log.fd],
      });
      child.on('exit', () => void this.#gone(row.host));
      child.unref();
      return await new Promise<number>((resolve, reject) => {
        child.once('error', reject);
        child.once('spawn', () => resolve(child.pid ?? 0));
      });
    } finally {
      await log.close();
    }
  }

  /** Processes that an earlier manager started have no exit event here. */
  async #watch(): Promise<void> {
    for (const instance of this.list()) if (!(await lives(instance))) await this.#gone(instance.host);
  }

  async #gone(host: string): Promise<void> {
    if (!this.#instances.delete(host)) return;
    for (const listener of this.#listeners) listener(host);
    await this.#forget(host);
  }

  /** A store that is away holds up nobody: the row goes when it is back, or the next manager sweeps it. */
  async #forget(host: string): Promise<void> {
    try {
      await this.#options.store.deleteInstance(host);
      this.#unforgotten.delete(host);
    } catch {
      this.#unforgotten.add(host);
    }
  }

  async #forgetAgain(): Promise<void> {
    for (const host of [...this.#unforgotten])
      if (this.#instances.has(host)) this.#unforgotten.delete(host);
      else await this.#forget(host);
  }

  async #sweep(row: InstanceRow): Promise<void> {
    await endInstance(row);
    await this.#forget(row.host);
  }
}

/** Kills what a row names and nothing else. A row without a pid was written before its process began: it is found by name. */
export async function endInstance(row: InstanceRow): Promise<void> {
  const found = row.pid > 0 ? [row] : await processesOf(`edgetwin-vmd ${row.host}`, nameInEnvironment(row));
  for (const process of found) await signalIf(process, 'SIGKILL');
}

/** Settings of `edgetwin vmd`, given as variables as well: a process is found by them whatever it writes over its words. */
function nameInEnvironment({ host, address }: InstanceRow): Readonly<Record<string, string>> {
  return { EDGETWIN_HOST: host, EDGETWIN_ADDRESS: address };
}

function instanceOf(row: InstanceRow): Instance {
  const { pid, startTicks } = row;
  return { ...refOf(row), pid, startTicks };
}
