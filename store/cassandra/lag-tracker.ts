/** A row that a domain writes once a period, and that says when: who reads it elsewhere knows how far replication is. */
export interface Marker {
  readonly domain: string;
  /** By the clock of the domain that wrote it, Unix milliseconds. */
  readonly writtenAtMs: number;
}

/** How far this domain is behind another. */
export interface ReplicationLag {
  readonly from: string;
  /** At least so much of what `from` has is not here yet, milliseconds. */
  readonly lagMs: number;
  /** When the newest marker that came was written, Unix milliseconds. */
  readonly markerAtMs: number;
}

interface Known {
  writtenAtMs: number;
  /** Measured with the newest marker. */
  lagMs: number;
  /** Reads in vain since the next one was due. */
  misses: number;
}

/** The first look for a marker that is due; each further one twice as late, so that a lag is known within a factor of two. */
const FIRST_LOOK_MS = 2;
/** So far apart at most, while a marker is late, */
const NEXT_LOOK_MS = 256;
/** and once a period when it is late by so many periods: the domain is cut off, or nobody is there. */
const LATE_PERIODS = 4;
/** A marker that may have been there this much longer than is known says nothing. */
const BLUR_MS = 100;

/**
 * What the markers of all domains say to one that reads them here, and when to read them next. Times are Unix
 * milliseconds; clocks of the domains are taken to be synchronised, what they differ by is part of the lag.
 */
export class LagTracker {
  readonly #domain: string;
  readonly #periodMs: number;
  readonly #known = new Map<string, Known>();
  #readAtMs = -Infinity;

  constructor(domain: string, periodMs: number) {
    this.#domain = domain;
    this.#periodMs = periodMs;
  }

  /** Takes what a read gave that was answered at `nowMs`. */
  take(markers: readonly Marker[], nowMs: number): void {
    for (const { domain, writtenAtMs } of markers) {
      const known = this.#known.get(domain);
      if (known === undefined) {
        // It may have been here for long: behind is what has not come since.
        this.#known.set(domain, { writtenAtMs, lagMs: 0, misses: 0 });
      } else if (writtenAtMs > known.writtenAtMs) {
        known.lagMs = this.#lagOf(writtenAtMs, nowMs);
        known.writtenAtMs = writtenAtMs;
        known.misses = 0;
      }
    }
    this.#readAtMs = nowMs;
    // Ends: a look that is counted from this read is later than it.
    for (const known of this.#known.values()) while (this.#lookAt(known) <= nowMs) known.misses++;
  }

  #lagOf(writtenAtMs: number, nowMs: number): number {
    const atMost = Math.max(0, nowMs - writtenAtMs);
    const atLeast = Math.max(0, this.#readAtMs - writtenAtMs);
    // Where nobody looked for a while, it may have come at any time since: what is certain counts.
    return atMost - atLeast <= Math.max(BLUR_MS, atLeast) ? atMost : atLeast;
  }

  /** When the next marker of a domain is looked for. */
  #lookAt({ writtenAtMs, misses }: Known): number {
    const dueMs = writtenAtMs + this.#periodMs;
    const afterMs = FIRST_LOOK_MS * 2 ** misses;
    if (afterMs <= NEXT_LOOK_MS) return dueMs + afterMs;
    const late = this.#readAtMs - dueMs > LATE_PERIODS * this.#periodMs;
    return this.#readAtMs + (late ? this.#periodMs : NEXT_LOOK_MS);
  }

  /** When to read next; at once before the first read. Markers of domains that are not known yet are met once a period. */
  nextReadMs(): number {
    const looks = [...this.#known].flatMap(([domain, known]) => (domain === this.#domain ? [] : [this.#lookAt(known)]));
    return Math.min(this.#readAtMs + this.#periodMs, ...looks);
  }

  /** When this domain's newest marker was written, by whatever host. */
  get ownMarkerMs(): number | undefined {
    return this.#known.get(this.#domain)?.writtenAtMs;
  }

  /** When this domain's marker has not been written for a period and `graceMs`. */
  ownDueMs(graceMs: number): number {
    return (this.ownMarkerMs ?? -Infinity) + this.#periodMs + graceMs;
  }

  /** Of each other domain that has ever been heard of, by name. While markers stay away the lag grows with the time. */
  lags(nowMs: number): ReplicationLag[] {
    return [...this.#known]
      .filter(([domain]) => domain !== this.#domain)
      .map(([from, { writtenAtMs, lagMs }]) => ({
        from,
        lagMs: Math.max(lagMs, nowMs - writtenAtMs - this.#periodMs),
        markerAtMs: writtenAtMs,
      }))
      .sort((a, b) => (a.from < b.from ? -1 : 1));
  }
}
