import { delay, type Clock, type Timers } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import { signalByPid, signalsOfPid } from '../../protocol/signals.js';
import type { ObdSource, TextName } from '../obd/types.js';
import type { Power } from './power.js';
import type { Reading } from './reading.js';
import { Scheduler, type Rates, type TierPeriods } from './scheduler.js';

export interface PollingOptions {
  readonly source: ObdSource;
  readonly periods: TierPeriods;
  readonly rates: Rates;
  readonly texts: readonly TextName[];
  readonly onReading: (reading: Reading) => void;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly metrics: Metrics<MetricName>;
}

/** Samples a second by wire name (the first signal of each PID), and what a request takes. */
export interface CarRates {
  readonly turnAroundMs: number | undefined;
  readonly signals: ReadonlyMap<string, { readonly hz: number; readonly wantedHz: number }>;
}

/** Trouble codes come and go; who the control units are does not. */
const TEXT_PERIOD_MS: Readonly<Record<TextName, number>> = {
  dtc: 60_000,
  dtcp: 60_000,
  vin: 600_000,
  cal: 600_000,
  cvn: 600_000,
  ecun: 600_000,
};
/** Between two of these, so that they never come all at once. */
const TEXT_GAP_MS = 1_000;
/** How often the voltage is measured while the engine runs, and while it stands. */
const VOLTAGE_MS = 5_000;
const VOLTAGE_OFF_MS = 1_000;
const IDLE_MS = 1_000;
/** What a trouble code list says where there is none. */
const NO_CODES = 'none';

/** The questions to a car that is awake, one after the other: PIDs by the scheduler, texts now and then. */
export class Polling {
  readonly #options: PollingOptions;
  readonly #scheduler: Scheduler;
  readonly #textDueMs: Map<TextName, number>;
  #nextTextMs: number;
  #voltageAtMs = -Infinity;

  constructor(options: PollingOptions) {
    const { source, periods, rates, texts, clock } = options;
    this.#options = options;
    this.#scheduler = new Scheduler({
      supported: [...source.supported].filter(pid => signalByPid(pid) !== undefined),
      periods,
      rates,
      isShareable: pid => source.isShareable(pid),
    });
    // First what moves, then who it is.
    this.#nextTextMs = clock.monotonicMs() + TEXT_GAP_MS;
    this.#textDueMs = new Map(texts.map(name => [name, -Infinity]));
  }

  isVoltageDue(power: Power): boolean {
    const isOff = power.at === 'awake' && power.offSinceMs !== undefined;
    return this.#options.clock.monotonicMs() - this.#voltageAtMs >= (isOff ? VOLTAGE_OFF_MS : VOLTAGE_MS);
  }

  voltageSeen(nowMs: number): void {
    this.#voltageAtMs = nowMs;
  }

  rates(nowMs: number): CarRates {
    const found = this.#scheduler.rates(nowMs);
    return {
      turnAroundMs: this.#scheduler.turnAroundMs,
      signals: new Map([...found].map(([pid, rate]) => [signalByPid(pid)?.wire ?? '', rate])),
    };
  }

  /**
   * One request, or a moment's wait where none is due (`undefined`). Gives what says whether the engine runs. Rejects as
   * `ObdSource.read`.
   */
  async turn(signal: AbortSignal): Promise<{ readonly rpm?: number; readonly speedKmh?: number } | undefined> {
    const { clock, timers, source } = this.#options;
    const nowMs = clock.monotonicMs();
    const name = this.#textDue(nowMs);
    if (name !== undefined) {
      await this.#readText(name, signal);
      return undefined;
    }
    const batch = this.#scheduler.next(nowMs, source.batchMax);
    if (batch.length > 0) return this.#read(batch, signal);
    const dueMs = Math.min(this.#scheduler.nextDueMs(), this.#nextTextDueMs());
    await delay(Math.min(IDLE_MS, Math.max(1, dueMs - nowMs)), signal, timers);
    return undefined;
  }

  async #read(batch: readonly number[], signal: AbortSignal) {
    const { clock, metrics, onReading, source } = this.#options;
    const fromMs = clock.monotonicMs();
    const values = await source.read(batch, signal);
    const monoMs = clock.monotonicMs();
    metrics.observe('agent_obd_request_seconds', (monoMs - fromMs) / 1000);
    const answered = new Set(batch.filter(pid => signalsOfPid(pid).some(({ wire }) => values.has(wire))));
    this.#scheduler.answered(batch, answered, monoMs - fromMs, monoMs);
    for (const [name, value] of values) {
      metrics.count('agent_obd_samples_total', { signal: name });
      onReading({ name, value, monoMs });
    }
    const [rpm, speedKmh] = [values.get('rpm'), values.get('spd')];
    return { ...(rpm === undefined ? {} : { rpm }), ...(speedKmh === undefined ? {} : { speedKmh }) };
  }

  /** Infinity where no text is read. */
  #nextTextDueMs(): number {
    return Math.max(this.#nextTextMs, Math.min(Infinity, ...this.#textDueMs.values()));
  }

  #textDue(nowMs: number): TextName | undefined {
    if (nowMs < this.#nextTextMs) return undefined;
    const [first] = [...this.#textDueMs].sort(([, x], [, y]) => x - y);
    return first !== undefined && first[1] <= nowMs ? first[0] : undefined;
  }

  async #readText(name: TextName, signal: AbortSignal): Promise<void> {
    const { clock, source, onReading, metrics } = this.#options;
    const nowMs = clock.monotonicMs();
    this.#textDueMs.set(name, nowMs + TEXT_PERIOD_MS[name]);
    this.#nextTextMs = nowMs + TEXT_GAP_MS;
    try {
      const value = (await source.readTexts([name], signal)).get(name);
      if (value !== undefined) onReading({ name, value: value === '' ? NO_CODES : value, monoMs: clock.monotonicMs() });
    } catch (error) {
      // What the car does not tell here is no reason to mend anything; a link that is gone shows at the next request.
      signal.throwIfAborted();
      metrics.count('agent_obd_errors_total', { code: codeOf(error) });
    }
  }
}
