import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { Sighting, Sightings } from '../../protocol/triggers/sighting.js';
import type { Names } from './names.js';

export interface TriggerDeps {
  readonly names: Names;
  /** A slot is kept for the vehicle in that domain, where there is room; false where there is no such vehicle. */
  readonly foresee: (vehicle: string, domain: string, reason: string) => boolean;
  readonly metrics: Metrics<MetricName>;
  readonly log: Log;
}

type Result = 'foreseen' | 'left' | 'unknown-device' | 'unknown-place' | 'unknown-vehicle';

/**
 * News of core networks and MEC platforms about where vehicles go. Each arms: a standby slot is kept where the vehicle is
 * about to be, so that its first frame there goes straight to it. That it has come the switch sees by itself, from that frame; news
 * that come after it change nothing. Wrong news cost a lease.
 */
export class Triggers {
  readonly #deps: TriggerDeps;
  constructor(deps: TriggerDeps) {
    this.#deps = deps;
  }

  take({ sightings, passedOver }: Sightings, origin: Sighting['origin']): void {
    const { metrics } = this.#deps;
    if (passedOver > 0) metrics.count('manager_trigger_total', { origin, result: 'passed-over' }, passedOver);
    for (const sighting of sightings) metrics.count('manager_trigger_total', { origin, result: this.#one(sighting) });
  }

  #one({ device, target, phase, origin, accessPoint }: Sighting): Result {
    const { names, foresee, log } = this.#deps;
    const vehicle = names.vehicleOf(device);
    if (vehicle === undefined) return 'unknown-device';
    if (phase === 'gone' || target === undefined) return 'left';
    const domain = names.domainOf(target);
    if (domain === undefined) return 'unknown-place';
    const reason = `${origin} ${phase}${accessPoint === undefined ? '' : ` ${accessPoint}`}`;
    if (!foresee(vehicle, domain, reason)) return 'unknown-vehicle';
    log.debug({ event: 'manager.trigger.foreseen', vehicle, domain, reason });
    return 'foreseen';
  }
}
