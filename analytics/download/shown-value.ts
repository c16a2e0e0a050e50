import type { SenmlValue } from '../../protocol/senml.js';
import { signalByWire, type SignalRow } from '../../protocol/signals.js';

/**
 * A value with one digit more than its source has steps: reports round numbers to short floats, which would otherwise be
 * printed with digits that nobody measured.
 */
export function shownValue({ resolution }: Pick<SignalRow, 'resolution'>, value: SenmlValue): SenmlValue {
  if (typeof value !== 'number' || resolution === undefined) return value;
  const digits = Math.min(12, Math.max(0, Math.ceil(-Math.log10(resolution)) + 1));
  return Number(value.toFixed(digits));
}

/** The same by wire name. */
export const shownNumber = (wire: string, value: number): number => Number(shownValue(signalByWire(wire) ?? {}, value));
