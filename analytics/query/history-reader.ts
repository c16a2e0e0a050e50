import type { Clock } from '../../common/clock.js';
import type { Resolution } from '../../protocol/api/analytics.js';
import { ClockCorrections } from '../../protocol/clock-corrections.js';
import { META } from '../../protocol/report.js';
import type { SignalRow } from '../../protocol/signals.js';
import type { TwinStore } from '../../store/types.js';
import { BLOCK_MS, LEVELS, blockOf, type Cell, type RollUpLevel } from '../rollup/bucket.js';
import type { Roller } from '../rollup/roller.js';
import type { RollUpStore } from '../rollup/rollup-store.js';
import { keysAround, readReport, type CorrectionsOf } from './read-report.js';
import type { Point, Span } from './point.js';
import { SignalColumns } from './signal-columns.js';

/** Roll-ups are asked where each point that is wanted stands for at least this many of them: else they would be seen. */
const BUCKETS_PER_POINT = 3;
const ROWS_PER_TURN = 500;
/** Which level is read where the wanted one is no longer kept; where neither is, reports are. */
const ROLLED_INSTEAD: Readonly<Record<RollUpLevel, readonly RollUpLevel[]>> = {
  '10s': ['10s', '5min'],
  '5min': ['5min', '10s'],
};

/** What was read of one signal in one stretch of time. */
export type Stretch =
  | { readonly kind: 'raw'; readonly points: readonly Point[] }
  | { readonly kind: 'rolled'; readonly cells: readonly Cell[] };

export interface ReadRequest {
  readonly vehicle: string;
  readonly rows: readonly SignalRow[];
  /** Both ends included. */
  readonly span: Span;
  /** For how much time one point of the answer stands; 0: samples are wanted as they were. */
  readonly pointMs: number;
  readonly maxRows: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HistoryRead {
  /** The finest of what was read where it was rolled up. */
  readonly resolution: Resolution;
  /** Only the newest rows were read. */
  readonly truncated: boolean;
  /** Reports that were read. */
  readonly reports: number;
  /** Stretches of a signal, ascending in time. */
  readonly stretches: (wire: string) => readonly Stretch[];
}

export interface RollUps {
  readonly store: RollUpStore;
  readonly roller: Pick<Roller, 'rolledTo' | 'isStale'>;
  /** From when on the buckets of a level are kept. */
  readonly keptFromMs: (level: RollUpLevel, nowMs: number) => number;
}

type Piece = Span & { readonly level: RollUpLevel | 'raw' };

/** Past samples of a vehicle: as they were, or rolled up where the width that is asked for allows it. */
export class HistoryReader {
  readonly #store: Pick<TwinStore, 'history'>;
  readonly #rollUps: RollUps | undefined;
  readonly #clock: Clock;
  readonly #corrections: CorrectionsOf;

  constructor(
    store: Pick<TwinStore, 'history'>,
    rollUps: RollUps | undefined,
    clock: Clock,
    corrections: CorrectionsOf = () => undefined,
  ) {
    this.#corrections = corrections;
    this.#store = store;
    this.#rollUps = rollUps;
    this.#clock = clock;
  }

