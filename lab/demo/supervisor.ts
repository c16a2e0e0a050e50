import { spawn, type ChildProcess, type SpawnOptions } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { join } from 'node:path';
import { systemTimers, type Timers } from '../../common/clock.js';
import { packageRoot } from '../../common/package-root.js';
import { fault } from '../../protocol/errors.js';

/** One process of the system. */
export interface Part {
  readonly name: string;
  /** What `ps` shows: given as argv0, because a title set later is cut to the length of the command line. */
  readonly title: string;
  /** Words after `edgetwin`. */
  readonly argv: readonly string[];
  /** Environment beyond the supervisor's own. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the process of a part: `argv` begins with the program. */
export type Launch = (part: Part, argv: readonly string[], options: SpawnOptions) => ChildProcess;

const launchHere: Launch = (part, [program = '', ...words], options) =>
  spawn(program, words, { ...options, argv0: part.title });

export interface PartState {
  readonly part: Part;
  readonly pid: number | undefined;
  readonly restarts: number;
  readonly ready: boolean;
}

const FIRST_RESTART_MS = 200;
const LAST_RESTART_MS = 5_000;
/** A part that lived this long starts its next restart delay from the first again. */
const SETTLED_MS = 10_000;
const STOP_MS = 5_000;
/** Characters of stderr that are told of a part that did not get ready. */
const LAST_WORDS = 1_000;

/** Starts parts, restarts every one that dies (0.2 s, doubling to 5 s), counts it, and stops all, last started first. */
export class Supervisor implements AsyncDisposable {
  readonly #parts = new Map<string, Running>();
  readonly #logDir: string;
  readonly #launch: Launch;
  readonly #timers: Timers;

  /** `launch` starts parts elsewhere than here, e.g. in a network namespace. */
  constructor(logDir: string, launch: Launch = launchHere, timers: Timers = systemTimers) {
    this.#logDir = logDir;
    this.#launch = launch;
    this.#timers = timers;
  }

  /** Starts a part and waits until it has said `ready`; rejects when it ends before, for the first time. */
  start(part: Part): Promise<void> {
    const running = new Running(
      part,
      createWriteStream(join(this.#logDir, `${part.name}.log`), { flags: 'a' }),
      this.#launch,
      this.#timers,
    );
    this.#parts.set(part.name, running);
    return running.start();
  }

  states(): PartState[] {
    return [...this.#parts.values()].map(running => running.state());
  }

  state(name: string): PartState | undefined {
    return this.#parts.get(name)?.state();
  }

  /** Sends a signal to one part, as a tester's `kill` would. Gives the pid that it went to. */
  kill(name: string, signal: NodeJS.Signals): number | undefined {
    return this.#parts.get(name)?.kill(signal);
  }

  /** Ends one part for good. */
  async stop(name: string): Promise<void> {
    const running = this.#parts.get(name);
    this.#parts.delete(name);
    await running?.stop();
  }

  /** The next time that the part says `ready` after having been started again. */
  restarted(name: string): Promise<void> {
    return this.#parts.get(name)?.restarted() ?? Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const name of [...this.#parts.keys()].reverse()) await this.stop(name);
  }
}

class Running {
  readonly #part: Part;
  readonly #log: WriteStream;
  readonly #launch: Launch;
  readonly #timers: Timers;
  #child: ChildProcess | undefined;
  #restarts = 0;
  #delayMs = FIRST_RESTART_MS;
  #ready = false;
  #stopping = false;
  #cancelRestart = (): void => undefined;
  #waiting: (() => void)[] = [];
  /** What it said last on stderr, for whoever waits for it in vain. */
  #lastWords = '';

  constructor(part: Part, log: WriteStream, launch: Launch, timers: Timers) {
    this.#part = part;
    this.#log = log;
    this.#launch = launch;
    this.#timers = timers;
  }

  state(): PartState {
    return { part: this.#part, pid: this.#child?.pid, restarts: this.#restarts, ready: this.#ready };
  }

  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      const child = this.#spawn();
      this.#waiting.push(resolve);
      // Not at its exit: what it said may still be under way then.
      child.once('close', code => {
        if (!this.#stopping && this.#restarts === 0)
          reject(
            fault('LAB_FAILED', `${this.#part.name} ended with ${code} before it was ready: ${this.#lastWords.trim()}`),
          );
      });
    });
  }

  kill(signal: NodeJS.Signals): number | undefined {
    const pid = this.#child?.pid;
    this.#child?.kill(signal);
    return pid;
  }

  restarted(): Promise<void> {
    return new Promise(resolve => this.#waiting.push(resolve));
  }

  async stop(): Promise<void> {
    this.#stopping = true;
    this.#cancelRestart();
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const cancel = this.#timers.after(STOP_MS, () => child.kill('SIGKILL'));
      await exited;
      cancel();
    }
    this.#log.end();
  }

  #spawn(): ChildProcess {
    const started = performance.now();
    // Own process group: Ctrl-C reaches the supervisor alone, which then stops the parts in order. IPC: see common/main.ts.
    const argv = [process.execPath, join(packageRoot(), 'dist/bin/edgetwin.js'), ...this.#part.argv];
    const child = this.#launch(this.#part, argv, {
      detached: true,
      env: { ...ownEnvironment(), ...this.#part.env },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    child.stderr?.pipe(this.#log, { end: false });
    child.stderr?.on('data', (chunk: Buffer) => (this.#lastWords = chunk.toString().slice(-LAST_WORDS)));
    child.stdout?.on('data', (chunk: Buffer) => {
      this.#log.write(chunk);
      if (this.#ready || !chunk.toString().includes('ready ')) return;
      this.#ready = true;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resolve of waiting) resolve();
    });
    child.once('exit', () => {
      this.#ready = false;
      this.#child = undefined;
      if (this.#stopping) return;
      if (performance.now() - started > SETTLED_MS) this.#delayMs = FIRST_RESTART_MS;
      const delayMs = this.#delayMs;
      this.#delayMs = Math.min(LAST_RESTART_MS, delayMs * 2);
      this.#cancelRestart = this.#timers.after(delayMs, () => {
        this.#restarts++;
        this.#spawn();
      });
    });
    return child;
  }
}

/** Settings in the environment are meant for the command that was called, not for the parts that it starts. */
export function ownEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('EDGETWIN_')));
}
