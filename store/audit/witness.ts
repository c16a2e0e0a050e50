import { addSeq, NO_SEQS, type SeqRanges } from '../ranges.js';
import type { SeqsByVehicle } from './types.js';

/** A line of a witness file: `vehicle boot seq`, appended by the device for each 2.04. */
const LINE = /^([a-z0-9-]{1,32}) (\d{1,9}) (\d{1,11})$/;

/** Gathers witness lines; memory grows with gaps, not with lines. */
export class Witness {
  readonly #seqs = new Map<string, Map<number, SeqRanges>>();
  #unreadable = 0;

  /** Takes one whole line; one that was torn by a kill is counted, not believed. */
  take(line: string): void {
    const found = LINE.exec(line);
    const [, vehicle, bootText, seqText] = found ?? [];
    if (vehicle === undefined) {
      this.#unreadable++;
      return;
    }
    const boot = Number(bootText);
    const boots = this.#seqs.get(vehicle) ?? new Map<number, SeqRanges>();
    this.#seqs.set(vehicle, boots);
    boots.set(boot, addSeq(boots.get(boot) ?? NO_SEQS, Number(seqText)));
  }

  get seqs(): SeqsByVehicle {
    return this.#seqs;
  }

  get unreadable(): number {
    return this.#unreadable;
  }
}
