import type { Clock } from '../../common/clock.js';
import { META, type ReportId } from '../../protocol/report.js';
import type { GroupCommit } from './group-commit.js';
import type { Entry, Holdings } from './holdings.js';
import { inOrder } from './key-set.js';
import type { HeldSample } from './records.js';
import type { Key } from './key.js';
import type { Stamp } from '../clock/time-base.js';
import { stampReport } from './stamping.js';

export interface IntakeOptions {
  readonly vehicle: string;
  readonly boot: number;
  /** Value of META.boot, for the first report of the boot. */
  readonly first: string;
  /** Value of META.proof for a report; absent: reports carry none. */
  readonly prove?: (id: ReportId) => string;
  readonly stamp: () => Stamp | undefined;
  readonly estimate: () => Stamp;
  readonly clock: Clock;
  readonly holdings: Holdings;
  readonly group: GroupCommit;
}

/** Hands out the seqs of a boot and freezes the bytes of its reports, at once or when the clock is known. */
export class Intake {
  readonly #options: IntakeOptions;
  #sampled = 0;
  #lastTimeMs = 0;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** The newest seq. */
  get sampled(): number {
    return this.#sampled;
  }

  /** `then` runs once the report is accepted. Throws REPORT_TOO_LARGE, and then no seq is used. */
  add(samples: readonly HeldSample[], then: (() => void) | undefined): Key {
    const { clock, vehicle, boot, first, prove, group } = this.#options;
    const key = { boot, seq: this.#sampled + 1 };
    const monoMs = samples[0]?.monoMs ?? clock.monotonicMs();
    const all: readonly HeldSample[] = [
      ...(key.seq === 1 ? [{ name: META.boot, value: first, monoMs }] : []),
      ...samples,
      ...(prove === undefined ? [] : [{ name: META.proof, value: prove({ vehicle, ...key }), monoMs }]),
    ];
    const stamp = this.#options.stamp();
    const guess = this.#options.estimate();
    // Frozen in any case: a report too large to be sent must not get a seq.
    const frozen = stampReport({ vehicle, ...key }, all, stamp ?? guess, this.#lastTimeMs);
    const entry: Entry = { key, bytes: undefined, held: undefined, segment: 0, then };
    if (stamp === undefined) {
      entry.held = { key, samples: all, guessMs: guess.offsetMs, guessClock: guess.clock };
      group.record({ kind: 'held', ...entry.held });
    } else {
      entry.bytes = frozen.bytes;
      this.#lastTimeMs = frozen.timeMs;
      group.record({ kind: 'report', key, bytes: frozen.bytes });
    }
    this.#sampled = key.seq;
    group.step({ entry, frozen: stamp !== undefined });
    group.schedule();
    return key;
  }

  /** Stamps reports of one boot that were held, in order. */
  freeze(boot: number, entries: readonly Entry[], stamp: Stamp): void {
    if (entries.length === 0) return;
    const { vehicle, holdings, group } = this.#options;
    group.record({ kind: 'stamp', boot, offsetMs: stamp.offsetMs, clock: stamp.clock });
    let lastTimeMs = 0;
    for (const entry of [...entries].sort((x, y) => inOrder(x.key, y.key))) {
      const { bytes, timeMs } = stampReport({ vehicle, ...entry.key }, entry.held?.samples ?? [], stamp, lastTimeMs);
      lastTimeMs = timeMs;
      holdings.frozen(entry, bytes);
      group.record({ kind: 'report', key: entry.key, bytes });
      group.step({ entry, frozen: true });
    }
    if (boot === this.#options.boot) this.#lastTimeMs = Math.max(this.#lastTimeMs, lastTimeMs);
  }
}
