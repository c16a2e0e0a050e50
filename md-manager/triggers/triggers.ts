import type { Clock } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { AttachmentHint } from '../../protocol/api/sdn-app.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { Topology } from '../../protocol/topology.js';
import type { Sighting, Sightings } from '../../protocol/triggers/sighting.js';
import type { VehicleState } from '../handover/state.js';
import type { Names } from './names.js';
import { placeOf } from './place.js';

export interface TriggerDeps {
  readonly names: Names;
  /** Without it nobody knows where the access ports are: news arm, and the first frame tells the rest. */
  readonly topology: Topology | undefined;
  readonly state: (vehicle: string) => Pick<VehicleState, 'attachment' | 'lastStartedAtMs'> | undefined;
  /** A slot is kept for the vehicle in that domain, where there is room. */
  readonly foresee: (vehicle: string, domain: string, reason: string) => void;
  /** sdn-app is told where the vehicle was seen. */
  readonly hint: (vehicle: string, place: AttachmentHint) => Promise<void>;
  readonly clock: Pick<Clock, 'nowMs'>;
  readonly metrics: Metrics<MetricName>;
  readonly log: Log;
}

/**
 * `foreseen`: armed; `switched`: sdn-app was told of the new place; `there`: the vehicle is there by what the switch saw;
 * `stale`: newer news of the same origin, or a later hand-over, are known; `repeated`: the same news again.
 */
export const RESULTS = [
  ...(['foreseen', 'switched', 'there', 'repeated', 'stale', 'left'] as const),
  ...(['unknown-device', 'unknown-place', 'unknown-vehicle'] as const),
] as const;
export type Result = (typeof RESULTS)[number];

/** What became of one sighting; vehicle and domain where they are known. */
export interface Outcome {
  readonly sighting: Sighting;
  readonly result: Result;
  readonly vehicle?: string;
  readonly domain?: string;
}

interface Seen {
  readonly atMs: number;
  readonly phase: Sighting['phase'];
  readonly target: string | undefined;
}

/**
 * News of core networks and MEC platforms about where vehicles go. Those of a move to come arm: a standby slot is kept where
 * the vehicle is about to be. Those of a move that happened go to sdn-app as a sighting of the vehicle at the access port there: what is
 * an attachment that has changed, and by whose word, is decided in one place, as for a frame; it uses the armed slot, if
 * there is one, and its `attachment.changed` comes back as any other. Wrong news cost a lease, or the way back.
 */
export class Triggers {
  readonly #deps: TriggerDeps;
  /** `origin vehicle` → the newest news of it; only vehicles that are registered have any. */
  readonly #seen = new Map<string, Seen>();

  constructor(deps: TriggerDeps) {
    this.#deps = deps;
  }

  /** Resolves with what became of each, once sdn-app has answered. Never rejects. */
  async take({ sightings, passedOver }: Sightings, origin: Sighting['origin']): Promise<readonly Outcome[]> {
    const { metrics } = this.#deps;
    if (passedOver > 0) metrics.count('manager_trigger_total', { origin, result: 'passed-over' }, passedOver);
    const outcomes = await Promise.all(sightings.map(sighting => this.#one(sighting)));
    for (const { result } of outcomes) metrics.count('manager_trigger_total', { origin, result });
    return outcomes;
  }

  async #one(sighting: Sighting): Promise<Outcome> {
    const { names, state: stateOf, foresee, log } = this.#deps;
    const { device, target, phase, origin, accessPoint } = sighting;
    const vehicle = names.vehicleOf(device);
    if (vehicle === undefined) return { sighting, result: 'unknown-device' };
    if (phase === 'gone' || target === undefined) return { sighting, result: 'left', vehicle };
    const domain = names.domainOf(target);
    if (domain === undefined) return { sighting, result: 'unknown-place', vehicle };
    const state = stateOf(vehicle);
    if (state === undefined) return { sighting, result: 'unknown-vehicle', vehicle };
    const outcome = (result: Result): Outcome => ({ sighting, result, vehicle, domain });
    const age = this.#age(vehicle, sighting, state);
    if (age !== undefined) return outcome(age);
    if (state.attachment?.domain === domain && phase === 'early') return outcome('there');
    if (phase === 'late') {
      const result = await this.#switch(vehicle, domain, sighting, state);
      if (result !== undefined) return outcome(result);
    }
    const reason = `${origin} ${phase}${accessPoint === undefined ? '' : ` ${accessPoint}`}`;
    foresee(vehicle, domain, reason);
    log.debug({ event: 'manager.trigger.foreseen', vehicle, domain, reason });
    return outcome('foreseen');
  }

  /** News may be lost, doubled and late: what a newer word has overtaken is no news. */
  #age(
    vehicle: string,
    { origin, phase, target, atMs }: Sighting,
    { lastStartedAtMs }: Pick<VehicleState, 'lastStartedAtMs'>,
  ): 'stale' | 'repeated' | undefined {
    const key = `${origin} ${vehicle}`;
    const last = this.#seen.get(key);
    if (last !== undefined) {
      if (last.atMs === atMs && last.phase === phase && last.target === target) return 'repeated';
      if (atMs < last.atMs) return 'stale';
    }
    // Somebody's clock may be ahead: what they say of the time to come must not silence what comes then.
    this.#seen.set(key, { atMs: Math.min(atMs, this.#deps.clock.nowMs()), phase, target });
    return atMs < (lastStartedAtMs ?? 0) - CLOCKS_APART_MS ? 'stale' : undefined;
  }

  /** `undefined` where the place is not certain, or sdn-app does not take it: the first frame tells it. */
  async #switch(
    vehicle: string,
    domain: string,
    sighting: Sighting,
    { attachment }: Pick<VehicleState, 'attachment'>,
  ): Promise<'switched' | 'there' | undefined> {
    const { topology, names, hint, log } = this.#deps;
    if (attachment === undefined || topology === undefined) return undefined;
    const place = placeOf(sighting, domain, attachment, { topology, names });
    if (place === undefined) return attachment.domain === domain ? 'there' : undefined;
    const { datapath, port, source } = place;
    const same = datapath === attachment.datapath && port === attachment.port;
    if (same && source.address === attachment.source.address) return 'there';
    try {
      await hint(vehicle, place);
    } catch (error) {
      const { origin } = sighting;
      log.warn({ event: 'manager.trigger.not-told', vehicle, origin, code: codeOf(error), error: messageOf(error) });
      return undefined;
    }
    log.info({ event: 'manager.trigger.switched', vehicle, domain, datapath, port, origin: sighting.origin });
    return 'switched';
  }
}

/** Clocks of two networks may differ by so much. */
const CLOCKS_APART_MS = 2_000;
