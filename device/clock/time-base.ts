import type { Clock } from '../../common/clock.js';
import { BUILD_DATE_MS } from '../../protocol/build-date.js';
import type { ClockSource } from '../../protocol/report.js';
import { isPlausibleDate, judgeDate, type DateVerdict } from './calendar.js';
import { firstLook, nextLook, type GpsOffset } from './gps-offset.js';

export type SystemClockRule = 'auto' | 'trusted' | 'untrusted';

/** From monotonic time to UTC, and what that rests on. */
export interface Stamp {
  readonly offsetMs: number;
  readonly clock: ClockSource;
}

export interface TimeBaseOptions {
  readonly clock: Clock;
  /** Milliseconds since the machine started, those in which it slept included; default none sleeps. */
  readonly sinceStartMs?: () => number;
  readonly system: SystemClockRule;
  /** How long reports may wait for a clock that can be trusted. */
  readonly holdMs: number;
  /** A time that was trusted once: earlier ones are not believed. */
  readonly lastTrustedMs?: number;
}

type State =
  | { readonly at: 'waiting'; readonly sinceMs: number }
  /** `said` is the stamp of the last look, to see steps by. */
  | { readonly at: 'system'; readonly said: Stamp }
  | { readonly at: 'gps' }
  | { readonly at: 'estimated'; readonly stamp: Stamp };

/**
 * What a new source of time changed. `better`: stamps made so far are off by `correctionMs`. `other`: what was stamped
 * until now was right, and later corrections are not for it.
 */
export type TimeChange =
  | { readonly change: 'none' }
  | { readonly change: 'known' | 'other'; readonly stamp: Stamp }
  | { readonly change: 'better'; readonly stamp: Stamp; readonly correctionMs: number };

const NO_CHANGE: TimeChange = { change: 'none' };
/** Less is the jitter of receivers and of time servers, and no report of it is worth its bytes. */
const CORRECTED_MS = 1_000;
/** Looks of the receiver that agree, before they are taken for better than a clock that was right. */
const CONFIRMED_BY = 3;
/** The count of the machine's uptime is coarse; shorter sleeps are none. */
const SLEPT_MS = 2_000;
/** Receiver and synchronised clock differ by more: one of them is wrong. */
const CONFLICT_MS = 10_000;

/**
 * From monotonic time to UTC (DESIGN §7): by the system's clock where it is trusted, else by the receiver after three 3D
 * fixes, else, after the hold, by the system's clock as an estimate. Where that shows a date that cannot be, the last
 * time that was trusted stands for it, marked `suspect`: order and distances are right, the moment is not known.
 */
export class TimeBase {
  readonly #options: TimeBaseOptions;
  #notBeforeMs: number;
  #state: State;
  #gps: GpsOffset | undefined;
  #sleptMs: number;
  #synchronised = false;
  #verdict: DateVerdict | undefined;

