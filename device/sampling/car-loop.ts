import { delay } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import { backoff } from '../../common/retry.js';
import type { ObdSource } from '../obd/types.js';
import type { CarLoopOptions } from './car-loop-options.js';
import { CarPower } from './car-power.js';
import { AT_THE_FOOT, climb, troubleOf, type Ladder } from './ladder.js';
import { park } from './parking.js';
import { Polling, type CarRates } from './polling.js';
import type { Rates, TierPeriods } from './scheduler.js';

/** CONVENTIONS §2: 1, 2, 4 … 60 s, and on without a restart once the ignition is on again. */
const BACKOFF = { firstMs: 1_000, maxMs: 60_000, jitter: 0.1 };
const AFTER_FAULT_MS = 250;
/** Silence for so long while something charges the battery is taken for a fault of the adapter. */
const SILENCE_MS = 10_000;
/** Fruitless openings between two times that the adapter is enumerated anew. */
const REPLUG_EVERY = 10;

export type CarState = 'away' | 'connecting' | 'polling' | 'parked';

/**
 * Reads a car for as long as the agent runs: finds it, polls it by tiers, leaves it alone while it is parked, and climbs
 * the ladder where it does not answer as it should.
 */
export class CarLoop {
  readonly #options: CarLoopOptions;
  #source: ObdSource | undefined;
  #state: CarState = 'away';
  #polling: Polling | undefined;
  #plan: { readonly rates: Rates; readonly periods: TierPeriods };
  readonly #power: CarPower;
  #ladder: Ladder = AT_THE_FOOT;
  #isClimbed = false;
  #silentSinceMs: number | undefined;

  constructor(options: CarLoopOptions) {
    this.#options = options;
    this.#power = new CarPower(options);
    const { rates = new Map(), periods } = options;
    this.#plan = { rates, periods };
  }

  /** The car while it may be asked: connected, and not parked. */
  get source(): ObdSource | undefined {
    return this.#state === 'polling' ? this.#source : undefined;
  }

  /** The adapter while it is open, whatever the car does; for its facts alone. */
  get adapter(): Pick<ObdSource, 'facts' | 'supported' | 'batchMax'> | undefined {
    return this.#source;
  }

  get state(): CarState {
    return this.#state;
  }

  /** What is polled, and how often each PID is achieved. */
  get achieved(): CarRates | undefined {
    return this.#polling?.rates(this.#options.clock.monotonicMs());
  }

  /** Other tiers, priorities and periods from now on. */
  setPlan(plan: { readonly rates: Rates; readonly periods: TierPeriods }): void {
    this.#plan = plan;
    if (this.#polling !== undefined && this.#source !== undefined) this.#polling = this.#newPolling(this.#source);
  }

  /** Runs until the signal is aborted; rejects with its reason. */
  async run(signal: AbortSignal): Promise<never> {
    const { open, timers, random, untilBack, replug, log } = this.#options;
    let waits = backoff(BACKOFF, random);
    for (;;) {
      try {
        await using source = await open(signal);
        this.#source = source;
        await this.#serve(source, () => (waits = backoff(BACKOFF, random)), signal);
      } catch (error) {
        signal.throwIfAborted();
        // What the ladder led to was counted on it.
        if (!this.#isClimbed) this.#ladder = climb(this.#ladder, 'gone');
        this.#isClimbed = false;
        this.#count(error);
        const { rung } = this.#ladder;
        log.warn({ event: 'obd.failed', code: codeOf(error), error: messageOf(error), rung });
      } finally {
        this.#source = undefined;
        this.#polling = undefined;
        this.#enter('away');
      }
      if (this.#ladder.rung === 'replug' && this.#ladder.faults % REPLUG_EVERY === 1)
        log.warn({ event: 'obd.replugged', done: (await replug?.()) ?? false });
      const waitMs = waits.next().value;
      await (untilBack === undefined ? delay(waitMs, signal, timers) : untilBack(waitMs, signal));
    }
  }

  /** One open adapter, until its link has to be opened anew. */
  async #serve(source: ObdSource, onAnswer: () => void, signal: AbortSignal): Promise<never> {
    for (;;) {
      try {
        if (this.#polling === undefined) await this.#connect(source, signal);
        this.#enter('polling');
        await this.#poll(source, onAnswer, signal);
        await this.#park(source, signal);
      } catch (error) {
        signal.throwIfAborted();
        await this.#mend(source, error, signal);
      }
    }
  }

  async #connect(source: ObdSource, signal: AbortSignal): Promise<void> {
    this.#enter('connecting');
    await source.connect(signal);
    this.#power.found();
    this.#polling = this.#newPolling(source);
    const { id, bus, ecus, isClone } = source.facts;
    const { size: pids } = source.supported;
    const { batchMax } = source;
    this.#options.log.info({
      event: 'obd.connected',
      id,
      isClone,
      bus: bus?.name ?? '',
      ecus: ecus.length,
      pids,
      batchMax,
    });
  }

