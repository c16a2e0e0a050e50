import { delay, type Clock, type Timers } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import { backoff } from '../../common/retry.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { Sighting } from '../../protocol/triggers/sighting.js';

/** A subscription that a far end has for us. */
export interface Held {
  /** Where it is: what renews and ends it goes there. */
  readonly url: string;
  /** Unix milliseconds; absent where it ends with a word of ours alone. */
  readonly untilMs: number | undefined;
}

/** How one kind of subscription is made and kept: each call rejects as `FarEndClient.send` does. */
export interface Contract {
  readonly origin: Sighting['origin'];
  /** `zone edge-2`; empty where there is one only. */
  readonly what: string;
  /** Those of an earlier manager, where the far end can tell. */
  find(signal: AbortSignal): Promise<readonly string[]>;
  create(signal: AbortSignal): Promise<Held>;
  /** NOT_FOUND where it is there no longer. */
  renew(url: string, signal: AbortSignal): Promise<Held>;
  end(url: string, signal: AbortSignal): Promise<void>;
}

export interface StandingDeps {
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly timers: Timers;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly metrics: Metrics<MetricName>;
  readonly log: Log;
}

export type StandingState =
  | { readonly at: 'asking'; readonly sinceMs: number }
  | { readonly at: 'held'; readonly sinceMs: number; readonly url: string; readonly untilMs: number | undefined }
  | { readonly at: 'away' | 'refused'; readonly sinceMs: number; readonly error: string };

const RETRY = { firstMs: 500, maxMs: 60_000, jitter: 0.2 } as const;
/** Renewed when so much of its time has passed. */
const RENEW_AT = 0.6;
/** One that has no end is looked at so often: a far end that was started anew has forgotten it. */
const LOOK_MS = 30_000;
const LEAST_MS = 1_000;
const END_MS = 2_000;

/**
 * Keeps one subscription for as long as it is not disposed of: made when its far end is there, renewed before it ends, made
 * anew where it was forgotten, and ended with us. A far end that is away is asked again, with growing pauses.
 */
export class Standing implements AsyncDisposable {
  readonly contract: Contract;
  readonly #deps: StandingDeps;
  readonly #closing = new AbortController();
  #state: StandingState;
  #held: Held | undefined;
  #wake: () => void = () => undefined;
  #hurried = false;
  readonly #running: Promise<void>;

  constructor(contract: Contract, deps: StandingDeps) {
    this.contract = contract;
    this.#deps = deps;
    this.#state = { at: 'asking', sinceMs: deps.clock.nowMs() };
    this.#gauge();
    this.#running = this.#run();
  }

  get state(): StandingState {
    return this.#state;
  }

  /** Its far end says that it ends, or there is something to tell there: renewed now, where it is held; one that is away has its pauses. */
  hurry(): void {
    this.#hurried = true;
    if (this.#state.at === 'held') this.#wake();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new Error('md-manager stops'));
    await this.#running;
    if (this.#held === undefined) return;
    await this.contract.end(this.#held.url, AbortSignal.timeout(END_MS)).catch((error: unknown) => {
      if (codeOf(error) !== 'NOT_FOUND')
        this.#deps.log.warn({ event: 'manager.subscription.left', ...this.#name, error: messageOf(error) });
    });
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    let pauses = backoff(RETRY, this.#deps.random);
    while (!signal.aborted) {
      let pauseMs: number;
      this.#hurried = false;
      try {
        this.#held = await this.#next(signal);
        this.#hold(this.#held);
        pauses = backoff(RETRY, this.#deps.random);
        if (this.#saidToHurry()) continue;
        pauseMs = this.#restOf(this.#held);
      } catch (error) {
        if (signal.aborted) return;
        this.#fail(error);
        pauseMs = pauses.next().value;
      }
      await this.#pause(pauseMs, signal);
    }
  }

  async #next(signal: AbortSignal): Promise<Held> {
    const held = this.#held;
    if (held !== undefined) {
      try {
        return await this.contract.renew(held.url, signal);
      } catch (error) {
        if (codeOf(error) !== 'NOT_FOUND') throw error;
        this.#held = undefined;
        this.#count('forgotten');
      }
    }
    const [found, ...others] = await this.contract.find(signal);
    // More than one would double every notification.
    for (const url of others) await this.contract.end(url, signal);
    if (found !== undefined) return this.contract.renew(found, signal);
    return this.contract.create(signal);
  }

  /** While it was being renewed: perhaps too late for that. */
  #saidToHurry(): boolean {
    return this.#hurried;
  }

  #restOf({ untilMs }: Held): number {
    if (untilMs === undefined) return LOOK_MS;
    return Math.max(LEAST_MS, (untilMs - this.#deps.clock.nowMs()) * RENEW_AT);
  }

  #hold(held: Held): void {
    const { at, sinceMs } = this.#state;
    if (at !== 'held') this.#deps.log.info({ event: 'manager.subscription.held', ...this.#name, url: held.url });
    const nowMs = this.#deps.clock.nowMs();
    this.#state = { at: 'held', sinceMs: at === 'held' ? sinceMs : nowMs, ...held };
    this.#count('held');
    this.#gauge();
  }

  #fail(error: unknown): void {
    const at = ['UPSTREAM_AWAY', 'DEADLINE'].includes(codeOf(error)) ? 'away' : 'refused';
    const nowMs = this.#deps.clock.nowMs();
    const { untilMs } = this.#held ?? {};
    // What was held may go on without a renewal for as long as it was given.
    if (untilMs !== undefined && untilMs <= nowMs) this.#held = undefined;
    const before = this.#state;
    if (before.at !== at)
      this.#deps.log.warn({ event: 'manager.subscription.lost', ...this.#name, at, error: messageOf(error) });
    this.#state = { at, sinceMs: before.at === at ? before.sinceMs : nowMs, error: messageOf(error) };
    this.#count(at);
    this.#gauge();
  }

  async #pause(ms: number, signal: AbortSignal): Promise<void> {
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await delay(ms, AbortSignal.any([woken.signal, signal]), this.#deps.timers).catch(() => undefined);
    this.#wake = () => undefined;
  }

  #gauge(): void {
    this.#deps.metrics.set('manager_subscription_up', this.#state.at === 'held' ? 1 : 0, this.#name);
  }

  get #name(): { origin: string; what: string } {
    const { origin, what } = this.contract;
    return { origin, what };
  }

  #count(result: 'held' | 'forgotten' | 'away' | 'refused'): void {
    this.#deps.metrics.count('manager_subscription_total', { origin: this.contract.origin, result });
  }
}
