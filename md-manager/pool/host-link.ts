import { every, type Clock, type Timers } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { HostRef } from '../../protocol/api/common.js';
import { hostEvent, motionEvent, type HostEvent, type HostHealth, type MotionRow } from '../../protocol/api/vmd.js';
import type { Fence } from '../leader/fence.js';
import { HostClient } from '../peers.js';
import type { LoopWatch } from './loop-watch.js';

export interface LinkTiming {
  readonly probeMs: number;
  readonly leaseMs: number;
  readonly renewMs: number;
  /** A commit that waits for longer than this is no progress. */
  readonly stalledMs: number;
}

export const DEFAULT_LINK_TIMING: LinkTiming = { probeMs: 200, leaseMs: 6_000, renewMs: 1_000, stalledMs: 2_000 };

/** Probes that may be missed in a row. */
const MISSES = 3;
/** A probe is not counted while the prober's own loop is later than this. */
const OWN_LATE_MS = 100;

export interface LinkDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly loop: LoopWatch;
  readonly timing: LinkTiming;
  readonly via: string | undefined;
  /** What keeps a manager that leads no more from commanding; absent: nothing. */
  readonly fence?: Fence;
  /** What acts there, for its lease. */
  readonly acting: (host: string) => { readonly vehicle: string; readonly epoch: number }[];
  readonly term: number;
  readonly onEvent: (host: string, event: HostEvent) => void;
  /** Where vehicles are, told so often; absent: nobody asks. */
  readonly motion?: {
    readonly everyMs: number;
    readonly heard: (host: string, vehicles: readonly MotionRow[]) => void;
  };
  /** Vehicles that do not act there although they should. */
  readonly onLeaseRefused: (host: string, vehicles: readonly string[]) => void;
  readonly onLost: (host: string, reason: string) => void;
  /** A probe was missed, of a host that may be well again with the next. */
  readonly onMissed: (host: string) => void;
}

/**
 * The line to one vMD host: commands, its events, probes, leases. Lost at once when the event stream ends, after three
 * missed probes, or when its commits make no progress; from then on every call under way is aborted and none is made.
 */
export class HostLink implements AsyncDisposable {
  readonly ref: HostRef;
  readonly client: HostClient;
  readonly #deps: LinkDeps;
  readonly #stop = new AbortController();
  readonly #cancels: (() => void)[] = [];
  #misses = 0;
  #knowsTerm = false;

  constructor(ref: HostRef, deps: LinkDeps) {
    this.ref = ref;
    this.#deps = deps;
    this.client = new HostClient(ref.control, deps.via, deps.fence);
  }

  /** Aborted once the host is lost. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Begins to follow, probe and lease. */
  start(): void {
    const { timers, timing } = this.#deps;
    void this.#follow();
    void this.client.keepRehearsed(timers, this.signal);
    this.#cancels.push(
      every(timers, timing.probeMs, () => this.#probe()),
      every(timers, timing.renewMs, () => this.renew()),
    );
  }

  health(timeoutMs = 2_000): Promise<HostHealth> {
    return this.client.health(timeoutMs, this.signal);
  }

  lose(reason: string): void {
    if (this.signal.aborted) return;
    this.#end();
    this.#deps.onLost(this.ref.host, reason);
  }

  /**
   * Renews the leases of what acts there; a failure is the probes' to judge. The first time also where nothing does: from then on the
   * host refuses the words of an earlier leader.
   */
  async renew(): Promise<void> {
    const { timing, term, acting, onLeaseRefused } = this.#deps;
    const vehicles = acting(this.ref.host);
    if (vehicles.length === 0 && this.#knowsTerm) return;
    const refused = await this.client
      .renew({ term, leaseMs: timing.leaseMs, vehicles }, this.signal)
      .catch(() => undefined);
    if (refused === undefined) return;
    this.#knowsTerm = true;
    if (refused.length > 0 && !this.signal.aborted) onLeaseRefused(this.ref.host, refused);
  }

  async #follow(): Promise<void> {
    const { motion } = this.#deps;
    try {
      for await (const { event, data } of this.client.events(this.signal, motion?.everyMs)) {
        if (event === 'motion') {
          const told = motionEvent.safeParse(JSON.parse(data));
          if (told.success) motion?.heard(this.ref.host, told.data.vehicles);
          continue;
        }
        const found = hostEvent.safeParse({ type: event, ...(JSON.parse(data) as object) });
        if (found.success) this.#deps.onEvent(this.ref.host, found.data);
      }
      this.lose('the control connection ended');
    } catch (error) {
      this.lose(`the control connection broke: ${messageOf(error)}`);
    }
  }

  async #probe(): Promise<void> {
    const { clock, loop, timing } = this.#deps;
    const startedMs = clock.monotonicMs();
    try {
      const { stalledMs } = await this.client.probe(timing.probeMs, this.signal);
      this.#misses = 0;
      if (stalledMs > timing.stalledMs) this.lose(`no write progress for ${Math.round(stalledMs)} ms`);
    } catch (error) {
      if (this.signal.aborted || loop.lateSince(startedMs) > OWN_LATE_MS) return;
      if (++this.#misses >= MISSES) this.lose(`${MISSES} probes missed: ${messageOf(error)}`);
      else this.#deps.onMissed(this.ref.host);
    }
  }

  #end(): void {
    for (const cancel of this.#cancels) cancel();
    this.#stop.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end();
    await this.client[Symbol.asyncDispose]();
  }
}
