import { idOf } from './key-set.js';
import type { Key } from './records.js';

/**
 * Which report goes out when: pure, driven by what happened. Live reports go first, then the backlog, oldest first; a
 * report that was sent before one that is acknowledged now is sent again at once; refusals hold back, time-outs narrow
 * the window to two probes, which each acknowledgement widens by one.
 */
export interface SenderRules {
  /** Reports that may be under way at once. */
  readonly parallel: number;
  /** A report is live for this long after it was accepted. */
  readonly liveMs: number;
}

export type SenderEffect =
  /** Send with a new message id and token. */
  | { readonly do: 'send'; readonly key: Key }
  /** Repeat the message that is under way. */
  | { readonly do: 'retransmit'; readonly key: Key }
  | { readonly do: 'register' }
  /** Call `tick` at this time. */
  | { readonly do: 'wake'; readonly atMs: number };

interface Waiting {
  readonly key: Key;
  readonly acceptedAtMs: number;
}

interface UnderWay extends Waiting {
  /** Order of its last transmission among all. */
  order: number;
}

/** While nothing is acknowledged: one probe, and a second so that a loss is seen at once. */
const PROBES = 2;
const UNREGISTERED_MS = 5_000;

export class Sender {
  readonly #rules: SenderRules;
  readonly #waiting = new Map<string, Waiting>();
  readonly #live = new Map<string, Waiting>();
  readonly #underWay = new Map<string, UnderWay>();
  #transmissions = 0;
  #window: number;
  #heldUntilMs = -Infinity;

  constructor(rules: SenderRules) {
    this.#rules = rules;
    this.#window = rules.parallel;
  }

  get queued(): number {
    return this.#waiting.size + this.#live.size + this.#underWay.size;
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  /** Reports that may be sent from now on; `live` where they were just made, not recovered. */
  accepted(keys: readonly Key[], live: boolean, nowMs: number): SenderEffect[] {
    for (const key of keys) (live ? this.#live : this.#waiting).set(idOf(key), { key, acceptedAtMs: nowMs });
    return this.#next(nowMs);
  }

  /** 2.04: nothing more to do for it. */
  acknowledged(key: Key, nowMs: number): SenderEffect[] {
    const id = idOf(key);
    const done = this.#underWay.get(id);
    this.#remove(id);
    // A place more for each answer: what had to be narrowed opens again in a few round trips, not in one burst.
    this.#window = Math.min(this.#window + 1, this.#rules.parallel);
    this.#heldUntilMs = -Infinity;
    const effects: SenderEffect[] = [];
    if (done !== undefined) {
      // Only what was last sent before this one: so each is repeated at most once per burst of acknowledgements.
      const overtaken = [...this.#underWay.values()].filter(other => other.order < done.order);
      for (const other of overtaken) {
        other.order = ++this.#transmissions;
        effects.push({ do: 'retransmit', key: other.key });
      }
    }
    return [...effects, ...this.#next(nowMs)];
  }

  /** No 2.04 in time: the same bytes go again. */
  timedOut(key: Key, nowMs: number): SenderEffect[] {
    this.#window = Math.min(PROBES, this.#rules.parallel);
    return this.#again(key, nowMs);
  }

  /** 4.29 or 5.03: not before `delayMs` from now. */
  busy(key: Key, delayMs: number, nowMs: number): SenderEffect[] {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, nowMs + delayMs);
    return this.#again(key, nowMs);
  }

  /** 4.03: the twin does not know the vehicle. Reports are kept until it does. */
  unregistered(key: Key, nowMs: number): SenderEffect[] {
    const first = this.#heldUntilMs <= nowMs;
    this.#heldUntilMs = Math.max(this.#heldUntilMs, nowMs + UNREGISTERED_MS);
    const effects = this.#again(key, nowMs);
    return first ? [{ do: 'register' }, ...effects] : effects;
  }

  registered(nowMs: number): SenderEffect[] {
    this.#heldUntilMs = -Infinity;
    return this.#next(nowMs);
  }

  /** Given up elsewhere: dropped at the bound, or rejected. */
  dropped(keys: readonly Key[], nowMs: number): SenderEffect[] {
    for (const key of keys) this.#remove(idOf(key));
    return this.#next(nowMs);
  }

  tick(nowMs: number): SenderEffect[] {
    return this.#next(nowMs);
  }

  #again(key: Key, nowMs: number): SenderEffect[] {
    const id = idOf(key);
    const found = this.#underWay.get(id);
    this.#underWay.delete(id);
    if (found !== undefined) this.#waiting.set(id, { key: found.key, acceptedAtMs: found.acceptedAtMs });
    return this.#next(nowMs);
  }

  #remove(id: string): void {
    this.#underWay.delete(id);
    this.#waiting.delete(id);
    this.#live.delete(id);
  }

  #next(nowMs: number): SenderEffect[] {
    this.#age(nowMs);
    if (nowMs < this.#heldUntilMs)
      return this.queued > this.#underWay.size ? [{ do: 'wake', atMs: this.#heldUntilMs }] : [];
    const effects: SenderEffect[] = [];
    while (this.#underWay.size < this.#window) {
      // The last place is kept for a live report, so that a long backlog does not delay what is new.
      const keepPlace = this.#window > 1 && this.#underWay.size >= this.#window - 1;
      const next = first(this.#live) ?? (keepPlace ? undefined : oldest(this.#waiting));
      if (next === undefined) break;
      const id = idOf(next.key);
      this.#live.delete(id);
      this.#waiting.delete(id);
      this.#underWay.set(id, { ...next, order: ++this.#transmissions });
      effects.push({ do: 'send', key: next.key });
    }
    return effects;
  }

  /** What has waited too long is backlog: after an outage the newest goes first. */
  #age(nowMs: number): void {
    for (const [id, waiting] of this.#live) {
      if (nowMs - waiting.acceptedAtMs < this.#rules.liveMs) return;
      this.#live.delete(id);
      this.#waiting.set(id, waiting);
    }
  }
}

const first = <T>(map: ReadonlyMap<string, T>): T | undefined => {
  for (const value of map.values()) return value;
  return undefined;
};

function oldest(map: ReadonlyMap<string, Waiting>): Waiting | undefined {
  return first(map);
}
