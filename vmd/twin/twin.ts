import type { Digest } from '../../protocol/api/vmd.js';
import { compareCells } from '../../store/join.js';
import { missingIn } from '../../store/ranges.js';
import type { LiveCell } from '../../store/types.js';
import { OBSERVE_NUMBERS } from '../../protocol/coap/observe-order.js';
import { BootRanges } from './boot-ranges.js';

/** How far a new host jumps ahead of its predecessor, which may go on for a moment (DESIGN §6). */
export const MESSAGE_ID_STEP = 8_192;
export const OBSERVE_STEP = 2 ** 16;
const MESSAGE_IDS = 2 ** 16;

/** Where a cell came from: a report of the vehicle (here or at the twin before), or the store. */
export type CellOrigin = 'twin-cache' | 'stored';

export interface HeldCell {
  readonly cell: LiveCell;
  readonly origin: CellOrigin;
}

/** The twin of one vehicle: its newest cells, and which of its reports are known to be stored. */
export class Twin {
  readonly vehicle: string;
  readonly #cells = new Map<string, { cell: LiveCell; origin: CellOrigin }>();
  /** Seqs known to be stored, here or at a twin before. */
  readonly #stored = new BootRanges();
  /** Seqs of the digest that this domain's store has not been seen to hold. */
  readonly #missing = new BootRanges();
  #awaitsDigest = true;
  #nextMessageId: number;
  #nextObserve = 0;

  /** `messageId`: where this twin's own requests begin unless a digest says otherwise, 0 to 65,535. */
  constructor(vehicle: string, messageId: number) {
    this.vehicle = vehicle;
    this.#nextMessageId = messageId;
  }

  /** A report that is durable now. False where this (boot, seq) was known already. */
  applyReport(boot: number, seq: number, cells: readonly LiveCell[]): boolean {
    for (const cell of cells) this.#put(cell, 'twin-cache');
    return this.markStored(boot, seq);
  }

  /** Cells of the store, joined. */
  applyStored(cells: readonly LiveCell[]): void {
    for (const cell of cells) this.#put(cell, 'stored');
  }

  /** What the twin before knew. Taking it again changes nothing. */
  applyDigest(digest: Digest): void {
    for (const { suspect, ...cell } of digest.cells)
      this.#put(suspect === undefined ? cell : { ...cell, suspect }, 'twin-cache');
    for (const { boot, ranges } of digest.ranges) {
      for (const [from, to] of ranges) {
        for (const [low, high] of missingIn(this.#stored.of(boot), from, to)) this.#missing.add(boot, low, high);
        this.#stored.add(boot, from, to);
      }
    }
    if (!this.#awaitsDigest) return;
    this.#awaitsDigest = false;
    this.#nextMessageId = (digest.nextMessageId + MESSAGE_ID_STEP) % MESSAGE_IDS;
    this.#nextObserve = (digest.nextObserve + OBSERVE_STEP) % OBSERVE_NUMBERS;
  }

  /** The claim came without a digest: there was nobody to give one. */
  expectNoDigest(): void {
    this.#awaitsDigest = false;
  }

  /** The store of this domain holds this report. False where that was known. */
  markStored(boot: number, seq: number): boolean {
    this.#missing.remove(boot, seq);
    return this.#stored.add(boot, seq);
  }

  /** Seqs that a digest named and this domain's store was not yet seen to hold. */
  get missing(): BootRanges {
    return this.#missing;
  }

  /** Whether this domain's store covers what the digest promised. */
  get complete(): boolean {
    return !this.#awaitsDigest && this.#missing.empty;
  }

  /** By wire name, as it is now: not to be kept. */
  cell(signal: string): HeldCell | undefined {
    return this.#cells.get(signal);
  }

  /** Wire names of the signals that have a value. */
  signals(): string[] {
    return [...this.#cells.keys()];
  }

  /** The message id of the next request to the device. */
  takeMessageId(): number {
    const id = this.#nextMessageId;
    this.#nextMessageId = (id + 1) % MESSAGE_IDS;
    return id;
  }

  /** The Observe number of the next notification of a signal (RFC 7641 §4.4). */
  takeObserve(): number {
    const number = this.#nextObserve;
    this.#nextObserve = (number + 1) % OBSERVE_NUMBERS;
    return number;
  }

  digest(): Digest {
    return {
      schema: 1,
      vehicle: this.vehicle,
      cells: [...this.#cells.values()].map(({ cell }) => ({ ...cell })),
      ranges: this.#stored.list(),
      nextMessageId: this.#nextMessageId,
      nextObserve: this.#nextObserve,
    };
  }

  #put(cell: LiveCell, origin: CellOrigin): void {
    const held = this.#cells.get(cell.signal);
    if (held === undefined) this.#cells.set(cell.signal, { cell, origin });
    else if (compareCells(cell, held.cell) > 0) {
      held.cell = cell;
      held.origin = origin;
    }
  }
}
