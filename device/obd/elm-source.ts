import { codeOf } from '../../common/errors.js';
import type { Timers } from '../../common/clock.js';
import { fault } from '../../protocol/errors.js';
import { adapterFaultKind } from './adapter-text.js';
import type { BusShape, ProtocolNumber } from './bus.js';
import { Elm327 } from './elm327.js';
import { byEcu, decodeInfo, decodeTroubleCodes, decodeVin, type InfoType } from './identity.js';
import { reassemble, type EcuMessage } from './iso-tp.js';
import { decodeSupport, isShareable, SUPPORT_PIDS } from './mode01.js';
import { Mode01Reader } from './mode01-reader.js';
import { adapterCommand, MAX_PIDS_PER_REQUEST, readRequest, type ReadRequest } from './services.js';
import { findBus, readVoltage, setUpAdapter, type AdapterIdentity } from './setup.js';
import type { AdapterFacts, Link, ObdSource, TextName, TroubleCodeKind } from './types.js';

export interface ElmSourceOptions {
  readonly timers: Timers;
  readonly timeoutMs: number;
  /** `ATZ` and the search for the protocol take longer than any other answer. */
  readonly searchTimeoutMs: number;
  /** Default `auto`. */
  readonly protocol?: ProtocolNumber | 'auto';
  /** At this voltage the engine runs: a search by hand over all protocols is worth it. */
  readonly runningV?: number;
}

const NEGATIVE = 0x7f;
const RESPONSE_PENDING = 0x78;
const INFO_TYPES: Readonly<Record<Exclude<TextName, 'dtc' | 'dtcp'>, InfoType>> = {
  vin: 0x02,
  cal: 0x04,
  cvn: 0x06,
  ecun: 0x0a,
};
/** Reports are small: a list of texts ends with the last that fits. */
const MAX_TEXT = 200;

/** An adapter on a link, set up. The car is not reached before `connect`. Rejects with OBD_TIMEOUT or OBD_LINK. */
export async function openElmAdapter(link: Link, options: ElmSourceOptions, signal: AbortSignal): Promise<ObdSource> {
  const adapter = new Elm327(link, options);
  try {
    const source = new ElmSource(adapter, link, options);
    await source.reset(signal);
    return source;
  } catch (error) {
    await adapter[Symbol.asyncDispose]();
    throw error;
  }
}

/** The same, and the car found behind it. */
export async function openElmSource(link: Link, options: ElmSourceOptions, signal: AbortSignal): Promise<ObdSource> {
  const source = await openElmAdapter(link, options, signal);
  try {
    await source.connect(signal);
    return source;
  } catch (error) {
    await source[Symbol.asyncDispose]();
    throw error;
  }
}

class ElmSource implements ObdSource {
  readonly #adapter: Elm327;
  readonly #link: Link;
  readonly #options: ElmSourceOptions;
  #identity: AdapterIdentity | undefined;
  #bus: BusShape | undefined;
  #voltage: number | undefined;
  /** By control unit: a count of answers can be awaited only where one knows who will answer. */
  #units = new Map<string, Set<number>>();
  #supported = new Set<number>();
  #infoTypes: ReadonlySet<number> | undefined;
  #reader: Mode01Reader;

  constructor(adapter: Elm327, link: Link, options: ElmSourceOptions) {
    this.#adapter = adapter;
    this.#link = link;
    this.#options = options;
    this.#reader = this.#newReader(1);
  }

  get supported(): ReadonlySet<number> {
    return this.#supported;
  }

  get batchMax(): number {
    return this.#reader.batchMax;
  }

