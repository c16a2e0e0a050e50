import {
  after,
  openEnvironment,
  readFrom,
  written,
  type Environment,
  type Table,
} from '../../store/lmdb/environment.js';
import type { BlockDigest, Bucket, Cell, RollUpLevel } from './bucket.js';
import { bucketKey, decodeCells, digestOf, encodeBuckets, startOfKey } from './bucket-row.js';

/** One block, rolled up. */
export interface RolledBlock {
  readonly startMs: number;
  readonly digest: BlockDigest;
  readonly short: readonly Bucket[];
  readonly long: Bucket;
}

/** Blocks read at once: a day of the vehicle and some. */
const PAGE_ROWS = 300;
const PRUNED_AT_ONCE = 5_000;

/**
 * Roll-ups in an lmdb folder of analytics' own. All of it is made from the store and can be made again: it may be deleted
 * while analytics is stopped.
 */
export class RollUpStore implements AsyncDisposable {
  readonly #environment: Environment;
  readonly #buckets: Table;
  readonly #progress: Table;

  constructor(environment: Environment) {
    this.#environment = environment;
    this.#buckets = environment.table('buckets');
    this.#progress = environment.table('progress');
  }

  /** Blocks before this moment are rolled up; undefined where none is. */
  rolledTo(vehicle: string): number | undefined {
    const found = readFrom('progress of roll-ups', () => this.#progress.get(Buffer.from(vehicle)));
    return found === undefined ? undefined : found.readDoubleBE(0);
  }

  /** How many corrections of the vehicle's clock were known when it was last rolled up. */
  corrections(vehicle: string): number {
    const found = readFrom('progress of roll-ups', () => this.#progress.get(Buffer.from(vehicle)));
    return found?.readUInt32BE(8) ?? 0;
  }

  vehicles(): string[] {
    return readFrom('progress of roll-ups', () =>
      Array.from(this.#progress.getKeys(), key => Buffer.from(key).toString()),
    );
  }

  /** Writes a block in the place of what stood there, and how far the vehicle is. */
  async put(
    vehicle: string,
    block: RolledBlock | undefined,
    { rolledToMs, corrections }: { readonly rolledToMs: number; readonly corrections: number },
  ): Promise<void> {
    const progress = Buffer.alloc(12);
    progress.writeDoubleBE(rolledToMs);
    progress.writeUInt32BE(corrections, 8);
    await written('roll-ups', () =>
      this.#environment.root.batch(() => {
        if (block !== undefined) {
          const { startMs, short, long, digest } = block;
          void this.#buckets.put(bucketKey('10s', vehicle, startMs), encodeBuckets('10s', startMs, short));
          void this.#buckets.put(bucketKey('5min', vehicle, startMs), encodeBuckets('5min', startMs, [long], digest));
        }
        void this.#progress.put(Buffer.from(vehicle), progress);
      }),
    );
  }

  /** Cells by wire name, ascending, of the blocks that begin in fromMs ≤ start < toMs. Lets others run between pages. */
  async read(
    level: RollUpLevel,
    vehicle: string,
    span: { readonly fromMs: number; readonly toMs: number },
    wires: Iterable<string>,
  ): Promise<ReadonlyMap<string, readonly Cell[]>> {
    const columns = new Map(Array.from(wires, (wire): [string, Cell[]] => [wire, []]));
    const end = bucketKey(level, vehicle, span.toMs);
    for (let start = bucketKey(level, vehicle, span.fromMs); ;) {
      const page = readFrom('roll-ups', () => [...this.#buckets.getRange({ start, end, limit: PAGE_ROWS })]);
      for (const { key, value } of page) decodeCells(level, key, value, columns);
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE_ROWS) return columns;
      start = after(last.key);
      await new Promise(resolve => setImmediate(resolve));
    }
  }

  /** What a block held when it was rolled up; undefined where there is no roll-up of it. */
  digest(vehicle: string, startMs: number): BlockDigest | undefined {
    const found = readFrom('roll-ups', () => this.#buckets.get(bucketKey('5min', vehicle, startMs)));
    return found === undefined ? undefined : digestOf(found);
  }

  /** Forgets blocks that begin before `beforeMs`; gives how many. */
  async prune(level: RollUpLevel, vehicle: string, beforeMs: number): Promise<number> {
    const keys = this.#keys(level, vehicle, 0, beforeMs).slice(0, PRUNED_AT_ONCE);
    if (keys.length === 0) return 0;
    await written('forgetting roll-ups', () =>
      this.#environment.root.batch(() => {
        for (const key of keys) void this.#buckets.remove(key);
      }),
    );
    return keys.length;
  }

  #keys(level: RollUpLevel, vehicle: string, fromMs: number, toMs: number): Buffer[] {
    const range = {
      start: bucketKey(level, vehicle, fromMs),
      end: bucketKey(level, vehicle, toMs),
      limit: PRUNED_AT_ONCE,
    };
    return readFrom('roll-ups', () => Array.from(this.#buckets.getKeys(range), key => Buffer.from(key)));
  }

  /** Starts of the blocks of a vehicle that are rolled up: for tests and checks. */
  starts(level: RollUpLevel, vehicle: string): number[] {
    return this.#keys(level, vehicle, 0, Number.MAX_SAFE_INTEGER / 64).map(startOfKey);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#environment[Symbol.asyncDispose]();
  }
}

/** STORE_FAILED where the folder cannot be opened. */
export const openRollUpStore = (path: string): RollUpStore => new RollUpStore(openEnvironment(path));
