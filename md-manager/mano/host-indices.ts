import { fault } from '../../protocol/errors.js';

/** Hosts of one manager: their addresses are `from` + 1 … + this. */
const MAX_INDEX = 1_022;

const indexOf = (host: string): number => Number(host.split('/')[1]);

/** Numbers for new hosts. None is given again soon: whoever still sends to an old host must not meet a new one. */
export class HostIndices {
  #last = 0;

  /** Hosts that are or were there. */
  learn(hosts: Iterable<string>): void {
    this.#last = Math.max(this.#last, ...Array.from(hosts, indexOf).filter(Number.isInteger));
  }

  /** The next one that no host of `inUse` has, whatever its domain. MANO_FAILED where all are in use. */
  next(inUse: Iterable<string>): number {
    const used = new Set(Array.from(inUse, indexOf));
    for (let tried = 0; tried < MAX_INDEX; tried++) {
      this.#last = (this.#last % MAX_INDEX) + 1;
      if (!used.has(this.#last)) return this.#last;
    }
    throw fault('MANO_FAILED', `all ${MAX_INDEX} addresses are in use`);
  }
}
