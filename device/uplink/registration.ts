import type { Clock, Timers } from '../../common/clock.js';
import { delay } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import { backoff } from '../../common/retry.js';
import { ComeBackLater, type HttpClient } from '../../protocol/api/http-client.js';
import { registration, type Registration, type RegistrationRequest } from '../../protocol/api/md-manager.js';
import { fault } from '../../protocol/errors.js';
import type { MetricName } from '../../protocol/metrics.js';
import { twinPeer, type UplinkFamily } from './twin-address.js';

export interface RegistrarOptions {
  readonly manager: Pick<HttpClient, 'call'>;
  readonly vehicle: string;
  readonly key: string;
  /** Makes a registration durable. */
  readonly keep: (found: Registration) => Promise<void>;
  /** A registration that gives no twin address of it is tried again like one that failed. Default IPv4. */
  readonly family?: UplinkFamily;
  /** Without an acknowledgement for this long, the device registers again. */
  readonly silenceMs: number;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

/** DESIGN §6: registrations that fail are tried again after 5 s, growing to 60 s, with jitter. */
const BACKOFF = { firstMs: 5_000, maxMs: 60_000, jitter: 0.2 };
/** An authority that says when to come back (a pool that still fills) is believed so many times in a row. */
const COMES_BACK = 20;
const COME_BACK_MAX_S = 60;

type Attempt = { readonly found: Registration } | { readonly retryAfterS: number | undefined };

/** Registers with the authority; idempotent by the device's key, so it may be done at any time. */
export class Registrar {
  readonly #options: RegistrarOptions;

  constructor(options: RegistrarOptions) {
    this.#options = options;
  }

  /** Tries until it works; rejects with the signal's reason alone. */
  async register(nextBootFloor: number, signal: AbortSignal): Promise<Registration> {
    const { timers, random } = this.#options;
    const waits = backoff(BACKOFF, random);
    for (let told = 0; ;) {
      const result = await this.#once(nextBootFloor, signal);
      if ('found' in result) {
        await this.#options.keep(result.found);
        return result.found;
      }
      const { retryAfterS } = result;
      const isTold = retryAfterS !== undefined && told++ < COMES_BACK;
      // Never before the time that was told; spread out after it.
      const toldMs = Math.min(retryAfterS ?? 0, COME_BACK_MAX_S) * 1000 * (1 + BACKOFF.jitter * random());
      await delay(isTold ? toldMs : waits.next().value, signal, timers);
    }
  }

  async #once(nextBootFloor: number, signal: AbortSignal): Promise<Attempt> {
    const { manager, vehicle, key, log, metrics, family = 'ipv4' } = this.#options;
    const body: RegistrationRequest = { vehicle, key, nextBootFloor };
    try {
      const found = await manager.call('POST', '/v1/registrations', { body, answer: registration, signal });
      const twin = twinPeer(found, family);
      if (twin === undefined)
        throw fault('UPSTREAM_REFUSED', `the network of ${vehicle} has no twin address of ${family}`);
      metrics.count('agent_registrations_total', { result: 'done' });
      log.info({ event: 'registration.done', vehicle, number: found.number, twin: twin.address });
      return { found };
    } catch (error) {
      signal.throwIfAborted();
      metrics.count('agent_registrations_total', { result: codeOf(error) });
      log.warn({ event: 'registration.failed', vehicle, code: codeOf(error), error: messageOf(error) });
      return { retryAfterS: error instanceof ComeBackLater ? error.retryAfterS : undefined };
    }
  }

  /**
   * Watches the silence: registers whenever nothing was acknowledged for `silenceMs` while something was due, or when
   * `demand` says so. Runs until the signal is aborted.
   */
  async watch(uplink: Watched, signal: AbortSignal): Promise<never> {
    const { silenceMs, clock, timers, random, log, vehicle } = this.#options;
    for (let idleAtMs = clock.monotonicMs(); ;) {
      const nowMs = clock.monotonicMs();
      // Silence begins with something to answer: a parked car that says nothing is not out of reach.
      if (!uplink.isDue()) idleAtMs = nowMs;
      const quietMs = nowMs - Math.max(uplink.heardAtMs(), idleAtMs);
      const waitMs = (silenceMs - quietMs) * (1 + BACKOFF.jitter * random());
      if (uplink.isDue() && (uplink.demanded() || quietMs >= silenceMs)) {
        log.warn({ event: 'uplink.silent', vehicle, quietMs: Math.round(quietMs) });
        uplink.registered(await this.register(uplink.nextBootFloor, signal));
      } else await uplink.changed(Math.min(Math.max(waitMs, MIN_LOOK_MS), MAX_LOOK_MS), signal, timers);
    }
  }
}

const MIN_LOOK_MS = 50;
const MAX_LOOK_MS = 1_000;

/** What the registrar needs to know of the uplink. */
export interface Watched {
  readonly nextBootFloor: number;
  /** When a report was last acknowledged, or a registration done; monotonic. */
  heardAtMs(): number;
  /** Something waits for an acknowledgement. */
  isDue(): boolean;
  /** The twin said 4.03. */
  demanded(): boolean;
  registered(found: Registration): void;
  /** Resolves after `ms`, or when a registration is demanded. */
  changed(ms: number, signal: AbortSignal, timers: Timers): Promise<void>;
}
