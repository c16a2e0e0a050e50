const EARTH_RADIUS_M = 6_371_000;

/** Great-circle distance in metres (haversine). */
export function distanceM(latitudeA: number, longitudeA: number, latitudeB: number, longitudeB: number): number {
  const rad = Math.PI / 180;
  const a =
    Math.sin(((latitudeB - latitudeA) * rad) / 2) ** 2 +
    Math.cos(latitudeA * rad) * Math.cos(latitudeB * rad) * Math.sin(((longitudeB - longitudeA) * rad) / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(a)));
}
