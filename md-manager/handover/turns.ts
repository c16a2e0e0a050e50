/** Vehicles that one host is prepared for at once. */
const AT_ONCE = 32;

interface Line {
  held: number;
  /** Vehicle → what it begins with, first come first served. */
  readonly waiting: Map<string, () => void>;
}

/**
 * In a storm hand-overs begin one after the other at each host: the time that a host has to get prepared counts from when it is asked,
 * and a command that waits behind a thousand others in this process is no fault of the host. A silent host holds up its own line alone.
 */
export class Turns {
  readonly #lines = new Map<string, Line>();
  /** Vehicle → the host in whose line it stands or whose turn it has. */
  readonly #of = new Map<string, string>();

  /** True where it may begin now; else `begin` is called when its turn has come, unless it has left by then. */
  take(vehicle: string, host: string, begin: () => void): boolean {
    const line = this.#lines.get(host) ?? { held: 0, waiting: new Map() };
    if (this.#of.get(vehicle) === host) {
      // It has its turn, and asks under another epoch; or it waits for it.
      if (!line.waiting.has(vehicle)) return true;
      line.waiting.set(vehicle, begin);
      return false;
    }
    this.leave(vehicle);
    this.#lines.set(host, line);
    this.#of.set(vehicle, host);
    if (line.held < AT_ONCE) {
      line.held++;
      return true;
    }
    line.waiting.set(vehicle, begin);
    return false;
  }

  /** It needs this host's line no more, nor any other's but that of `stays`. */
  leave(vehicle: string, stays?: string): void {
    const host = this.#of.get(vehicle);
    if (host === undefined || host === stays) return;
    this.#of.delete(vehicle);
    const line = this.#lines.get(host);
    if (line === undefined || line.waiting.delete(vehicle)) return;
    const [next] = line.waiting;
    if (next === undefined) {
      line.held--;
      if (line.held === 0) this.#lines.delete(host);
      return;
    }
    line.waiting.delete(next[0]);
    next[1]();
  }
}