  get facts(): AdapterFacts {
    const { id = 'unknown', stn, isClone = false } = this.#identity ?? {};
    return {
      id,
      ...(stn === undefined ? {} : { stn }),
      isClone,
      ...(this.#bus === undefined ? {} : { bus: this.#bus }),
      ecus: [...this.#units.keys()],
      hasPrompts: !this.#adapter.isPromptless,
      takesCounts: this.#reader.takesCounts,
      ...(this.#voltage === undefined ? {} : { voltage: this.#voltage }),
      ...(this.#link.name === undefined ? {} : { link: this.#link.name }),
    };
  }

  async reset(signal: AbortSignal): Promise<void> {
    this.#bus = undefined;
    this.#identity = await setUpAdapter(this.#adapter, this.#options.searchTimeoutMs, signal);
    await this.voltage(signal);
  }

  async connect(signal: AbortSignal): Promise<void> {
    const { protocol = 'auto', searchTimeoutMs: searchMs, runningV = Infinity } = this.#options;
    const hasHeaders = this.#identity?.hasHeaders ?? true;
    const tryAll = (this.#voltage ?? 0) >= runningV;
    const found = await findBus(this.#adapter, { protocol, hasHeaders, tryAll, searchMs }, signal);
    this.#bus = found.bus;
    this.#infoTypes = undefined;
    await this.#discover(reassemble(found.lines, found.bus), signal);
    this.#reader = this.#newReader(found.bus.can ? MAX_PIDS_PER_REQUEST : 1);
  }

  /** Walks the bitmaps: the next one is asked only where the last bit of this one says that it exists. */
  async #discover(first: readonly EcuMessage[], signal: AbortSignal): Promise<void> {
    const units = new Map<string, Set<number>>();
    const supported = new Set<number>();
    for (const base of SUPPORT_PIDS) {
      if (base !== 0 && !supported.has(base)) break;
      const messages = base === 0 ? first : await this.#ask(readRequest(1, [base]), signal);
      for (const { ecu, data } of messages) {
        const pids = decodeSupport(base, data);
        units.set(ecu, new Set([...(units.get(ecu) ?? []), ...pids]));
        for (const pid of pids) supported.add(pid);
      }
    }
    this.#units = units;
    this.#supported = supported;
  }

  #newReader(batchMax: number): Mode01Reader {
    return new Mode01Reader({
      ask: (request, signal) => this.#ask(request, signal),
      units: this.#units,
      supported: this.#supported,
      batchMax,
      hasHeaders: (this.#bus?.headerDigits ?? 0) > 0,
    });
  }

  isShareable(pid: number): boolean {
    return isShareable(pid, this.#supported);
  }

  read(pids: readonly number[], signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    return this.#reader.read(pids, signal);
  }

  async readVin(signal: AbortSignal): Promise<string> {
    const [unit = []] = byEcu(await this.#ask(readRequest(9, [2]), signal));
    if (unit.length === 0) throw fault('OBD_FRAME', 'no VIN');
    return decodeVin(unit, this.#bus?.can ?? true);
  }

  async readTexts(names: readonly TextName[], signal: AbortSignal): Promise<ReadonlyMap<TextName, string>> {
    const texts = new Map<TextName, string>();
    for (const name of names) {
      const found = await this.#readText(name, signal);
      if (found !== undefined) texts.set(name, joined(found));
    }
    return texts;
  }

  async #readText(name: TextName, signal: AbortSignal): Promise<readonly string[] | undefined> {
    if (name === 'dtc') return this.readTroubleCodes(signal, 'stored');
    if (name === 'dtcp') return this.readTroubleCodes(signal, 'pending');
    this.#infoTypes ??= await this.#discoverInfo(signal);
    const type = INFO_TYPES[name];
    if (!this.#infoTypes.has(type)) return undefined;
    if (name === 'vin') return [await this.readVin(signal)];
    const units = byEcu(await this.#ask(readRequest(9, [type]), signal));
    return units.flatMap(unit => decodeInfo(type, unit, this.#bus?.can ?? true));
  }

  /** Which of service 09 there is. Older cars that cannot tell are taken to have none of it. */
  async #discoverInfo(signal: AbortSignal): Promise<ReadonlySet<number>> {
    try {
      const messages = await this.#ask(readRequest(9, [0]), signal);
      // K-line: a count of messages stands before the bitmap.
      const bitmaps = messages.map(({ data }) =>
        data.length === 7 ? Uint8Array.of(0x49, 0, ...data.subarray(3)) : data,
      );
      return new Set(bitmaps.flatMap(data => decodeSupport(0, data, 0x09)));
    } catch (error) {
      if (adapterFaultKind(error) === 'silence' || codeOf(error) === 'OBD_FRAME') return new Set();
      throw error;
    }
  }

  async readTroubleCodes(signal: AbortSignal, kind: TroubleCodeKind = 'stored'): Promise<readonly string[]> {
    try {
      const messages = await this.#ask(readRequest(kind === 'stored' ? 3 : 7), signal);
      return [...new Set(messages.flatMap(message => decodeTroubleCodes(message.data)))];
    } catch (error) {
      // Older units keep silent where there is nothing to tell.
      if (adapterFaultKind(error) === 'silence') return [];
      throw error;
    }
  }

  async voltage(signal: AbortSignal): Promise<number | undefined> {
    this.#voltage = await readVoltage(this.#adapter, this.#identity?.stn !== undefined, signal);
    return this.#voltage;
  }

  async closeBus(signal: AbortSignal): Promise<void> {
    await this.#adapter.command(adapterCommand('ATPC'), signal);
  }

  async #ask(request: ReadRequest, signal: AbortSignal): Promise<EcuMessage[]> {
    const bus = this.#bus;
    if (bus === undefined) throw fault('OBD_LINK', 'no car has been found yet');
    const lines = await this.#adapter.command(request, signal, this.#options.timeoutMs);
    // 7F xx 78, "response pending", is followed by the answer itself.
    return reassemble(lines, bus).filter(({ data }) => !(data[0] === NEGATIVE && data[2] === RESPONSE_PENDING));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#adapter[Symbol.asyncDispose]();
  }
}

function joined(texts: readonly string[]): string {
  let sum = '';
  for (const text of texts) {
    if (sum.length + 1 + text.length > MAX_TEXT) break;
    sum += sum === '' ? text : ` ${text}`;
  }
  return sum;
}
