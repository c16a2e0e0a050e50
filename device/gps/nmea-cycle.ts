import type { NmeaSentence } from './nmea.js';
import { known, type FixMode, type Tpv } from './tpv.js';

type Of<T extends NmeaSentence['type']> = Extract<NmeaSentence, { readonly type: T }>;

interface Cycle {
  /** Time of day that its RMC and GGA bear. */
  readonly atMs: number | undefined;
  readonly heardAtMs: number;
  rmc?: Of<'RMC'>;
  gga?: Of<'GGA'>;
  vtg?: Of<'VTG'>;
}

/** A look of the receiver, and when its first sentence came. */
export interface CycleTpv {
  readonly tpv: Tpv;
  readonly heardAtMs: number;
}

/** gpsd: H_UERE_NO_DGPS and H_UERE_WITH_DGPS, metres of error for a dilution of one. */
const ERROR_M = 15;
const ERROR_DIFFERENTIAL_M = 3.75;
/** GGA qualities that no satellite has measured: dead reckoning, manual, simulated. */
const NOT_MEASURED: ReadonlySet<number> = new Set([0, 6, 7, 8]);
/** Some receivers send GSA less often than positions. */
const GSA_KEPT_MS = 5_000;

/**
 * Gathers the sentences of one cycle of a receiver into what gpsd would call a TPV. Receivers send them in any order, and
 * which one is the last is their secret: a cycle ends with the first sentence of the next, or with a pause (`flush`).
 */
export class NmeaCycle {
  #cycle: Cycle | undefined;
  /** By talker: a receiver of several systems sends one GSA for each. */
  readonly #gsa = new Map<string, { sentence: Of<'GSA'>; used: number; heardAtMs: number; cycle: number }>();
  #cycles = 0;
  readonly #inView = new Map<string, number>();

  /** Satellites that the receiver sees, used or not. */
  get inView(): number {
    return [...this.#inView.values()].reduce((sum, count) => sum + count, 0);
  }

  /** Takes a sentence; gives the cycle that ended with it, if one did. */
  take(sentence: NmeaSentence, heardAtMs: number): CycleTpv | undefined {
    switch (sentence.type) {
      case 'RMC':
      case 'GGA': {
        const slot = sentence.type === 'RMC' ? 'rmc' : 'gga';
        const isNext = this.#cycle !== undefined && (this.#cycle.atMs !== sentence.atMs || slot in this.#cycle);
        const ended = isNext ? this.flush() : undefined;
        if (this.#cycle === undefined) this.#cycles++;
        this.#cycle ??= { atMs: sentence.atMs, heardAtMs };
        if (sentence.type === 'RMC') this.#cycle.rmc = sentence;
        else this.#cycle.gga = sentence;
        return ended;
      }
      case 'VTG':
        if (this.#cycle !== undefined) this.#cycle.vtg = sentence;
        return undefined;
      case 'GSA': {
        const before = this.#gsa.get(sentence.talker);
        // Under one talker (GN) several follow one another, one for each system.
        const used = sentence.used + (before?.cycle === this.#cycles ? before.used : 0);
        this.#gsa.set(sentence.talker, { sentence, used, heardAtMs, cycle: this.#cycles });
        return undefined;
      }
      case 'GSV':
        this.#inView.set(sentence.talker, sentence.inView);
        return undefined;
      case 'other':
        return undefined;
    }
  }

  /** Ends the cycle: nothing came for a while. */
  flush(): CycleTpv | undefined {
    const cycle = this.#cycle;
    this.#cycle = undefined;
    return cycle === undefined ? undefined : { tpv: this.#tpvOf(cycle), heardAtMs: cycle.heardAtMs };
  }

  #tpvOf({ rmc, gga, vtg, heardAtMs }: Cycle): Tpv {
    // Only RMC knows the day, and only of its own moment: another one's may be yesterday.
    const timeMs = rmc?.dayMs === undefined || rmc.atMs === undefined ? undefined : rmc.dayMs + rmc.atMs;
    const found = [...this.#gsa.values()].filter(gsa => heardAtMs - gsa.heardAtMs < GSA_KEPT_MS);
    const isFix = rmc?.valid !== false && (gga === undefined || !NOT_MEASURED.has(gga.quality));
    const latitude = gga?.latitude ?? rmc?.latitude;
    const longitude = gga?.longitude ?? rmc?.longitude;
    if (!isFix || latitude === undefined || longitude === undefined) return { mode: 1, ...known({ timeMs }) };
    const stated = found.length === 0 ? undefined : Math.max(...found.map(({ sentence }) => sentence.mode));
    // As gpsd does without GSA: what has an altitude has three dimensions.
    const mode = (stated ?? (gga?.altitudeM === undefined ? 2 : 3)) as FixMode;
    const hdop = gga?.hdop ?? found.find(({ sentence }) => sentence.hdop !== undefined)?.sentence.hdop;
    // GGA counts no further than 12 in many receivers.
    const used = found.reduce((sum, gsa) => sum + gsa.used, 0);
    const satellites = Math.max(used, gga?.satellites ?? 0);
    const error = gga !== undefined && gga.quality >= 2 ? ERROR_DIFFERENTIAL_M : ERROR_M;
    const fields = {
      timeMs,
      latitude,
      longitude,
      altitudeM: gga?.altitudeM,
      speedMs: rmc?.speedMs ?? vtg?.speedMs,
      headingDeg: rmc?.headingDeg ?? vtg?.headingDeg,
      hdop,
      horizontalErrorM: hdop === undefined ? undefined : hdop * error,
      satellites: satellites === 0 ? undefined : satellites,
    };
    return { mode, ...known(fields) };
  }
}
