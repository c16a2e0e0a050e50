import type { ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fault } from '../../protocol/errors.js';

/** Answers each time with one line that begins so, and writes it out at once. */
const ACKNOWLEDGE = 'link show dev lo';
const ACKNOWLEDGED = /^1: lo:/;

interface Waiting {
  readonly lines: readonly string[];
  readonly faults: string[];
  resolve(): void;
  reject(error: unknown): void;
}

/**
 * One long-lived `ip -batch -` in a namespace: a command takes well under a millisecond, a process for each would take
 * several. Commands are applied in the order of the calls.
 */
export class IpShell {
  readonly #start: () => ChildProcess;
  readonly #waiting: Waiting[] = [];
  #child: ChildProcess | undefined;

  /** `start` starts `ip -force -batch -` in the namespace, with pipes. */
  constructor(start: () => ChildProcess) {
    this.#start = start;
  }

  /** Resolves once the kernel has taken all lines; rejects with LAB_FAILED where it refused one (the others are done). */
  apply(lines: readonly string[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ lines, faults: [], resolve, reject });
      if (this.#waiting.length === 1) this.#send();
    });
  }

  close(): void {
    this.#child?.stdin?.end();
  }

  /** Only the first in the line is under way, so that a refusal is known to be its. */
  #send(): void {
    const [first] = this.#waiting;
    if (first === undefined) return;
    this.#child ??= this.#open();
    this.#child.stdin?.write(`${[...first.lines, ACKNOWLEDGE].join('\n')}\n`);
  }

  #open(): ChildProcess {
    const child = this.#start();
    child.stdin?.on('error', () => undefined); // it ended: `close` rejects what waits
    if (child.stdout !== null)
      createInterface({ input: child.stdout }).on('line', line => {
        if (ACKNOWLEDGED.test(line)) this.#settle();
      });
    // `ip` writes a refusal at once and the acknowledgement after it, but through two pipes: see #settle.
    child.stderr?.on('data', (chunk: Buffer) => void this.#waiting[0]?.faults.push(chunk.toString().trim()));
    child.once('close', () => {
      if (this.#child === child) this.#child = undefined;
      // A line that it cannot parse ends `ip` at once.
      for (const one of this.#waiting.splice(0)) one.reject(refused(one));
    });
    return child;
  }

  #settle(): void {
    // One turn later, so that a refusal that is in the other pipe already is read first.
    setImmediate(() => {
      const one = this.#waiting.shift();
      if (one === undefined) return;
      this.#send();
      if (one.faults.length > 0) one.reject(refused(one));
      else one.resolve();
    });
  }
}

const refused = ({ lines, faults }: Waiting): Error =>
  fault('LAB_FAILED', `ip refused '${lines.join('; ')}': ${faults.join(' ') || 'it ended'}`);
