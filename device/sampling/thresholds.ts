import { signalByWire } from '../../protocol/signals.js';

/** Reads `report.thresholds`: `rpm=50,ect=1`. Throws an Error that says what it must be, for the table of settings. */
export function parseThresholds(text: string): ReadonlyMap<string, number> {
  const thresholds = new Map<string, number>();
  for (const item of text.split(',').filter(part => part.trim() !== '')) {
    const [, name = '', number = ''] = /^\s*(\w+)\s*=\s*(\d+(?:\.\d+)?)\s*$/.exec(item) ?? [];
    if (number === '') throw new Error('NAME=NUMBER, by commas');
    if (signalByWire(name)?.kind !== 'number') throw new Error(`names of signals with numbers ('${name}' is none)`);
    thresholds.set(name, Number(number));
  }
  return thresholds;
}
