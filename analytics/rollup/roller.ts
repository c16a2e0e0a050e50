import type { Clock } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { Report } from '../../protocol/report.js';
import type { ClockCorrections } from '../../protocol/clock-corrections.js';
import { SIGNALS } from '../../protocol/signals.js';
import type { HistoryRow, TwinStore } from '../../store/types.js';
import { WITHIN_REPORT_MS, keysAround, readReport, type CorrectionsOf } from '../query/read-report.js';
import { SignalColumns } from '../query/signal-columns.js';
import { BLOCK_MS, NO_REPORTS, blockOf, rollUpBlock, withRow, type BlockDigest } from './bucket.js';
import type { RolledBlock, RollUpStore } from './rollup-store.js';

/** A block is rolled up this long after its end; what comes later makes it be rolled up again. */
const SETTLE_MS = 30_000;
/** Blocks of one vehicle in a row, so that a long history does not keep the others waiting. */
const BLOCKS_PER_VEHICLE = 24;
/** Stale blocks remembered for a vehicle; more of them, and everything from the first one on is made anew. */
const MAX_STALE = 2_000;

export interface RollerDeps {
  readonly store: Pick<TwinStore, 'history'>;
  readonly rolled: RollUpStore;
  readonly corrections?: CorrectionsOf;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

/** Makes roll-ups from history, block by block, and makes those again whose reports have become more. */
export class Roller {
  readonly #deps: RollerDeps;
  readonly #progress = new Map<string, number>();
  readonly #stale = new Map<string, Set<number>>();

  constructor(deps: RollerDeps) {
    this.#deps = deps;
  }

  /** Blocks of the vehicle before this moment are rolled up, stale ones left out. */
  rolledTo(vehicle: string): number {
    const known = this.#progress.get(vehicle);
    if (known !== undefined) return known;
    const found = this.#deps.rolled.rolledTo(vehicle) ?? 0;
    this.#progress.set(vehicle, found);
    return found;
  }

  isStale(vehicle: string, blockMs: number): boolean {
    return this.#stale.get(vehicle)?.has(blockMs) === true;
  }

  /** A report has been found in the store that was not known: what it changes is rolled up again. */
  touch(report: Report): void {
    const rolledTo = this.rolledTo(report.vehicle);
    if (blockOf(report.timeMs - WITHIN_REPORT_MS) >= rolledTo) return;
    for (const timeMs of [report.timeMs, ...report.samples.map(sample => sample.timeMs)])
      this.#mark(report.vehicle, blockOf(timeMs), rolledTo);
  }

  #mark(vehicle: string, blockMs: number, rolledTo: number): void {
    if (blockMs >= rolledTo) return;
    const stale = this.#stale.get(vehicle) ?? new Set<number>();
    this.#stale.set(vehicle, stale.add(blockMs));
    if (stale.size <= MAX_STALE) return;
    this.#progress.set(vehicle, Math.min(...stale));
    this.#stale.delete(vehicle);
  }

  /**
   * Compares a block as a whole scan found it with its roll-up. Fewer reports than then are no reason to make it anew: raw
   * reports are kept for a shorter time than roll-ups.
   */
  compare(vehicle: string, blockMs: number, found: BlockDigest): void {
    const rolledTo = this.rolledTo(vehicle);
    if (blockMs >= rolledTo) return;
    const held = this.#deps.rolled.digest(vehicle, blockMs) ?? NO_REPORTS;
    if (found.reports > held.reports || (found.reports === held.reports && found.mark !== held.mark))
      this.#mark(vehicle, blockMs, rolledTo);
  }

