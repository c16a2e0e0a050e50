type Value = number | null;

/** How long a chart reaches back at most. */
export const KEPT_MS = 900_000;
const MAX_POINTS = 4_000;

/** The last minutes of one signal, for a chart: parallel columns, ascending; null is a gap. Times are Unix seconds. */
export class SeriesBuffer {
  readonly gapAfterS: number;
  times: number[] = [];
  values: Value[] = [];

  constructor(gapAfterMs: number) {
    this.gapAfterS = gapAfterMs / 1000;
  }

  /** Takes what history has; what came live meanwhile and is newer stays. */
  load(points: readonly (readonly [number, unknown])[]): void {
    const live = this.times.map((t, i) => [t, this.values[i] ?? null] as const);
    const lastS = (points.at(-1)?.[0] ?? 0) / 1000;
    this.times = [];
    this.values = [];
    for (const [timeMs, value] of points) {
      this.times.push(timeMs / 1000);
      this.values.push(typeof value === 'number' ? value : null);
    }
    for (const [t, value] of live) if (value !== null && t > lastS) this.add(t * 1000, value);
  }

  /** The value that was the last one at a moment; null in a gap, undefined before anything was heard. */
  at(timeMs: number): Value | undefined {
    return this.values[this.times.findLastIndex(t => t <= timeMs / 1000)];
  }

  /** A later value; an earlier one belongs to history, which the next load brings. */
  add(timeMs: number, value: number): void {
    const t = timeMs / 1000;
    const last = this.times.at(-1);
    if (last !== undefined && t <= last) return;
    if (last !== undefined && t - last > this.gapAfterS) {
      this.times.push(last + 0.001);
      this.values.push(null);
    }
    this.times.push(t);
    this.values.push(value);
    const oldest = t - KEPT_MS / 1000;
    let drop = Math.max(0, this.times.length - MAX_POINTS);
    while ((this.times[drop] ?? Infinity) < oldest) drop++;
    if (drop > 0) {
      this.times.splice(0, drop);
      this.values.splice(0, drop);
    }
  }
}
