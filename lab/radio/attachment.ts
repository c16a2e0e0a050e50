import type { AccessPoint } from '../../protocol/topology.js';
import { distanceM, type Position } from '../drive/geo.js';

/**
 * Which access point a car is attached to: a pure rule over distances. Access points compare by *strain*, the distance
 * as a share of their range: 1 is the edge of the coverage. In coverage the car changes only to one whose strain is
 * lower by more than the hysteresis, so that it does not flap between two that are equally good.
 */
export interface AttachmentRule {
  /** By how much lower the strain of another must be, as a share of the range. */
  readonly hysteresis: number;
  /** Strain up to which a car that left every coverage stays attached to the nearest; at least 1. */
  readonly lost: number;
}

export const DEFAULT_RULE: AttachmentRule = { hysteresis: 0.1, lost: 1.25 };

const strainOf = (accessPoint: AccessPoint, position: Position): number =>
  distanceM(accessPoint, position) / accessPoint.rangeM;

/** The id of the access point that the car is attached to after it came to `position`; `undefined` where it is out of reach. */
export function nextAccessPoint(
  current: string | undefined,
  position: Position,
  accessPoints: readonly AccessPoint[],
  rule: AttachmentRule = DEFAULT_RULE,
): string | undefined {
  let best: { readonly id: string; readonly strain: number } | undefined;
  let own: number | undefined;
  for (const accessPoint of accessPoints) {
    const strain = strainOf(accessPoint, position);
    if (accessPoint.id === current) own = strain;
    if (best === undefined || strain < best.strain) best = { id: accessPoint.id, strain };
  }
  if (best === undefined) return undefined;
  if (own === undefined) return best.strain <= 1 ? best.id : undefined;
  if (own > 1 && best.strain <= 1) return best.id;
  if (own - best.strain > rule.hysteresis) return best.strain <= rule.lost ? best.id : undefined;
  return own <= rule.lost ? current : undefined;
}