  async read(request: ReadRequest): Promise<HistoryRead> {
    const found = new Map<string, Stretch[]>(request.rows.map(({ wire }) => [wire, []]));
    const pieces = this.#pieces(request);
    let left = request.maxRows;
    // Newest first, so that what is left out where there is too much is the oldest.
    for (const piece of pieces.toReversed()) {
      if (piece.level === 'raw') {
        const { columns, read } = await this.#readRaw(request, piece, left);
        left -= read;
        for (const wire of columns.wires()) found.get(wire)?.unshift({ kind: 'raw', points: columns.points(wire) });
      } else
        for (const [wire, cells] of await this.#readRolled(request, piece, piece.level))
          if (cells.length > 0) found.get(wire)?.unshift({ kind: 'rolled', cells });
      if (left <= 0) break;
    }
    const levels = new Set(pieces.map(({ level }) => level));
    const resolution = levels.has('10s') ? '10s' : levels.has('5min') ? '5min' : 'raw';
    return {
      resolution,
      truncated: left <= 0,
      reports: request.maxRows - left,
      stretches: wire => found.get(wire) ?? [],
    };
  }

  async #readRolled(
    { rows, vehicle }: ReadRequest,
    span: Span,
    level: RollUpLevel,
  ): Promise<ReadonlyMap<string, readonly Cell[]>> {
    const wires = rows.map(({ wire }) => wire);
    const range = { fromMs: span.fromMs, toMs: span.toMs + 1 };
    return (await this.#rollUps?.store.read(level, vehicle, range, wires)) ?? new Map<string, Cell[]>();
  }

  async #readRaw(
    { vehicle, rows, signal }: ReadRequest,
    span: Span,
    limit: number,
  ): Promise<{ readonly columns: SignalColumns; readonly read: number }> {
    const columns = new SignalColumns(rows, span);
    const wanted = new Set([META.clock, ...rows.map(({ wire }) => wire)]);
    // Newest first: a better clock is mostly told after what it corrects.
    const corrections = this.#corrections(vehicle) ?? new ClockCorrections();
    let read = 0;
    const range = { ...keysAround(span, corrections), limit, reverse: true };
    for await (const row of this.#store.history(vehicle, range)) {
      const report = readReport(row, wanted);
      if (report !== undefined) columns.add(corrections.taking(report));
      if (++read % ROWS_PER_TURN !== 0) continue;
      await new Promise(resolve => setImmediate(resolve));
      signal?.throwIfAborted();
    }
    return { columns, read };
  }

  /** Which part of the span is read from where, ascending. */
  #pieces({ vehicle, span, pointMs }: ReadRequest): Piece[] {
    const rollUps = this.#rollUps;
    const wanted = levelFor(pointMs);
    if (rollUps === undefined || wanted === undefined) return [{ ...span, level: 'raw' }];
    const nowMs = this.#clock.nowMs();
    const beginMs = Math.ceil(span.fromMs / BLOCK_MS) * BLOCK_MS;
    const endMs = Math.min(blockOf(span.toMs + 1), rollUps.roller.rolledTo(vehicle));
    if (endMs <= beginMs) return [{ ...span, level: 'raw' }];
    const pieces: Piece[] = [];
    const add = (fromMs: number, toMs: number, level: Piece['level']): void => {
      const last = pieces.at(-1);
      if (fromMs > toMs) return;
      if (last?.level === level) pieces[pieces.length - 1] = { ...last, toMs };
      else pieces.push({ fromMs, toMs, level });
    };
    add(span.fromMs, beginMs - 1, 'raw');
    const kept = ROLLED_INSTEAD[wanted].map(level => ({ level, fromMs: rollUps.keptFromMs(level, nowMs) }));
    for (let blockMs = beginMs; blockMs < endMs; blockMs += BLOCK_MS) {
      const found = rollUps.roller.isStale(vehicle, blockMs) ? undefined : kept.find(({ fromMs }) => blockMs >= fromMs);
      add(blockMs, blockMs + BLOCK_MS - 1, found?.level ?? 'raw');
    }
    add(endMs, span.toMs, 'raw');
    return pieces;
  }
}

/** The longest roll-up that is still finer than the points; undefined: none is. */
export function levelFor(pointMs: number): RollUpLevel | undefined {
  if (pointMs >= BUCKETS_PER_POINT * LEVELS['5min']) return '5min';
  return pointMs >= BUCKETS_PER_POINT * LEVELS['10s'] ? '10s' : undefined;
}

/** Points that keep the shape of stretches: samples as they are, of each roll-up the least and the greatest. */
export function pointsOfStretches(stretches: readonly Stretch[]): Point[] {
  const points: Point[] = [];
  for (const stretch of stretches)
    if (stretch.kind === 'raw') for (const point of stretch.points) points.push(point);
    else for (const cell of stretch.cells) addPoints(points, cell);
  return points;
}

function addPoints(points: Point[], cell: Cell): void {
  if (cell.kind === 'text') points.push([cell.lastAtMs, cell.last]);
  else if (cell.minAtMs === cell.maxAtMs) points.push([cell.minAtMs, cell.min]);
  else if (cell.minAtMs < cell.maxAtMs) points.push([cell.minAtMs, cell.min], [cell.maxAtMs, cell.max]);
  else points.push([cell.maxAtMs, cell.max], [cell.minAtMs, cell.min]);
}
