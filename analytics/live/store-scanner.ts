import { type Timers, delay } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import { NO_SEQS, addSeq, hasSeq, type SeqRanges } from '../../store/ranges.js';
import type { HistoryRow, LiveCell } from '../../store/types.js';
import { NO_REPORTS, blockOf, withRow, type BlockDigest } from '../rollup/bucket.js';
import { RowTaker } from './row-taker.js';
import type { FollowerDeps } from './store-follower.js';

/** A whole scan finds what following missed, and rows that stand twice. */
const SCAN_EVERY_MS = 15_000;
/** At most a fiftieth of the time goes into it: a large store is scanned now and then, not all the time. */
const SCAN_SHARE = 50;
const ROWS_PER_TURN = 500;

/** Looks through everything that the store holds, slowly, beside the follower. */
export class StoreScanner {
  readonly #deps: FollowerDeps;
  readonly #rows: RowTaker;

  constructor(deps: FollowerDeps) {
    this.#deps = deps;
    this.#rows = new RowTaker(deps);
  }

  /** Scans until the signal is aborted. `onFirst` is called once a first scan has come to its end. */
  async run(signal: AbortSignal, timers: Timers, onFirst: () => void): Promise<void> {
    const { clock, log, metrics } = this.#deps;
    let done = onFirst;
    while (!signal.aborted) {
      const began = clock.monotonicMs();
      try {
        await this.#scan(signal);
        metrics.observe('analytics_scan_seconds', (clock.monotonicMs() - began) / 1000);
        done();
        done = () => undefined;
      } catch (error) {
        if (signal.aborted) return;
        // That the store is away is told by the follower, which asks more often.
        log.debug({ event: 'analytics.scan-failed', error: messageOf(error) });
      }
      const waitMs = Math.max(SCAN_EVERY_MS, (clock.monotonicMs() - began) * SCAN_SHARE);
      await delay(waitMs, signal, timers).catch(() => undefined);
    }
  }

  async #scan(signal: AbortSignal): Promise<void> {
    const { store, fleet, clock } = this.#deps;
    const seen = new Map<string, SeqRanges>();
    const changed = new Map<string, Map<string, LiveCell>>();
    const blocks = new BlockComparer(this.#deps);
    let rows = 0;
    for await (const row of store.scan()) {
      const key = `${row.vehicle} ${row.boot}`;
      const before = seen.get(key) ?? NO_SEQS;
      const state = fleet.vehicle(row.vehicle);
      if (hasSeq(before, row.seq)) state.ledger.setDuplicated(row.boot, [[row.seq, row.seq]]);
      seen.set(key, addSeq(before, row.seq));
      blocks.add(row);
      if (!state.ledger.has(row)) {
        const newest = changed.get(row.vehicle) ?? new Map<string, LiveCell>();
        changed.set(row.vehicle, newest);
        for (const cell of this.#rows.take(row, 'scanned')) newest.set(cell.signal, cell);
      }
      if (++rows % ROWS_PER_TURN !== 0) continue;
      await new Promise(resolve => setImmediate(resolve));
      signal.throwIfAborted();
    }
    blocks.end();
    for (const [vehicle, cells] of changed) fleet.changed(fleet.vehicle(vehicle), [...cells.values()]);
    for (const state of fleet.vehicles.values()) state.count(clock.nowMs());
    fleet.publishCounts();
  }
}

/** Compares what a scan finds in each block with what was rolled up of it. Rows of a vehicle come in the order of time. */
class BlockComparer {
  readonly #deps: Pick<FollowerDeps, 'rolling'>;
  #vehicle = '';
  #blockMs = 0;
  #digest: BlockDigest = NO_REPORTS;

  constructor(deps: Pick<FollowerDeps, 'rolling'>) {
    this.#deps = deps;
  }

  add(row: HistoryRow): void {
    const blockMs = blockOf(row.timeMs);
    if (row.vehicle !== this.#vehicle || blockMs !== this.#blockMs) {
      this.end();
      this.#vehicle = row.vehicle;
      this.#blockMs = blockMs;
    }
    this.#digest = withRow(this.#digest, row);
  }

  end(): void {
    if (this.#digest.reports > 0) this.#deps.rolling?.compare(this.#vehicle, this.#blockMs, this.#digest);
    this.#digest = NO_REPORTS;
  }
}
