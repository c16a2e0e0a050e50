import { delay, type Clock, type Timers } from '../../common/clock.js';
import { codeOf, EdgetwinError, messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import { backoff } from '../../common/retry.js';
import type { MetricName } from '../../protocol/metrics.js';
import { signalByPid, SIGNALS } from '../../protocol/signals.js';
import { busIsGone } from '../obd/adapter-text.js';
import type { ObdSource } from '../obd/types.js';
import { Planner, type TierPeriods } from './planner.js';
import type { Reading } from './report-builder.js';

export interface CarLoopOptions {
  readonly open: (signal: AbortSignal) => Promise<ObdSource>;
  readonly periods: TierPeriods;
  readonly onReading: (reading: Reading) => void;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

/** CONVENTIONS §2: 1, 2, 4 … 60 s, and on without a restart once the ignition is on again. */
const BACKOFF = { firstMs: 1_000, maxMs: 60_000, jitter: 0.1 };
/** A request is tried again this often before the adapter is set up anew. */
const FAULTS_BEFORE_RESET = 5;
const AFTER_FAULT_MS = 250;

/** Reads a car for as long as the agent runs: connects, finds what it supports, polls by tiers, connects again. */
export class CarLoop {
  readonly #options: CarLoopOptions;
  #source: ObdSource | undefined;

  constructor(options: CarLoopOptions) {
    this.#options = options;
  }

  /** The car while it is connected. */
  get source(): ObdSource | undefined {
    return this.#source;
  }

  /** Runs until the signal is aborted; rejects with its reason. */
  async run(signal: AbortSignal): Promise<never> {
    const { open, log, metrics, timers, random } = this.#options;
    let waits = backoff(BACKOFF, random);
    for (;;) {
      try {
        await using source = await open(signal);
        this.#source = source;
        log.info({ event: 'obd.connected', pids: source.supported.size, batchMax: source.batchMax });
        waits = backoff(BACKOFF, random);
        await this.#poll(source, signal);
      } catch (error) {
        signal.throwIfAborted();
        metrics.count('agent_obd_errors_total', { code: codeOf(error) });
        log.warn({ event: 'obd.failed', code: codeOf(error), error: messageOf(error) });
      } finally {
        this.#source = undefined;
      }
      await delay(waits.next().value, signal, timers);
    }
  }

  async #poll(source: ObdSource, signal: AbortSignal): Promise<never> {
    const { clock, timers, metrics, periods } = this.#options;
    const planner = new Planner(SIGNALS, source.supported, periods);
    for (let faults = 0; ;) {
      const batch = planner.next(clock.monotonicMs(), source.batchMax);
      if (batch.length === 0) {
        await delay(Math.min(1_000, Math.max(1, planner.nextDueMs() - clock.monotonicMs())), signal, timers);
        continue;
      }
      try {
        await this.#read(source, batch, signal);
        faults = 0;
      } catch (error) {
        signal.throwIfAborted();
        if (isLost(error) || (!isSilence(error) && ++faults >= FAULTS_BEFORE_RESET)) throw error;
        metrics.count('agent_obd_errors_total', { code: codeOf(error) });
        await delay(AFTER_FAULT_MS, signal, timers);
      }
    }
  }

  async #read(source: ObdSource, batch: readonly number[], signal: AbortSignal): Promise<void> {
    const { clock, metrics, onReading } = this.#options;
    const fromMs = clock.monotonicMs();
    const values = await source.read(batch, signal);
    const monoMs = clock.monotonicMs();
    metrics.observe('agent_obd_request_seconds', (monoMs - fromMs) / 1000);
    for (const [pid, value] of values) {
      const name = signalByPid(pid)?.wire;
      if (name !== undefined) onReading({ name, value, monoMs });
    }
  }
}

const detailOf = (error: unknown): string => (error instanceof EdgetwinError ? error.detail : '');
const isLost = (error: unknown): boolean => codeOf(error) === 'OBD_LINK' || busIsGone(detailOf(error));
/** The adapter is well, the car has nothing to say: ignition off, or a gap of a recording. */
const isSilence = (error: unknown): boolean => codeOf(error) === 'OBD_ADAPTER' && detailOf(error).startsWith('NO DATA');