  constructor(options: TimeBaseOptions) {
    this.#options = options;
    this.#notBeforeMs = Math.max(BUILD_DATE_MS, options.lastTrustedMs ?? 0);
    this.#sleptMs = this.#slept();
    this.#state =
      options.system === 'trusted'
        ? { at: 'system', said: this.#systemStamp() }
        : { at: 'waiting', sinceMs: options.clock.monotonicMs() };
  }

  /** Undefined while reports have to wait. */
  stamp(): Stamp | undefined {
    const state = this.#state;
    switch (state.at) {
      case 'waiting':
        return undefined;
      case 'system': {
        // A step is nobody's time until `tick` has judged it.
        const now = this.#systemStamp();
        const isStep = Math.abs(now.offsetMs - state.said.offsetMs) >= CORRECTED_MS;
        return isStep && this.#options.system === 'auto' ? state.said : now;
      }
      case 'gps':
        return { offsetMs: this.#gps?.offsetMs ?? this.#systemOffsetMs(), clock: 'gps' };
      case 'estimated':
        return state.stamp;
    }
  }

  /** What the stamp would be if nobody vouched for the time any more. */
  estimate(): Stamp {
    const { clock } = this.#options;
    if (isPlausibleDate(clock.nowMs(), this.#notBeforeMs))
      return { offsetMs: this.#systemOffsetMs(), clock: 'estimated' };
    // Monotonic time goes on from there; it began with this start of the machine, so two starts may overlap.
    return { offsetMs: this.#notBeforeMs, clock: 'suspect' };
  }

  /** UTC of a monotonic moment, as well as it is known. */
  utcMs(monoMs: number): number {
    return monoMs + (this.stamp() ?? this.estimate()).offsetMs;
  }

  /** UTC of now where somebody vouches for it. */
  trustedMs(): number | undefined {
    const stamp = this.stamp();
    const isTrusted = stamp?.clock === 'gps' || stamp?.clock === 'system';
    return isTrusted ? this.#options.clock.monotonicMs() + stamp.offsetMs : undefined;
  }

  /** How far the receiver's time is ahead of the one in use; undefined where one of them is not known. */
  get receiverAheadMs(): number | undefined {
    const stamp = this.stamp();
    return stamp === undefined || this.#gps === undefined ? undefined : this.#gps.offsetMs - stamp.offsetMs;
  }

  /** Two who vouch for the time do not agree. */
  get conflict(): boolean {
    return this.#state.at === 'system' && Math.abs(this.receiverAheadMs ?? 0) > CONFLICT_MS;
  }

  /** What the newest date of the receiver was worth. */
  get receiverVerdict(): DateVerdict | undefined {
    return this.#verdict;
  }

  /** To be called about once a second: ends the hold when its time is over, and minds steps of the system's clock. */
  tick(): TimeChange {
    this.#mindSleep();
    const state = this.#state;
    const { clock, holdMs, system } = this.#options;
    if (state.at === 'waiting' && clock.monotonicMs() - state.sinceMs >= holdMs)
      return this.#become({ at: 'estimated', stamp: this.estimate() });
    if (state.at !== 'system') return NO_CHANGE;
    const stamp = this.#systemStamp();
    const correctionMs = stamp.offsetMs - state.said.offsetMs;
    const isStep = Math.abs(correctionMs) >= CORRECTED_MS;
    if (isStep && system === 'auto' && !this.#synchronised) return this.#leaveSystem(state.said);
    this.#state = { at: 'system', said: stamp };
    // Who declares his clock trusted means its steps, too; but not the date that it had before it was set.
    const isMeant = system === 'trusted' && state.said.clock === 'system';
    if (isMeant || stamp.clock !== 'system' || !isStep) return NO_CHANGE;
    return { change: 'better', stamp, correctionMs };
  }

  /** What the machine says of its clock (`clock.system: auto` alone). */
  systemIsSynchronised(isSo: boolean): TimeChange {
    if (this.#options.system !== 'auto') return NO_CHANGE;
    this.#synchronised = isSo && isPlausibleDate(this.#options.clock.nowMs());
    if (!this.#synchronised || this.#state.at === 'system') return NO_CHANGE;
    return this.#become({ at: 'system', said: this.#systemStamp() });
  }

  /** The receiver says that it was `utcMs` at `monoMs`, and three 3D fixes vouch for it. */
  receiverTime(utcMs: number, monoMs: number): TimeChange {
    this.#mindSleep();
    const { clock, system } = this.#options;
    this.#verdict = judgeDate(utcMs, this.#notBeforeMs, clock.nowMs());
    if (this.#verdict !== 'plausible') return NO_CHANGE;
    const known = this.#gps;
    const { state, steppedMs } =
      known === undefined ? { state: firstLook(utcMs, monoMs), steppedMs: 0 } : nextLook(known, utcMs, monoMs);
    this.#gps = state;
    if (this.#state.at === 'gps')
      return steppedMs === 0
        ? NO_CHANGE
        : { change: 'better', stamp: { offsetMs: state.offsetMs, clock: 'gps' }, correctionMs: steppedMs };
    if (this.#state.at !== 'system') return this.#become({ at: 'gps' });
    // A clock that once was synchronised is good until somebody better shows that it is not.
    const isLost = system === 'auto' && !this.#synchronised && state.agreed >= CONFIRMED_BY;
    if (!isLost || Math.abs(this.receiverAheadMs ?? 0) < CORRECTED_MS) return NO_CHANGE;
    this.#state = { at: 'gps' };
    return { change: 'other', stamp: { offsetMs: state.offsetMs, clock: 'gps' } };
  }

  /** The system's clock was put to another time, and nobody vouches for it any more: what it said before was right. */
  #leaveSystem(said: Stamp): TimeChange {
    this.#state = this.#gps === undefined ? { at: 'estimated', stamp: { ...said, clock: 'estimated' } } : { at: 'gps' };
    return { change: 'other', stamp: this.stamp() ?? said };
  }

  #become(next: State): TimeChange {
    const before = this.stamp();
    this.#state = next;
    const stamp = this.stamp();
    if (stamp === undefined) return NO_CHANGE;
    const trusted = this.trustedMs();
    if (trusted !== undefined) this.#notBeforeMs = Math.max(BUILD_DATE_MS, Math.min(this.#notBeforeMs, trusted));
    if (before === undefined) return { change: 'known', stamp };
    const correctionMs = stamp.offsetMs - before.offsetMs;
    const isEstimate = before.clock === 'estimated' || before.clock === 'suspect';
    return isEstimate || Math.abs(correctionMs) >= CORRECTED_MS
      ? { change: 'better', stamp, correctionMs }
      : { change: 'known', stamp };
  }

  /** Monotonic time stands still while the machine sleeps; UTC does not. */
  #mindSleep(): void {
    const sleptMs = this.#slept();
    const moreMs = sleptMs - this.#sleptMs;
    if (moreMs < SLEPT_MS) return;
    this.#sleptMs = sleptMs;
    if (this.#gps !== undefined) this.#gps = { ...this.#gps, offsetMs: this.#gps.offsetMs + moreMs };
    const state = this.#state;
    if (state.at === 'system')
      this.#state = { at: 'system', said: { ...state.said, offsetMs: state.said.offsetMs + moreMs } };
    if (state.at === 'estimated')
      this.#state = { at: 'estimated', stamp: { ...state.stamp, offsetMs: state.stamp.offsetMs + moreMs } };
  }

  #slept(): number {
    const { clock, sinceStartMs } = this.#options;
    return sinceStartMs === undefined ? 0 : sinceStartMs() - clock.monotonicMs();
  }

  #systemStamp(): Stamp {
    return isPlausibleDate(this.#options.clock.nowMs())
      ? { offsetMs: this.#systemOffsetMs(), clock: 'system' }
      : this.estimate();
  }

  #systemOffsetMs(): number {
    return this.#options.clock.nowMs() - this.#options.clock.monotonicMs();
  }
}
