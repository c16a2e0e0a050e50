import { codeOf, EdgetwinError } from '../../common/errors.js';
import { toHex } from '../../common/hex.js';
import { fault } from '../../protocol/errors.js';
import { adapterFaultKind } from './adapter-text.js';
import type { EcuMessage } from './iso-tp.js';
import { bytesOfPid, isShareable, splitMode01, valuesOf } from './mode01.js';
import { readRequest, type ReadRequest } from './services.js';

export interface Mode01Options {
  /** Sends one request and gives the messages that answer it. */
  readonly ask: (request: ReadRequest, signal: AbortSignal) => Promise<readonly EcuMessage[]>;
  /** PIDs of each control unit. */
  readonly units: ReadonlyMap<string, ReadonlySet<number>>;
  readonly supported: ReadonlySet<number>;
  readonly batchMax: number;
  readonly hasHeaders: boolean;
}

const NEGATIVE = 0x7f;
/** A CAN single frame holds seven bytes; a first frame six of the message, each following one seven more. */
const SINGLE_FRAME_BYTES = 7;
const FIRST_FRAME_BYTES = 6;
/** After this many answers to several PIDs of which single requests then told more, several are not asked for again. */
const SHORT_ANSWERS_MAX = 2;

/**
 * Reads PIDs of service 01: several in a request where the car takes that, one by one where it refuses, answers too
 * little, or answers what cannot be taken apart. A request carries the count of answers where it is known, so that the
 * adapter need not wait for more.
 */
export class Mode01Reader {
  readonly #options: Mode01Options;
  #batchMax: number;
  #shortAnswers = 0;
  #takesCounts = true;
  /** PIDs that gave nothing when they were asked for alone: they do not spoil a request of several. */
  readonly #silent = new Set<number>();

  constructor(options: Mode01Options) {
    this.#options = options;
    this.#batchMax = options.batchMax;
  }

  get batchMax(): number {
    return this.#batchMax;
  }

  get takesCounts(): boolean {
    return this.#takesCounts;
  }

