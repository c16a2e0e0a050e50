import type { Point } from '../query/point.js';

/** What a span of time held of one signal: enough to draw it, and to compute over it, without its samples. */
export type Cell = NumberCell | TextCell;

export interface NumberCell {
  readonly kind: 'number';
  readonly count: number;
  readonly sum: number;
  readonly min: number;
  readonly minAtMs: number;
  readonly max: number;
  readonly maxAtMs: number;
  readonly last: number;
  readonly lastAtMs: number;
}

export interface TextCell {
  readonly kind: 'text';
  readonly count: number;
  readonly last: string;
  readonly lastAtMs: number;
}

/** Cells by wire name. */
export type Cells = ReadonlyMap<string, Cell>;

/** Rows of a block as they stand in the store: how many, and a mark that changes with each of them. */
export interface BlockDigest {
  readonly reports: number;
  readonly mark: number;
}

/** A roll-up of one vehicle: everything from `startMs` on for as long as its level says. */
export interface Bucket {
  readonly startMs: number;
  readonly cells: Cells;
}

export const LEVELS = { '10s': 10_000, '5min': 300_000 } as const;
export type RollUpLevel = keyof typeof LEVELS;
/** Roll-ups are made block by block: all short spans of it, and the long one from them. */
export const BLOCK_MS = LEVELS['5min'];

export const blockOf = (timeMs: number): number => Math.floor(timeMs / BLOCK_MS) * BLOCK_MS;

export const NO_REPORTS: BlockDigest = { reports: 0, mark: 0 };

/** Takes one more row, in any order. */
export const withRow = ({ reports, mark }: BlockDigest, { boot, seq }: { boot: number; seq: number }): BlockDigest => ({
  reports: reports + 1,
  mark: (mark ^ Math.imul(Math.imul(boot, 0x9e3779b1) ^ seq, 0x85ebca6b) ^ Math.floor(seq / 2 ** 32)) >>> 0,
});

/** The cell of points within one span; they ascend by time. undefined where there are none. */
export function cellOf(points: readonly Point[]): Cell | undefined {
  const last = points.at(-1);
  if (last === undefined) return undefined;
  const [lastAtMs, lastValue] = last;
  if (typeof lastValue !== 'number') return { kind: 'text', count: points.length, last: String(lastValue), lastAtMs };
  let [sum, min, max, minAtMs, maxAtMs] = [0, Infinity, -Infinity, lastAtMs, lastAtMs];
  for (const [timeMs, value] of points) {
    const number = Number(value);
    sum += number;
    if (number < min) [min, minAtMs] = [number, timeMs];
    if (number > max) [max, maxAtMs] = [number, timeMs];
  }
  return { kind: 'number', count: points.length, sum, min, minAtMs, max, maxAtMs, last: lastValue, lastAtMs };
}

/** The cell of a longer span, from those of the shorter ones within it, which ascend by time. */
export function joinedCell(cells: readonly Cell[]): Cell | undefined {
  const last = cells.at(-1);
  if (last === undefined) return undefined;
  const count = cells.reduce((sum, cell) => sum + cell.count, 0);
  if (last.kind === 'text') return { ...last, count };
  const numbers = cells.filter(cell => cell.kind === 'number');
  // Of equal ones the first, as among samples.
  const least = numbers.reduce((a, b) => (b.min < a.min ? b : a));
  const greatest = numbers.reduce((a, b) => (b.max > a.max ? b : a));
  return {
    ...{ kind: 'number', count, sum: numbers.reduce((sum, cell) => sum + cell.sum, 0) },
    ...{ min: least.min, minAtMs: least.minAtMs, max: greatest.max, maxAtMs: greatest.maxAtMs },
    ...{ last: last.last, lastAtMs: last.lastAtMs },
  };
}

/** Roll-ups of one block: its short buckets that hold something, and itself. */
export function rollUpBlock(
  startMs: number,
  series: ReadonlyMap<string, readonly Point[]>,
): { readonly short: Bucket[]; readonly long: Bucket } {
  const short = new Map<number, Map<string, Cell>>();
  for (const [wire, points] of series)
    for (const [bucketMs, within] of byBucket(points)) {
      const cell = cellOf(within);
      if (cell === undefined) continue;
      const cells = short.get(bucketMs) ?? new Map<string, Cell>();
      short.set(bucketMs, cells.set(wire, cell));
    }
  const buckets = [...short]
    .sort(([a], [b]) => a - b)
    .map(([bucketMs, cells]): Bucket => ({ startMs: bucketMs, cells }));
  const long = new Map<string, Cell>();
  for (const wire of series.keys()) {
    const cell = joinedCell(buckets.flatMap(({ cells }) => cells.get(wire) ?? []));
    if (cell !== undefined) long.set(wire, cell);
  }
  return { short: buckets, long: { startMs, cells: long } };
}

function byBucket(points: readonly Point[]): Map<number, Point[]> {
  const found = new Map<number, Point[]>();
  for (const point of points) {
    const bucketMs = Math.floor(point[0] / LEVELS['10s']) * LEVELS['10s'];
    const bucket = found.get(bucketMs);
    if (bucket === undefined) found.set(bucketMs, [point]);
    else bucket.push(point);
  }
  return found;
}
