import type { Clock } from '../../common/clock.js';
import type { Stamp } from './replay.js';

export type SystemClockRule = 'auto' | 'trusted' | 'untrusted';

export interface TimeBaseOptions {
  readonly clock: Clock;
  readonly system: SystemClockRule;
  /** How long reports may wait for a clock that can be trusted. */
  readonly holdMs: number;
}

type State =
  | { readonly at: 'waiting'; readonly sinceMs: number }
  | { readonly at: 'system' }
  | { readonly at: 'gps'; readonly offsetMs: number }
  | { readonly at: 'estimated'; readonly offsetMs: number };

/** What a new source of time changed. `better`: stamps made by the estimate are off by `correctionMs`. */
export type TimeChange =
  | { readonly change: 'none' }
  | { readonly change: 'known'; readonly stamp: Stamp }
  | { readonly change: 'better'; readonly stamp: Stamp; readonly correctionMs: number };

const NO_CHANGE: TimeChange = { change: 'none' };

/**
 * From monotonic time to UTC (DESIGN §7): by the system's clock where it is trusted, else by the receiver after three 3D
 * fixes, else, after the hold, by the system's clock as an estimate.
 */
export class TimeBase {
  readonly #options: TimeBaseOptions;
  #state: State;

  constructor(options: TimeBaseOptions) {
    this.#options = options;
    this.#state =
      options.system === 'trusted' ? { at: 'system' } : { at: 'waiting', sinceMs: options.clock.monotonicMs() };
  }

  /** Whether the system's clock should still be looked at. */
  get asksSystem(): boolean {
    return this.#options.system === 'auto' && this.#state.at !== 'system';
  }

  /** Undefined while reports have to wait. */
  stamp(): Stamp | undefined {
    switch (this.#state.at) {
      case 'waiting':
        return undefined;
      case 'system':
        return { offsetMs: this.#systemOffsetMs(), clock: 'system' };
      case 'gps':
        return { offsetMs: this.#state.offsetMs, clock: 'gps' };
      case 'estimated':
        return { offsetMs: this.#state.offsetMs, clock: 'estimated' };
    }
  }

  /** UTC of a monotonic moment, as well as it is known. */
  utcMs(monoMs: number): number {
    return monoMs + (this.stamp()?.offsetMs ?? this.#systemOffsetMs());
  }

  systemIsSynchronised(): TimeChange {
    if (!this.asksSystem) return NO_CHANGE;
    return this.#become({ at: 'system' });
  }

  /** The receiver says that it was `utcMs` at `monoMs`. */
  receiverTime(utcMs: number, monoMs: number): TimeChange {
    if (this.#state.at === 'system' || this.#state.at === 'gps') return NO_CHANGE;
    return this.#become({ at: 'gps', offsetMs: utcMs - monoMs });
  }

  /** Ends the hold when its time is over. */
  tick(): TimeChange {
    const { clock, holdMs } = this.#options;
    if (this.#state.at !== 'waiting' || clock.monotonicMs() - this.#state.sinceMs < holdMs) return NO_CHANGE;
    return this.#become({ at: 'estimated', offsetMs: this.#systemOffsetMs() });
  }

  #become(next: State): TimeChange {
    const before = this.#state;
    this.#state = next;
    const stamp = this.stamp();
    if (stamp === undefined) return NO_CHANGE;
    if (before.at !== 'estimated') return { change: 'known', stamp };
    return { change: 'better', stamp, correctionMs: stamp.offsetMs - before.offsetMs };
  }

  #systemOffsetMs(): number {
    return this.#options.clock.nowMs() - this.#options.clock.monotonicMs();
  }
}
