/** The least of 1, 2 or 5 × a power of ten that is not below `least`. */
export function niceStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  const digit = [1, 2, 5, 10].find(candidate => candidate * power >= least * (1 - 1e-9)) ?? 10;
  return digit * power;
}

/** Degrees clockwise from north, from one place towards another. */
export function bearing(from: readonly [number, number], to: readonly [number, number]): number {
  const rad = Math.PI / 180;
  const dLon = (to[1] - from[1]) * rad;
  const y = Math.sin(dLon) * Math.cos(to[0] * rad);
  const x =
    Math.cos(from[0] * rad) * Math.sin(to[0] * rad) - Math.sin(from[0] * rad) * Math.cos(to[0] * rad) * Math.cos(dLon);
  return (((Math.atan2(y, x) / rad) % 360) + 360) % 360;
}
