import { decodeReport, META } from '../../protocol/report.js';
import type { Entry } from './holdings.js';

/**
 * What becomes of the reports of the oldest segment when the outbox is at its bound (docs/decisions/outbox-bound.md):
 * where the reports themselves would fit they are written again at its end, else given up. A declaration is never given
 * up: what it declares would be a gap that nobody knows of.
 */
export function atTheBound(
  oldest: readonly Entry[],
  pendingBytes: number,
  maxBytes: number,
): { readonly kept: readonly Entry[]; readonly dropped: readonly Entry[] } {
  const fits = pendingBytes <= maxBytes / 2;
  const kept = oldest.filter(entry => fits || isDeclaration(entry.bytes));
  return { kept, dropped: oldest.filter(entry => !kept.includes(entry)) };
}

export const isDeclaration = (bytes: Uint8Array | undefined): boolean =>
  bytes !== undefined && decodeReport(bytes).samples.some(sample => sample.name === META.gap);
