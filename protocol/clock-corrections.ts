import { decodeClock, META, type ClockSource, type MetaClock, type Report } from './report.js';

/** How a report's times were mended. */
export interface Correction {
  /** Added to every time of it; 0: none is known. */
  readonly correctionMs: number;
  /** What the times rest on now; absent where no correction is known. */
  readonly clock?: ClockSource;
}

const NONE: Correction = { correctionMs: 0 };

/**
 * Better offsets that devices found later (`meta/clock`, DESIGN §7), of one vehicle: what was stored keeps its bytes and its key,
 * and is corrected when it is read. Corrections of one boot add up; a report that comes twice counts once.
 */
export class ClockCorrections {
  /** By boot, then by the report that said it. */
  readonly #ofBoot = new Map<number, Map<string, MetaClock>>();

  /** How many corrections are noted: what was made with fewer of them is to be made anew. */
  get size(): number {
    return [...this.#ofBoot.values()].reduce((sum, known) => sum + known.size, 0);
  }

  /** The most by which a report may be moved, in either direction. */
  get furthestMs(): number {
    const sums = [...this.#ofBoot.values()].map(known =>
      [...known.values()].reduce((sum, { correctionMs }) => sum + Math.abs(correctionMs), 0),
    );
    return Math.max(0, ...sums);
  }

  /** Notes what a report says of the times of others; gives whether it says anything. */
  note({ boot, seq, samples }: Pick<Report, 'boot' | 'seq' | 'samples'>): boolean {
    let isNoted = false;
    for (const { name, value } of samples) {
      const said = name === META.clock ? decodeClock(value) : undefined;
      if (said === undefined) continue;
      const known = this.#ofBoot.get(said.boot) ?? new Map<string, MetaClock>();
      this.#ofBoot.set(said.boot, known.set(`${boot}/${seq}/${said.from}`, said));
      isNoted = true;
    }
    return isNoted;
  }

  of({ boot, seq }: Pick<Report, 'boot' | 'seq'>): Correction {
    const known = this.#ofBoot.get(boot);
    if (known === undefined) return NONE;
    let found: Correction = NONE;
    let newest = 0;
    for (const { from, to, correctionMs, clock } of known.values()) {
      if (seq < from || seq > to) continue;
      // Of several the one that was said last reaches furthest, and has the last word on what it rests on.
      if (to >= newest || found.clock === undefined) {
        newest = to;
        found = { correctionMs: found.correctionMs + correctionMs, clock };
      } else found = { ...found, correctionMs: found.correctionMs + correctionMs };
    }
    return found;
  }

  /** The report with the times that it should have had, by the corrections noted so far. */
  corrected<R extends Pick<Report, 'boot' | 'seq' | 'timeMs' | 'samples'>>(report: R): R {
    const { correctionMs } = this.of(report);
    if (correctionMs === 0) return report;
    return {
      ...report,
      timeMs: report.timeMs + correctionMs,
      samples: report.samples.map(sample => ({ ...sample, timeMs: sample.timeMs + correctionMs })),
    };
  }

  /** Both: for a reader who takes the newest first, and so hears of a better clock before he reads what it corrects. */
  taking<R extends Pick<Report, 'boot' | 'seq' | 'timeMs' | 'samples'>>(report: R): R {
    this.note(report);
    return this.corrected(report);
  }
}
