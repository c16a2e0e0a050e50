import type { z } from 'zod';
import type { Clock } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import { aliasAddress, aliasAddress6, type AddressPlan } from '../../protocol/addresses.js';
import type { CommandHeader } from '../../protocol/api/common.js';
import type {
  activateRequest,
  Digest,
  drainAnswer,
  drainRequest,
  leaseAnswer,
  leaseRequest,
  prepareRequest,
  releaseRequest,
  settingsAnswer,
  settingsRequest,
  slotAnswer,
} from '../../protocol/api/vmd.js';
import { fault } from '../../protocol/errors.js';
import type { Resident, Residents } from '../residents.js';
import type { Command, Outcome } from '../twin/slot.js';
import type { Slots } from '../twin/slots.js';
import type { DrainWatch } from './drain-watch.js';
import type { HostEvents } from './host-events.js';

type SlotAnswer = z.infer<typeof slotAnswer>;

export interface ControlDeps {
  readonly slots: Slots;
  readonly residents: Residents;
  readonly events: HostEvents;
  readonly drains: DrainWatch;
  readonly plan: AddressPlan;
  readonly clock: Clock;
  readonly log: Log;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** No lease holds longer, whatever the manager says. */
  readonly leaseMaxMs: number;
  /** Resolves once every report taken so far is durable. */
  readonly flushed: () => Promise<void>;
  /** A twin was prepared, or got a digest: its state is to be completed from the store. */
  readonly onPrepared: (resident: Resident) => void;
  /** A twin acts now, or stands down, or left: what it answers is another thing. */
  readonly onStanding: (resident: Resident) => void;
}

/** The commands of md-manager on the slots of a host. Idempotent; EPOCH_STALE and TERM_STALE below what was seen. */
export class Control {
  readonly #deps: ControlDeps;
  #term = 0;

  constructor(deps: ControlDeps) {
    this.#deps = deps;
  }

  prepare(vehicle: string, { header, number, digest, lease }: z.infer<typeof prepareRequest>): SlotAnswer {
    this.#check(vehicle, header.term, digest);
    const { residents, plan, clock, random, events, drains } = this.#deps;
    const alias = aliasAddress(plan, number);
    const alias6 = aliasAddress6(plan, number);
    const there = residents.ofAlias(alias) ?? residents.ofVehicle(vehicle);
    if (there !== undefined && (there.vehicle !== vehicle || there.number !== number))
      throw fault('REQUEST_INVALID', `number ${number} is not ${vehicle}'s: ${there.vehicle} has ${there.number}`);
    const wasKept = this.#deps.slots.get(vehicle)?.slot.order.lease !== undefined;
    const order = lease === undefined ? header : { ...header, lease };
    const outcome = this.#apply(vehicle, header, { do: 'prepare', order });
    const resident =
      there ??
      residents.add(
        vehicle,
        number,
        alias6 === undefined ? [alias] : [alias, alias6],
        Math.floor(random() * 65_536),
        clock.monotonicMs(),
      );
    if (outcome === 'done') {
      drains.cancel(vehicle);
      events.forget(vehicle);
      // The reports that came to a kept slot are those of the hand-over which it was kept for.
      if (!wasKept || lease !== undefined) resident.reports = 0;
      else if (resident.reports > 0)
        events.emit({ type: 'first-report', vehicle, epoch: header.epoch, atMs: clock.stampMs() });
    }
    if (digest !== undefined) resident.twin.applyDigest(digest);
    this.#deps.onPrepared(resident);
    return this.#answer(vehicle);
  }

  activate(vehicle: string, { header, digest, leaseMs }: z.infer<typeof activateRequest>): SlotAnswer {
    this.#check(vehicle, header.term, digest);
    this.#apply(vehicle, header, { do: 'activate', order: header, leaseMs: this.#held(leaseMs) });
    const resident = this.#resident(vehicle);
    this.#deps.drains.cancel(vehicle);
    if (digest === undefined) resident.twin.expectNoDigest();
    else {
      resident.twin.applyDigest(digest);
      this.#deps.onPrepared(resident);
    }
    this.#deps.onStanding(resident);
    return this.#answer(vehicle);
  }