  #newPolling(source: ObdSource): Polling {
    const { texts = [] } = this.#options;
    return new Polling({ ...this.#options, ...this.#plan, source, texts });
  }

  /** Asks by the plan until the car is parked; rejects with what the ladder has to deal with. */
  async #poll(source: ObdSource, onAnswer: () => void, signal: AbortSignal): Promise<void> {
    const { clock, timers } = this.#options;
    const power = this.#power;
    while (power.now.at === 'awake') {
      if (this.#polling?.isVoltageDue(power.now) === true) this.#polling.voltageSeen(await power.look(source, signal));
      try {
        const answer = await this.#polling?.turn(signal);
        if (answer === undefined) continue;
        this.#ladder = AT_THE_FOOT;
        this.#silentSinceMs = undefined;
        onAnswer();
        power.step({ type: 'answer', ...answer });
      } catch (error) {
        signal.throwIfAborted();
        const trouble = troubleOf(error);
        const isAbsence = trouble === 'silence' || trouble === 'bus';
        if (!isAbsence) throw error;
        power.step({ type: 'silence' });
        this.#silentSinceMs ??= clock.monotonicMs();
        // It may just be that the ignition is off: the voltage decides, in a while.
        const isLong = clock.monotonicMs() - this.#silentSinceMs >= SILENCE_MS;
        if (isLong && power.isCharging) {
          this.#silentSinceMs = undefined;
          throw error;
        }
        this.#count(error);
        await delay(AFTER_FAULT_MS, signal, timers);
      }
    }
  }

  #park(source: ObdSource, signal: AbortSignal): Promise<void> {
    return park(
      source,
      {
        ...this.#options,
        power: this.#power,
        onParked: () => this.#enter('parked'),
        connected: async () => {
          if (this.#polling === undefined) await this.#connect(source, signal);
        },
        onVoltage: monoMs => this.#polling?.voltageSeen(monoMs),
        onFault: error => this.#count(error),
      },
      signal,
    );
  }

  /** A rung of the ladder on this link; rejects where the link itself has to go. */
  async #mend(source: ObdSource, error: unknown, signal: AbortSignal): Promise<void> {
    const { timers, log, power } = this.#options;
    const trouble = troubleOf(error);
    const isAbsence = trouble === 'silence' || trouble === 'bus';
    const volts = source.facts.voltage;
    // Nobody answers, and nothing charges the battery: the ignition is off. That is no fault, and no reason to insist.
    if (isAbsence && this.#state === 'connecting' && (volts === undefined || volts < power.runningV)) {
      this.#count(error);
      this.#power.notFound(volts);
      await this.#park(source, signal);
      return;
    }
    this.#count(error);
    this.#ladder = climb(this.#ladder, trouble);
    const { rung, faults } = this.#ladder;
    this.#isClimbed = rung === 'reopen' || rung === 'replug';
    if (this.#isClimbed) throw error;
    if (rung !== 'query' || faults > 1)
      log.warn({ event: 'obd.mended', rung, code: codeOf(error), error: messageOf(error) });
    if (rung === 'close') await source.closeBus(signal);
    if (rung === 'reset') {
      this.#polling = undefined;
      await source.reset(signal);
    }
    await delay(AFTER_FAULT_MS, signal, timers);
  }

  #enter(state: CarState): void {
    this.#state = state;
  }

  #count(error: unknown): void {
    this.#options.metrics.count('agent_obd_errors_total', { code: codeOf(error) });
  }
}