  async read(pids: readonly number[], signal: AbortSignal): Promise<Map<string, number>> {
    const values = new Map<string, number>();
    const found = new Map<number, DataView>();
    const { supported } = this.#options;
    const shared = pids.filter(pid => this.#batchMax > 1 && isShareable(pid, supported) && !this.#silent.has(pid));
    const alone = pids.filter(pid => !shared.includes(pid));
    for (let at = 0; at < shared.length;) {
      const batch = shared.slice(at, at + this.#batchMax);
      if (batch.length > 1) await this.#readSeveral(batch, found, signal);
      else await this.#readAlone(batch, found, signal);
      at += batch.length;
    }
    await this.#readAlone(alone, found, signal);
    for (const [pid, data] of found) for (const [wire, value] of valuesOf(pid, data)) values.set(wire, value);
    return values;
  }

  /** One by one; what has no answer is left out, unless nothing at all has. */
  async #readAlone(pids: readonly number[], found: Map<number, DataView>, signal: AbortSignal): Promise<void> {
    let silence: unknown;
    for (const pid of pids) {
      try {
        for (const [id, data] of await this.#request([pid], signal)) found.set(id, data);
        this.#silent.delete(pid);
      } catch (error) {
        // One PID that a car answers wrongly does not cost the others.
        if (codeOf(error) !== 'OBD_FRAME' && adapterFaultKind(error) !== 'silence') throw error;
        this.#silent.add(pid);
        silence = error;
      }
    }
    if (found.size === 0 && silence !== undefined) throw silence as Error;
  }

  async #readSeveral(batch: readonly number[], found: Map<number, DataView>, signal: AbortSignal): Promise<void> {
    let missing = batch;
    try {
      const answered = await this.#request(batch, signal);
      for (const [pid, data] of answered) if (batch.includes(pid)) found.set(pid, data);
      missing = batch.filter(pid => !answered.has(pid) && !this.#silent.has(pid));
      if (answered.size === batch.length) this.#shortAnswers = 0;
      if (missing.length === 0) return;
    } catch (error) {
      if (!this.#mayBeTheNumber(error)) throw error;
      // A car that refuses several PIDs at once (7F 01 12) is asked for one at a time from now on.
      if (error instanceof Refused) this.#batchMax = 1;
      // One alone tells a silent car from one that keeps silent at several.
      if (adapterFaultKind(error) === 'silence') await this.#readAlone(batch.slice(0, 1), found, signal);
      missing = batch.filter(pid => !found.has(pid) && !this.#silent.has(pid));
    }
    await this.#readAlone(missing, found, signal);
    const isByNumber = missing.length > 0 && missing.every(pid => found.has(pid));
    if (isByNumber && ++this.#shortAnswers >= SHORT_ANSWERS_MAX) this.#batchMax = 1;
  }

  /** Whether asking for fewer may help. */
  #mayBeTheNumber(error: unknown): boolean {
    if (error instanceof Refused || codeOf(error) === 'OBD_FRAME' || adapterFaultKind(error) === 'silence') return true;
    return (
      adapterFaultKind(error) === 'passing' && error instanceof EdgetwinError && error.detail.startsWith('BUFFER FULL')
    );
  }

  async #request(batch: readonly number[], signal: AbortSignal): Promise<Map<number, DataView>> {
    // Where several units have a PID, the engine's counts: it has the lowest address.
    const messages = [...(await this.#ask(batch, signal))].sort((x, y) =>
      x.ecu.slice(-2).localeCompare(y.ecu.slice(-2)),
    );
    const found = new Map<number, DataView>();
    let refusal: Refused | undefined;
    for (const { data } of messages) {
      if (data[0] === NEGATIVE) refusal = new Refused(data);
      else for (const [pid, bytes] of splitMode01(data, batch)) if (!found.has(pid)) found.set(pid, bytes);
    }
    if (found.size === 0 && refusal !== undefined) throw refusal;
    return found;
  }

  async #ask(batch: readonly number[], signal: AbortSignal): Promise<readonly EcuMessage[]> {
    const replies = this.#takesCounts ? this.#repliesTo(batch) : undefined;
    try {
      return await this.#options.ask(readRequest(1, batch, replies), signal);
    } catch (error) {
      if (replies === undefined || adapterFaultKind(error) !== 'command') throw error;
      // An adapter that does not take a count says so in the word for a command that it does not know.
      this.#takesCounts = false;
      return this.#options.ask(readRequest(1, batch), signal);
    }
  }

  /** How many lines answer: sure where the units that have these PIDs are known, and each answers in one, or one alone. */
  #repliesTo(batch: readonly number[]): number | undefined {
    const { units, hasHeaders } = this.#options;
    if (!hasHeaders && units.size !== 1) return undefined;
    const sizes: number[] = [];
    for (const pids of units.values()) {
      const own = batch.filter(pid => pids.has(pid));
      if (own.length === 0) continue;
      let size = 1;
      for (const pid of own) size += 1 + (bytesOfPid(pid) ?? Infinity);
      sizes.push(size);
    }
    if (sizes.length === 0) return undefined;
    if (sizes.every(size => size <= SINGLE_FRAME_BYTES)) return sizes.length;
    const [only = Infinity] = sizes;
    if (sizes.length > 1 || !Number.isFinite(only)) return undefined;
    return 1 + Math.ceil((only - FIRST_FRAME_BYTES) / SINGLE_FRAME_BYTES);
  }
}

/** The car understood the request and refuses it. */
class Refused extends EdgetwinError {
  constructor(data: Uint8Array) {
    const { code, detail } = fault('OBD_FRAME', `refused: ${toHex(data)}`);
    super(code, { retry: false, say: 'the car refused a request' }, detail);
  }
}