  /** The twin stands down before anything is awaited; its digest covers every report that was in flight. */
  async drain(
    vehicle: string,
    { header, graceMs }: z.infer<typeof drainRequest>,
  ): Promise<z.infer<typeof drainAnswer>> {
    this.#check(vehicle, header.term);
    this.#apply(vehicle, header, { do: 'drain', order: header });
    const resident = this.#resident(vehicle);
    this.#deps.drains.start(resident, header.epoch, graceMs);
    this.#deps.onStanding(resident);
    await this.#deps.flushed();
    return { stoodDown: true, digest: resident.twin.digest() };
  }

  release(vehicle: string, { header }: z.infer<typeof releaseRequest>): void {
    this.#check(vehicle, header.term);
    this.#apply(vehicle, header, { do: 'release', order: header });
    if (this.#deps.slots.get(vehicle) !== undefined) return;
    this.#deps.drains.cancel(vehicle);
    this.#deps.events.forget(vehicle);
    const resident = this.#deps.residents.ofVehicle(vehicle);
    this.#deps.residents.remove(vehicle);
    if (resident !== undefined) this.#deps.onStanding(resident);
  }

  desire(
    vehicle: string,
    { term, version, settings }: z.infer<typeof settingsRequest>,
  ): z.infer<typeof settingsAnswer> {
    this.#checkTerm(term);
    const car = this.#resident(vehicle).settings;
    car.desire({ version, settings });
    return car.reported === undefined ? {} : { reported: car.reported };
  }

  renew({ term, leaseMs, vehicles }: z.infer<typeof leaseRequest>): z.infer<typeof leaseAnswer> {
    this.#checkTerm(term);
    const nowMs = this.#deps.clock.monotonicMs();
    const lease = { do: 'renew', leaseMs: this.#held(leaseMs) } as const;
    const renewed = (vehicle: string, epoch: number): boolean =>
      this.#deps.slots.get(vehicle) !== undefined &&
      this.#deps.slots.apply(vehicle, { ...lease, epoch }, nowMs) === 'done';
    return { refused: vehicles.filter(({ vehicle, epoch }) => !renewed(vehicle, epoch)).map(({ vehicle }) => vehicle) };
  }

  #held(leaseMs: number): number {
    return Math.min(leaseMs, this.#deps.leaseMaxMs);
  }

  #check(vehicle: string, term: number, digest?: Digest): void {
    this.#checkTerm(term);
    if (digest !== undefined && digest.vehicle !== vehicle)
      throw fault('REQUEST_INVALID', `the digest is of ${digest.vehicle}, not of ${vehicle}`);
  }

  #checkTerm(term: number): void {
    if (term < this.#term) throw fault('TERM_STALE', `${term}; seen ${this.#term}`);
    this.#term = term;
  }

  #apply(vehicle: string, header: CommandHeader, command: Command): Outcome {
    const { slots, clock, log } = this.#deps;
    const outcome = slots.apply(vehicle, command, clock.monotonicMs());
    const { handover, attempt, epoch, way } = header;
    if (outcome === 'full') throw fault('POOL_EMPTY', `all ${slots.count} slots of this host are taken`);
    if (outcome === 'absent') throw fault('NOT_FOUND', `${vehicle} has no slot here`);
    if (outcome === 'stale') throw fault('EPOCH_STALE', `${command.do} ${vehicle} with epoch ${epoch}`);
    const lease = command.do === 'prepare' ? command.order.lease : undefined;
    if (outcome === 'done')
      log.info({ event: 'vmd.slot.changed', command: command.do, vehicle, handover, attempt, epoch, way, lease });
    return outcome;
  }

  #resident(vehicle: string): Resident {
    const resident = this.#deps.residents.ofVehicle(vehicle);
    if (resident === undefined) throw fault('NOT_FOUND', `${vehicle} has no slot here`);
    return resident;
  }

  #answer(vehicle: string): SlotAnswer {
    const held = this.#deps.slots.get(vehicle);
    if (held === undefined) throw fault('NOT_FOUND', `${vehicle} has no slot here`);
    return { slot: held.index, state: held.slot.at };
  }
}
