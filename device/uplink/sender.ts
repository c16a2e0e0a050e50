import { BATCH_MAX_BYTES, bytesInBatch } from '../../protocol/report-batch.js';
import { idOf } from './key-set.js';
import { Parcel, type Waiting } from './parcel.js';
import type { Key } from './key.js';

/**
 * Which reports go out when, and which of them together: pure, driven by what happened. Live reports go first, each by itself,
 * then the backlog, oldest first, several in a datagram; what was sent before something that is acknowledged now is sent
 * again at once; refusals hold back, time-outs narrow the window to two probes, which each acknowledgement widens by one.
 */
export interface SenderRules {
  /** Datagrams of reports that may be under way at once. */
  readonly parallel: number;
  /** A report is live for this long after it was accepted. */
  readonly liveMs: number;
  /** Reports of the backlog in one datagram, at most; 1: each by itself. */
  readonly batchMax: number;
}

export type SenderEffect =
  /** Send with a new message id and token. */
  | { readonly do: 'send'; readonly parcel: Parcel }
  /** Repeat the message that is under way. */
  | { readonly do: 'retransmit'; readonly parcel: Parcel }
  | { readonly do: 'register' }
  /** Call `tick` at this time. */
  | { readonly do: 'wake'; readonly atMs: number };

/** A report that may be sent. */
export interface Sendable {
  readonly key: Key;
  /** Length of its frozen bytes. */
  readonly length: number;
}

/** While nothing is acknowledged: one probe, and a second so that a loss is seen at once. */
const PROBES = 2;
const UNREGISTERED_MS = 5_000;
/** The first batch; each that is acknowledged doubles the next, each that is lost halves it. */
const BATCH_FIRST = 2;
/** A twin that does not know batches is asked again after this: after a hand-over it may be another one. */
const UNBATCHED_MS = 60_000;

export class Sender {
  #rules: SenderRules;
  readonly #waiting = new Map<string, Waiting>();
  readonly #live = new Map<string, Waiting>();
  readonly #underWay = new Set<Parcel>();
  #transmissions = 0;
  #window: number;
  #batch = BATCH_FIRST;
  #unbatchedUntilMs = -Infinity;
  #heldUntilMs = -Infinity;

  constructor(rules: SenderRules) {
    this.#rules = rules;
    this.#window = rules.parallel;
  }

