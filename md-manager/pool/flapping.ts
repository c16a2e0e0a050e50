/** Hosts that come and go: they answer too often to be lost, and too seldom to be trusted. Times are monotonic milliseconds. */

/** So many missed probes within that time; with three misses in a row a host is lost. */
const MISSES = 10;
const WITHIN_MS = 30_000;
/** A host that missed none for so long is trusted again. */
const CALM_MS = 30_000;
/** One that is not well after so long, or has to be quarantined so often, is replaced. */
const PATIENCE_MS = 120_000;
const MOST_QUARANTINES = 3;

interface Seen {
  /** Times of missed probes, the newest `MISSES`. */
  readonly misses: readonly number[];
  readonly quarantines: number;
  /** Since when it is quarantined; absent: it is not. */
  readonly sinceMs?: number;
}

/** `keep`: nothing changes; `quarantine`: nothing more is to be given to it; `give-up`: likewise, and its twins are to go elsewhere. */
export type Judgement = 'keep' | 'quarantine' | 'give-up';

/** Knows which hosts flap. Pure but for what it remembers. */
export class Flapping {
  readonly #hosts = new Map<string, Seen>();

  /** A probe was missed. `others`: whether another host of its domain is ready; where all flap it is not the host's fault. */
  missed(host: string, nowMs: number, others: boolean): Judgement {
    const { misses: before, quarantines, sinceMs } = this.#hosts.get(host) ?? { misses: [], quarantines: 0 };
    const misses = [...before, nowMs].slice(-MISSES);
    const [oldest = nowMs] = misses;
    if (sinceMs !== undefined) {
      this.#hosts.set(host, { misses, quarantines, sinceMs });
      return nowMs - sinceMs > PATIENCE_MS && others ? 'give-up' : 'keep';
    }
    const flaps = others && misses.length === MISSES && nowMs - oldest <= WITHIN_MS;
    this.#hosts.set(host, flaps ? { misses, quarantines: quarantines + 1, sinceMs: nowMs } : { misses, quarantines });
    if (!flaps) return 'keep';
    return quarantines + 1 < MOST_QUARANTINES ? 'quarantine' : 'give-up';
  }

  /** Hosts whose quarantine ends now: they missed no probe for long. */
  calm(nowMs: number): string[] {
    const found: string[] = [];
    for (const [host, { misses, quarantines, sinceMs }] of this.#hosts) {
      if (sinceMs === undefined || nowMs - (misses.at(-1) ?? sinceMs) < CALM_MS) continue;
      this.#hosts.set(host, { misses: [], quarantines });
      found.push(host);
    }
    return found;
  }

  forget(host: string): void {
    this.#hosts.delete(host);
  }
}
