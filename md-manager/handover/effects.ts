import { setMaxListeners } from 'node:events';
import { delay, type Timers } from '../../common/clock.js';
import { EdgetwinError, codeOf, messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import { backoff } from '../../common/retry.js';
import type { CommandHeader, HostRef } from '../../protocol/api/common.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { ControlStore, OwnerRow } from '../../store/types.js';
import type { SdnClient } from '../peers.js';
import type { HostLink } from '../pool/host-link.js';
import type { Effect, HandoverEvent, VehicleState } from './state.js';

export interface EffectDeps {
  readonly store: ControlStore;
  readonly sdn: SdnClient;
  readonly link: (host: string) => HostLink | undefined;
  readonly leaseMs: number;
  readonly nowMs: () => number;
  readonly timers: Timers;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
  /** Resolves once this manager may act again; rejects where it never will. */
  readonly held: () => Promise<void>;
  readonly signal: AbortSignal;
}

const RETRY = { firstMs: 20, maxMs: 1_000, jitter: 0.2 };
/** A claim of unknown outcome has been read back at once; before it is asked again, others have their turn. */
const CLAIM_PAUSE_MS = 100;
const STALE = new Set(['EPOCH_STALE', 'TERM_STALE']);

type Outcome = HandoverEvent | undefined;

/**
 * Performs the effects that leave the process, each until it has an answer. `wanted` tells whether the answer still
 * matters; a host that is lost ends its effects by itself (the machine hears of that apart).
 */
export class Effects {
  readonly #deps: EffectDeps;
  /** (vehicle, host) → the last command to it: commands to one slot keep their order. */
  readonly #chains = new Map<string, Promise<void>>();
  readonly #signals = new WeakMap<HostLink, AbortSignal>();

  constructor(deps: EffectDeps) {
    this.#deps = deps;
  }

  prepare(state: VehicleState, effect: Effect & { do: 'prepare' }, wanted: () => boolean): Promise<Outcome> {
    const { header, host } = effect;
    const of = ofHeader(header);
    return this.#onHost(state.vehicle, host, 'prepare', wanted, {
      call: (link, signal) => link.client.prepare(state.vehicle, { header, number: state.number }, signal),
      done: () => ({ type: 'prepared', of }),
      refused: () => ({ type: 'prepareFailed', of }),
    });
  }

  activate(state: VehicleState, effect: Effect & { do: 'activate' }, wanted: () => boolean): Promise<Outcome> {
    const { header, host, digest } = effect;
    const { leaseMs } = this.#deps;
    const of = ofHeader(header);
    const body = { header, leaseMs, ...(digest === undefined ? {} : { digest }) };
    return this.#onHost(state.vehicle, host, 'activate', wanted, {
      call: (link, signal) => link.client.activate(state.vehicle, body, signal),
      done: () => ({ type: 'activated', of }),
      refused: () => ({ type: 'activateRefused', of }),
    });
  }

  drain(state: VehicleState, effect: Effect & { do: 'drain' }, wanted: () => boolean): Promise<Outcome> {
    const { header, host, graceMs } = effect;
    return this.#onHost(state.vehicle, host, 'drain', wanted, {
      call: (link, signal) => link.client.drain(state.vehicle, header, graceMs, signal),
      done: digest => ({ type: 'stoodDown', host: host.host, digest }),
      // It holds no slot of this vehicle, or a newer epoch's: either way it does not act for this one.
      refused: () => ({ type: 'drained', host: host.host }),
    });
  }

  release(state: VehicleState, effect: Effect & { do: 'release' }, wanted: () => boolean): Promise<Outcome> {
    const { header, host } = effect;
    const released = { type: 'released', host: host.host } as const;
    return this.#onHost(state.vehicle, host, 'release', wanted, {
      call: (link, signal) => link.client.release(state.vehicle, header, signal),
      done: () => released,
      refused: () => released,
    });
  }

  async redirect(state: VehicleState, effect: Effect & { do: 'redirect' }, wanted: () => boolean): Promise<Outcome> {
    const { header, host } = effect;
    const of = ofHeader(header);
    const { sdn, signal } = this.#deps;
    const { vehicle, number, attachment } = state;
    return this.#retry('redirect', signal, wanted, async () => {
      try {
        await sdn.redirect(vehicle, header, host, signal);
      } catch (error) {
        if (STALE.has(codeOf(error))) return { type: 'redirectStale', of };
        // An app that lost its memory with its switch: made known to it again, with the new host.
        if (codeOf(error) !== 'VEHICLE_UNKNOWN') throw error;
        const body = { header, number, host, ...(attachment === undefined ? {} : { attachment }) };
        await sdn.install(vehicle, body, signal);
      }
      return { type: 'redirected', of };
    });
  }

  async retire(state: VehicleState, effect: Effect & { do: 'retire' }, wanted: () => boolean): Promise<Outcome> {
    const { header, host } = effect;
    const { sdn, signal } = this.#deps;
    return this.#retry('retire', signal, wanted, async () => {
      try {
        await sdn.retire(state.vehicle, header, host, signal);
      } catch (error) {
        if (STALE.has(codeOf(error))) return { type: 'retireStale', host: host.host };
        if (codeOf(error) !== 'VEHICLE_UNKNOWN' && codeOf(error) !== 'NOT_FOUND') throw error;
      }
      return { type: 'retired', host: host.host };
    });
  }

  /** Any error means: unknown. */
  async claim(state: VehicleState, effect: Effect & { do: 'claim' }): Promise<Outcome> {
    const { header, host } = effect;
    const { store, nowMs, timers, log, metrics, signal } = this.#deps;
    const { epoch, handover, attempt } = header;
    const place = { host: host.host, domain: host.domain };
    const row: OwnerRow = { vehicle: state.vehicle, epoch, handover, attempt, ...place, claimedAtMs: nowMs() };
    const outcome = await store.claim(row).catch((error: unknown) => {
      log.error({ event: 'manager.effect.failed', effect: 'claim', error: messageOf(error) });
      return 'unknown' as const;
    });
    if (outcome === 'unknown') {
      metrics.count('effect_retries_total', { effect: 'claim', code: 'unknown' });
      await delay(CLAIM_PAUSE_MS, signal, timers).catch(() => undefined);
    }
    return { type: 'claimed', of: ofHeader(header), outcome };
  }

  readOwner(state: VehicleState, effect: Effect & { do: 'readOwner' }, wanted: () => boolean): Promise<Outcome> {
    return this.#retry('readOwner', this.#deps.signal, wanted, async () => {
      const owner = await this.#deps.store.owner(state.vehicle);
      return owner === undefined ? undefined : { type: 'ownerRead', of: effect.of, owner };
    });
  }

  /** For writes: repeated until durable. */
  store<A>(what: string, wanted: () => boolean, write: () => Promise<A>): Promise<A | undefined> {
    return this.#retry(what, this.#deps.signal, wanted, write);
  }

  async #onHost<A>(
    vehicle: string,
    host: HostRef,
    what: string,
    wanted: () => boolean,
    does: {
      readonly call: (link: HostLink, signal: AbortSignal) => Promise<A>;
      readonly done: (answer: A) => HandoverEvent;
      /** The host will not, whatever is tried. */
      readonly refused: () => HandoverEvent;
    },
  ): Promise<Outcome> {
    const key = `${vehicle} ${host.host}`;
    const perform = async (): Promise<Outcome> => {
      const link = this.#deps.link(host.host);
      if (link === undefined) return undefined;
      const signal = this.#signalOf(link);
      return this.#retry(what, signal, wanted, async () => {
        try {
          return does.done(await does.call(link, signal));
        } catch (error) {
          if (error instanceof EdgetwinError && isFinal(error)) return does.refused();
          throw error;
        }
      });
    };
    const before = this.#chains.get(key);
    const answer = before === undefined ? perform() : before.then(perform);
    const done = answer.then(
      () => undefined,
      () => undefined,
    );
    this.#chains.set(key, done);
    void done.then(() => {
      if (this.#chains.get(key) === done) this.#chains.delete(key);
    });
    return answer;
  }

  /** Made once for a host: it takes longer than the call's own JSON. */
  #signalOf(link: HostLink): AbortSignal {
    const known = this.#signals.get(link);
    if (known !== undefined) return known;
    const signal = AbortSignal.any([this.#deps.signal, link.signal]);
    // Each command that is under way listens to it.
    setMaxListeners(0, signal);
    this.#signals.set(link, signal);
    return signal;
  }

  async #retry<A>(
    what: string,
    signal: AbortSignal,
    wanted: () => boolean,
    action: () => Promise<A | undefined>,
  ): Promise<A | undefined> {
    const pauses = backoff(RETRY, this.#deps.random);
    while (wanted() && !signal.aborted) {
      try {
        return await action();
      } catch (error) {
        if (signal.aborted) return undefined;
        // Everything that is under way would else try again all the time, and keep the next renewal from getting through.
        if (codeOf(error) === 'MANAGER_NOT_LEADER') {
          const deposed = await this.#deps.held().then(
            () => false,
            () => true,
          );
          if (deposed) return undefined;
        } else {
          this.#deps.metrics.count('effect_retries_total', { effect: what, code: codeOf(error) });
          this.#deps.log.warn({ event: 'manager.effect.failed', effect: what, error: messageOf(error) });
        }
        await delay(pauses.next().value, signal, this.#deps.timers).catch(() => undefined);
      }
    }
    return undefined;
  }
}

/** The host's own word, not that of the way to it; a full host is full. */
const isFinal = (error: EdgetwinError): boolean =>
  error.code !== 'UPSTREAM_REFUSED' && (!error.retry || error.code === 'POOL_EMPTY');

const ofHeader = ({ handover, attempt }: CommandHeader): { handover: string; attempt: number } => ({
  handover,
  attempt,
});
