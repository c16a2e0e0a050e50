import type { SenmlValue } from './senml.js';

/**
 * Under a budget of bytes (`uplink.bytesPerKm`) a report leaves out signals that have news. Value of META.budget: their wire names
 * with a space between, each once: from here on until its next value, newer readings of it were left out, and not lost.
 * (That no report is lost is told by seqs without gaps.)
 */
export const encodeLeftOut = (names: readonly string[]): string => names.join(' ');

export const decodeLeftOut = (value: SenmlValue): string[] =>
  typeof value === 'string' ? value.split(' ').filter(name => name !== '') : [];

/** What samples of consecutive reports say of one budget: signals whose newest reading was left out. Pure. */
export class LeftOut {
  readonly #names = new Set<string>();

  /** The samples of one report, after those of the reports before it. */
  take(samples: readonly { readonly name: string; readonly value: SenmlValue }[], budgetRecord: string): void {
    for (const { name } of samples) this.#names.delete(name);
    for (const { name, value } of samples)
      if (name === budgetRecord) for (const left of decodeLeftOut(value)) this.#names.add(left);
  }

  has(name: string): boolean {
    return this.#names.has(name);
  }
}