  /** One round: stale blocks first, then what has ended since. Gives whether there is more to do. */
  async run(vehicles: Iterable<string>, signal: AbortSignal): Promise<boolean> {
    let more = false;
    for (const vehicle of vehicles) {
      signal.throwIfAborted();
      try {
        this.#checkClock(vehicle);
        await this.#renew(vehicle, signal);
        if (await this.#advance(vehicle, signal)) more = true;
      } catch (error) {
        if (signal.aborted) throw error;
        this.#deps.log.warn({ event: 'analytics.rollup-failed', vehicle, error: messageOf(error) });
      }
    }
    return more;
  }

  /** Reports whose clock was found to be wrong stand elsewhere in time: everything of that vehicle is rolled up anew. */
  #checkClock(vehicle: string): void {
    const size = this.#deps.corrections?.(vehicle)?.size ?? 0;
    if (size <= this.#deps.rolled.corrections(vehicle)) return;
    this.#progress.set(vehicle, 0);
    this.#stale.delete(vehicle);
  }

  async #renew(vehicle: string, signal: AbortSignal): Promise<void> {
    const stale = this.#stale.get(vehicle);
    for (const blockMs of [...(stale ?? [])].slice(0, BLOCKS_PER_VEHICLE)) {
      signal.throwIfAborted();
      stale?.delete(blockMs);
      try {
        await this.#roll(vehicle, blockMs, this.rolledTo(vehicle));
      } catch (error) {
        stale?.add(blockMs);
        throw error;
      }
      this.#deps.metrics.count('analytics_rollup_blocks_total', { why: 'late' });
    }
    if (stale?.size === 0) this.#stale.delete(vehicle);
  }

  async #advance(vehicle: string, signal: AbortSignal): Promise<boolean> {
    const closedMs = blockOf(this.#deps.clock.nowMs() - SETTLE_MS);
    for (let n = 0; n < BLOCKS_PER_VEHICLE; n++) {
      const rolledTo = this.rolledTo(vehicle);
      if (rolledTo >= closedMs) return false;
      signal.throwIfAborted();
      const { fromMs, toMs } = keysAround({ fromMs: rolledTo, toMs: rolledTo }, this.#deps.corrections?.(vehicle));
      const next = await this.#nextRow(vehicle, Math.max(0, fromMs));
      // A report's samples may stand before its own time, in the block before its own.
      const blockMs = next === undefined ? closedMs : Math.max(rolledTo, blockOf(next.timeMs - (toMs - rolledTo)));
      if (blockMs >= closedMs) {
        await this.#put(vehicle, undefined, closedMs);
        this.#progress.set(vehicle, closedMs);
        return false;
      }
      await this.#roll(vehicle, blockMs, blockMs + BLOCK_MS);
      this.#progress.set(vehicle, blockMs + BLOCK_MS);
      this.#deps.metrics.count('analytics_rollup_blocks_total', { why: 'new' });
    }
    return true;
  }

  async #nextRow(vehicle: string, fromMs: number): Promise<HistoryRow | undefined> {
    for await (const row of this.#deps.store.history(vehicle, { fromMs, limit: 1 })) return row;
    return undefined;
  }

  async #roll(vehicle: string, blockMs: number, rolledToMs: number): Promise<void> {
    const { rolled, store, corrections } = this.#deps;
    const block = await readBlock(store, vehicle, blockMs, corrections?.(vehicle));
    const before = rolled.digest(vehicle, blockMs);
    // Raw reports that are gone must not take their roll-up with them.
    const keep = block.digest.reports < (before?.reports ?? 0);
    const empty = block.digest.reports === 0 && block.long.cells.size === 0;
    await this.#put(vehicle, keep || empty ? undefined : block, Math.max(rolledToMs, this.rolledTo(vehicle)));
  }

  #put(vehicle: string, block: RolledBlock | undefined, rolledToMs: number): Promise<void> {
    const corrections = this.#deps.corrections?.(vehicle)?.size ?? 0;
    return this.#deps.rolled.put(vehicle, block, { rolledToMs, corrections });
  }
}

/** A block from its reports. Its digest counts those whose own time, as it is stored, lies in it. */
export async function readBlock(
  store: Pick<TwinStore, 'history'>,
  vehicle: string,
  blockMs: number,
  corrections?: ClockCorrections,
): Promise<RolledBlock> {
  const span = { fromMs: blockMs, toMs: blockMs + BLOCK_MS - 1 };
  const columns = new SignalColumns(SIGNALS, span);
  let digest = NO_REPORTS;
  for await (const row of store.history(vehicle, keysAround(span, corrections))) {
    if (blockOf(row.timeMs) === blockMs) digest = withRow(digest, row);
    const report = readReport(row);
    if (report !== undefined) columns.add(corrections?.corrected(report) ?? report);
  }
  const series = new Map(columns.wires().map(wire => [wire, columns.points(wire)]));
  return { startMs: blockMs, digest, ...rollUpBlock(blockMs, series) };
}
