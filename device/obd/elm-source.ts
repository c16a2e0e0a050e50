import type { Timers } from '../../common/clock.js';
import { toHex } from '../../common/hex.js';
import { codeOf, EdgetwinError } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';
import { signalByPid } from '../../protocol/signals.js';
import { Elm327, type AdapterCommand } from './elm327.js';
import { decodeTroubleCodes, decodeVin } from './identity.js';
import { busOf, reassemble, type BusShape, type EcuMessage } from './iso-tp.js';
import { decodeMode01, decodeSupport, SUPPORT_PIDS } from './mode01.js';
import { MAX_PIDS_PER_REQUEST, readRequest } from './services.js';
import type { Link, ObdSource } from './types.js';

export interface ElmSourceOptions {
  readonly timers: Timers;
  readonly timeoutMs: number;
  /** `ATZ` and the search for the protocol take longer than any other answer. */
  readonly searchTimeoutMs: number;
}

/** ISO 14229 / SAE J1979 negative response `7F service code`. */
const NEGATIVE = 0x7f;
/** A CAN single frame holds seven bytes. */
const SINGLE_FRAME_BYTES = 7;

/**
 * A car behind an ELM327: sets the adapter up, finds the bus, and asks for the support bitmaps.
 * The set-up of CONVENTIONS §2: ATZ ATE0 ATL0 ATS0 ATH1 AT RV ATSP0 0100 ATDPN.
 */
export async function openElmSource(link: Link, options: ElmSourceOptions, signal: AbortSignal): Promise<ObdSource> {
  const adapter = new Elm327(link, options);
  try {
    await adapter.command('ATZ', signal, options.searchTimeoutMs);
    for (const command of ['ATE0', 'ATL0', 'ATS0', 'ATH1', 'AT RV', 'ATSP0'] satisfies AdapterCommand[])
      await adapter.command(command, signal);
    const first = await adapter.command(readRequest(1, [0]), signal, options.searchTimeoutMs);
    const [protocol = ''] = await adapter.command('ATDPN', signal);
    const bus = busOf(protocol);
    const source = new ElmSource(adapter, bus, options);
    await source.discover(reassemble(first, bus), signal);
    return source;
  } catch (error) {
    await adapter[Symbol.asyncDispose]();
    throw error;
  }
}

class ElmSource implements ObdSource {
  readonly supported = new Set<number>();
  readonly #adapter: Elm327;
  readonly #bus: BusShape;
  readonly #options: ElmSourceOptions;
  #ecuCount = 0;
  #several: boolean;

  constructor(adapter: Elm327, bus: BusShape, options: ElmSourceOptions) {
    this.#adapter = adapter;
    this.#bus = bus;
    this.#options = options;
    this.#several = bus.can;
  }

  get batchMax(): number {
    return this.#several ? MAX_PIDS_PER_REQUEST : 1;
  }

  /** Walks the bitmaps: the next one is asked only where the last bit of this one says that it exists. */
  async discover(first: readonly EcuMessage[], signal: AbortSignal): Promise<void> {
    this.#ecuCount = new Set(first.map(message => message.ecu)).size;
    for (const base of SUPPORT_PIDS) {
      if (base !== 0 && !this.supported.has(base)) break;
      const messages = base === 0 ? first : await this.#ask(readRequest(1, [base]), signal);
      for (const { data } of messages) for (const pid of decodeSupport(base, data)) this.supported.add(pid);
    }
  }

  async read(pids: readonly number[], signal: AbortSignal): Promise<ReadonlyMap<number, number>> {
    const values = new Map<number, number>();
    for (let at = 0; at < pids.length;) {
      const batch = pids.slice(at, at + this.batchMax);
      try {
        for (const [pid, value] of await this.#readBatch(batch, signal)) values.set(pid, value);
        at += batch.length;
      } catch (error) {
        // A car that refuses several PIDs at once (7F 01 12) is asked for one at a time from now on.
        if (batch.length === 1 || !(error instanceof Refused)) throw error;
        this.#several = false;
      }
    }
    return values;
  }

  async #readBatch(batch: readonly number[], signal: AbortSignal): Promise<Map<number, number>> {
    const bytes = batch.reduce((sum, pid) => sum + 1 + (signalByPid(pid)?.obd.bytes ?? SINGLE_FRAME_BYTES), 1);
    // The count of answers spares the adapter's waiting for more; sure only where one unit answers in one frame.
    const replies = this.#ecuCount === 1 && bytes <= SINGLE_FRAME_BYTES ? 1 : undefined;
    const values = new Map<number, number>();
    let refusal: Refused | undefined;
    let frames = 0;
    for (const { data } of await this.#ask(readRequest(1, batch, replies), signal)) {
      if (data[0] === NEGATIVE) {
        refusal = new Refused(data);
        continue;
      }
      frames++;
      for (const [pid, value] of decodeMode01(data)) if (!values.has(pid)) values.set(pid, value);
    }
    if (frames === 0 && refusal !== undefined) throw refusal;
    return values;
  }

  async readVin(signal: AbortSignal): Promise<string> {
    const [message] = await this.#ask(readRequest(9, [2]), signal);
    if (message === undefined) throw fault('OBD_FRAME', 'no VIN');
    return decodeVin(message.data);
  }

  async readTroubleCodes(signal: AbortSignal): Promise<readonly string[]> {
    try {
      return (await this.#ask(readRequest(3), signal)).flatMap(message => decodeTroubleCodes(message.data));
    } catch (error) {
      // Older units keep silent where there is nothing to tell.
      if (codeOf(error) === 'OBD_ADAPTER' && error instanceof EdgetwinError && error.detail.startsWith('NO DATA'))
        return [];
      throw error;
    }
  }

  async #ask(request: ReturnType<typeof readRequest>, signal: AbortSignal): Promise<EcuMessage[]> {
    const lines = await this.#adapter.command(request, signal, this.#options.timeoutMs);
    // 7F xx 78, "response pending", is followed by the answer itself.
    return reassemble(lines, this.#bus).filter(({ data }) => !(data[0] === NEGATIVE && data[2] === 0x78));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#adapter[Symbol.asyncDispose]();
  }
}

/** The car understood the request and refuses it. */
class Refused extends EdgetwinError {
  constructor(data: Uint8Array) {
    const { code, detail } = fault('OBD_FRAME', `refused: ${toHex(data)}`);
    super(code, { retry: false, say: 'the car refused a request' }, detail);
  }
}
