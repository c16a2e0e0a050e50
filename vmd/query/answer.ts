import type { SignalAnswer } from '../../protocol/api/vmd.js';
import { tagOf } from '../../protocol/coap/body-tag.js';
import type { SenmlValue } from '../../protocol/senml.js';
import type { SignalRow, Tier } from '../../protocol/signals.js';
import type { HeldCell } from '../twin/twin.js';

/** How long a value of a tier is fresh: what Max-Age says. Slow tiers are sampled every 20 s (DESIGN §7). */
const FRESH_MS: Readonly<Record<Tier, number>> = { fast: 2_000, medium: 5_000, slow: 20_000 };

/** How the twin that answers stands. */
export interface Standing {
  readonly provisional: boolean;
  readonly stale: boolean;
  readonly complete: boolean;
}

/** The answer from what the twin holds. */
export function answerFromCell(row: SignalRow, held: HeldCell, standing: Standing, nowMs: number): SignalAnswer {
  const { value, timeMs, boot, seq, suspect } = held.cell;
  return {
    value,
    timeMs,
    ageMs: suspect ? null : Math.max(0, nowMs - timeMs),
    source: row.path.startsWith('Vehicle.Derived.') ? 'derived' : held.origin,
    boot,
    seq,
    ...standing,
  };
}

/** The answer from what the car just said. */
export function answerFromCar(value: SenmlValue, timeMs: number, standing: Standing, nowMs: number): SignalAnswer {
  return { value, timeMs, ageMs: Math.max(0, nowMs - timeMs), source: 'measured', ...standing };
}

/** Whole seconds for which the value may be kept: 0 where its age is unknown. */
export function maxAgeOf(row: SignalRow, answer: SignalAnswer): number {
  return answer.ageMs === null ? 0 : Math.max(0, Math.floor((FRESH_MS[row.tier] - answer.ageMs) / 1000));
}

/** 8 bytes that change with value, time or epoch. */
export function etagOf(value: SenmlValue, timeMs: number, epoch: number): Uint8Array {
  return tagOf(Buffer.from(`${typeof value} ${value} ${timeMs} ${epoch}`));
}