  /** Reports that are not done with. */
  get queued(): number {
    let count = this.#waiting.size + this.#live.size;
    for (const { size } of this.#underWay) count += size;
    return count;
  }

  /** Datagrams. */
  get underWay(): number {
    return this.#underWay.size;
  }

  setRules(rules: Pick<SenderRules, 'batchMax' | 'liveMs'>): void {
    this.#rules = { ...this.#rules, ...rules };
  }

  /** Reports that may be sent from now on; `live` where they were just made, not recovered. */
  accepted(reports: readonly Sendable[], live: boolean, nowMs: number): SenderEffect[] {
    for (const { key, length } of reports)
      (live ? this.#live : this.#waiting).set(idOf(key), { key, length, acceptedAtMs: nowMs, alone: false });
    return this.#next(nowMs);
  }

  /** 2.04: nothing more to do for them. */
  acknowledged(parcel: Parcel, nowMs: number): SenderEffect[] {
    const wasUnderWay = this.#underWay.delete(parcel);
    // A place more for each answer: what had to be narrowed opens again in a few round trips, not in one burst.
    this.#window = Math.min(this.#window + 1, this.#rules.parallel);
    if (parcel.keys.length >= this.#batch) this.#batch *= 2;
    this.#batch = Math.min(this.#batch, Math.max(BATCH_FIRST, this.#rules.batchMax));
    this.#heldUntilMs = -Infinity;
    const effects: SenderEffect[] = [];
    // Only what was last sent before this one: so each is repeated at most once per burst of acknowledgements.
    const overtaken = wasUnderWay ? [...this.#underWay].filter(other => other.order < parcel.order) : [];
    for (const other of overtaken) {
      other.order = ++this.#transmissions;
      effects.push({ do: 'retransmit', parcel: other });
    }
    return [...effects, ...this.#next(nowMs)];
  }

  /** No 2.04 in time: the same bytes go again. */
  timedOut(parcel: Parcel, nowMs: number): SenderEffect[] {
    this.#window = Math.min(PROBES, this.#rules.parallel);
    // On a link that loses much, what is large is lost more often.
    if (parcel.keys.length > 1) this.#batch = Math.max(1, Math.floor(parcel.keys.length / 2));
    return this.#again(parcel, nowMs);
  }

  /** 4.29 or 5.03: not before `delayMs` from now. */
  busy(parcel: Parcel, delayMs: number, nowMs: number): SenderEffect[] {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, nowMs + delayMs);
    return this.#again(parcel, nowMs);
  }

  /** 4.03: the twin does not know the vehicle. Reports are kept until it does. */
  unregistered(parcel: Parcel, nowMs: number): SenderEffect[] {
    const first = this.#heldUntilMs <= nowMs;
    this.#heldUntilMs = Math.max(this.#heldUntilMs, nowMs + UNREGISTERED_MS);
    const effects = this.#again(parcel, nowMs);
    return first ? [{ do: 'register' }, ...effects] : effects;
  }

  /** 4.15: this twin takes them one by one. */
  unbatched(parcel: Parcel, nowMs: number): SenderEffect[] {
    this.#unbatchedUntilMs = nowMs + UNBATCHED_MS;
    return this.#again(parcel, nowMs);
  }

  /** The twin refused a batch for something in it: each of its reports goes by itself, so that the right one is refused. */
  parted(parcel: Parcel, nowMs: number): SenderEffect[] {
    parcel.part();
    return this.#again(parcel, nowMs);
  }

  registered(nowMs: number): SenderEffect[] {
    this.#heldUntilMs = -Infinity;
    return this.#next(nowMs);
  }

  /** Given up elsewhere: dropped at the bound, or rejected. */
  dropped(keys: readonly Key[], nowMs: number): SenderEffect[] {
    for (const key of keys) {
      const id = idOf(key);
      if (this.#waiting.delete(id) || this.#live.delete(id)) continue;
      for (const parcel of this.#underWay)
        if (parcel.drop(id)) {
          if (parcel.size === 0) this.#underWay.delete(parcel);
          break;
        }
    }
    return this.#next(nowMs);
  }

  tick(nowMs: number): SenderEffect[] {
    return this.#next(nowMs);
  }

  #again(parcel: Parcel, nowMs: number): SenderEffect[] {
    if (this.#underWay.delete(parcel)) for (const [id, waiting] of parcel.open()) this.#waiting.set(id, waiting);
    return this.#next(nowMs);
  }

  #next(nowMs: number): SenderEffect[] {
    this.#age(nowMs);
    if (nowMs < this.#heldUntilMs)
      return this.#waiting.size + this.#live.size > 0 ? [{ do: 'wake', atMs: this.#heldUntilMs }] : [];
    const effects: SenderEffect[] = [];
    while (this.#underWay.size < this.#window) {
      // The last place is kept for a live report, so that a long backlog does not delay what is new.
      const keepPlace = this.#window > 1 && this.#underWay.size >= this.#window - 1;
      const [live] = this.#live.values();
      const reports = live !== undefined ? [live] : keepPlace ? [] : this.#fromBacklog(nowMs);
      if (reports.length === 0) break;
      for (const { key } of reports) {
        this.#live.delete(idOf(key));
        this.#waiting.delete(idOf(key));
      }
      const parcel = new Parcel(reports, ++this.#transmissions);
      this.#underWay.add(parcel);
      effects.push({ do: 'send', parcel });
    }
    return effects;
  }

  /** The oldest of the backlog, with as many behind it as go along. */
  #fromBacklog(nowMs: number): Waiting[] {
    const most = nowMs < this.#unbatchedUntilMs ? 1 : Math.min(this.#batch, this.#rules.batchMax);
    const taken: Waiting[] = [];
    let bytes = 0;
    for (const waiting of this.#waiting.values()) {
      bytes += bytesInBatch(waiting.length);
      const fits = taken.length < most && bytes <= BATCH_MAX_BYTES && !waiting.alone;
      if (taken.length > 0 && !fits) break;
      taken.push(waiting);
      if (waiting.alone) break;
    }
    return taken;
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
