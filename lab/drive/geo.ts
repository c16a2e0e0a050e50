/** Distances on the ground, good to a few parts in a thousand over the length of a drive. */
export interface Position {
  readonly latitude: number;
  readonly longitude: number;
}

/** IUGG mean radius of the Earth in metres. */
const EARTH_RADIUS_M = 6_371_008.8;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** Great-circle distance in metres (haversine). */
export function distanceM(a: Position, b: Position): number {
  const dLat = radians(b.latitude - a.latitude);
  const dLon = radians(b.longitude - a.longitude);
  const h =
    Math.sin(dLat / 2) ** 2 + Math.cos(radians(a.latitude)) * Math.cos(radians(b.latitude)) * Math.sin(dLon / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** The point at `share` (0 to 1) of the way, straight in degrees: for points a few kilometres apart at most. */
export function between(a: Position, b: Position, share: number): Position {
  const dLon = ((b.longitude - a.longitude + 540) % 360) - 180;
  const longitude = a.longitude + dLon * share;
  return {
    latitude: a.latitude + (b.latitude - a.latitude) * share,
    longitude: longitude > 180 ? longitude - 360 : longitude < -180 ? longitude + 360 : longitude,
  };
}

/** The direction at `share` of the shorter turn from `a` to `b`, in degrees of 0 to 360. */
export function turn(a: number, b: number, share: number): number {
  const by = ((b - a + 540) % 360) - 180;
  return (a + by * share + 360) % 360;
}
