import { delay, type Timers } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Clock } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import { backoff } from '../../common/retry.js';
import type { CommandHeader } from '../../protocol/api/common.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { StandbyRow } from '../../store/types.js';
import type { VehicleState } from '../handover/state.js';
import { ticketHolder } from '../pool/pool-state.js';
import type { Pool } from '../pool/pool.js';
import type { Lease } from './lease.js';
import type { Leases } from './leases.js';
import type { Taking } from './plan.js';
import type { StandbyRecords } from './records.js';

const RETRY = { firstMs: 50, maxMs: 2_000, jitter: 0.2 };

/** What is needed of the pool. */
export type StandbyPool = Pick<
  Pool,
  'reserve' | 'mark' | 'free' | 'passOn' | 'link' | 'rooms' | 'hasRoom' | 'expect' | 'used'
>;

export interface SlotDeps {
  readonly pool: StandbyPool;
  readonly leases: Leases;
  readonly records: StandbyRecords;
  readonly state: (vehicle: string) => VehicleState | undefined;
  readonly term: number;
  readonly newId: () => string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly random: () => number;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
  readonly signal: AbortSignal;
  /** How long a row says that sdn-app may use its slot; renewed while it does. */
  readonly recordMs: number;
  /** A lease of this vehicle, or of nobody's ticket, can be offered now, cannot be had, or is over. */
  readonly changed: (vehicle: string | undefined) => void;
}

/** Slots of the pool that are kept under leases: reserved, prepared at their hosts and recorded; given back. */
export class StandbySlots {
  readonly #deps: SlotDeps;

  constructor(deps: SlotDeps) {
    this.#deps = deps;
  }

  /** Reserves a slot at once; the lease can be offered once its host is ready and its row is on disk. */
  take({ vehicle, domain, reason }: Taking): void {
    const { pool, leases, clock, recordMs } = this.#deps;
    const lease = this.#deps.newId();
    const holder = vehicle ?? ticketHolder(lease);
    const host = pool.reserve({
      ...{ vehicle: holder, handover: lease, domains: [domain], anywhere: false, avoid: [] },
      standby: true,
    });
    if (host === undefined) return this.#deps.changed(vehicle);
    const row: StandbyRow = {
      ...{ lease, domain, reason, host: host.host, untilMs: clock.nowMs() + recordMs },
      ...(vehicle === undefined ? { way: 'ticket' } : { way: 'armed', vehicle }),
    };
    const epoch = vehicle === undefined ? 0 : (this.#deps.state(vehicle)?.highestEpoch ?? 0);
    leases.put({ row, host, epoch, stage: 'preparing', lost: false, why: 'withdrawn' });
    void this.prepare(lease);
  }

  async prepare(id: string): Promise<void> {
    const { leases, records, log } = this.#deps;
    const lease = leases.get(id);
    if (lease === undefined) return;
    const { vehicle } = lease.row;
    try {
      await Promise.all([records.put(lease.row), this.#atHost(lease)]);
      if (leases.get(id)?.stage === 'preparing') leases.change(id, { stage: 'offered' });
    } catch (error) {
      if (this.#deps.signal.aborted) return;
      log.warn({
        event: 'manager.standby.refused',
        lease: id,
        vehicle,
        host: lease.host.host,
        error: messageOf(error),
      });
      if (leases.get(id)?.stage === 'preparing') leases.change(id, { stage: 'withdrawn', why: 'refused' });
    }
    this.#deps.changed(vehicle);
  }

  async #atHost({ row, host, epoch }: Lease): Promise<void> {
    const { vehicle, lease } = row;
    const state = vehicle === undefined ? undefined : this.#deps.state(vehicle);
    if (vehicle === undefined || state === undefined) return;
    const link = this.#deps.pool.link(host.host);
    const header = this.#header(lease, epoch);
    const signal = AbortSignal.any([this.#deps.signal, ...(link === undefined ? [] : [link.signal])]);
    await link?.client.prepare(vehicle, { header, number: state.number, lease }, signal);
  }

  /** sdn-app cannot use it any more: the slot goes back to the pool once its host has let go of it, too. */
  async free(id: string, as: 'withdrawn' | 'refused' | 'lost' | 'expired'): Promise<void> {
    const { leases, records, pool, metrics, log } = this.#deps;
    const lease = leases.get(id);
    if (lease?.stage !== 'withdrawn') return;
    const { way, vehicle } = lease.row;
    leases.change(id, { stage: 'freeing' });
    metrics.count('standby_ended_total', { way, as });
    log.debug({ event: 'manager.standby.ended', lease: id, way, vehicle, host: lease.host.host, as });
    if (!lease.lost && vehicle !== undefined) await this.#release(lease, vehicle);
    if (this.#deps.signal.aborted) return;
    pool.free(lease.host.host, vehicle ?? ticketHolder(id));
    leases.delete(id);
    records.end(id);
    this.#deps.changed(vehicle);
  }

  /** Until the host has answered, or is lost. */
  async #release({ row, host, epoch }: Lease, vehicle: string): Promise<void> {
    const { pool, state, timers, random, signal } = this.#deps;
    const pauses = backoff(RETRY, random);
    for (let link = pool.link(host.host); link !== undefined && !signal.aborted; link = pool.link(host.host)) {
      const header = this.#header(row.lease, Math.max(epoch, state(vehicle)?.highestEpoch ?? 0));
      const released = await link.client.release(vehicle, header, AbortSignal.any([signal, link.signal])).then(
        () => true,
        (error: unknown) => isRefusal(error),
      );
      if (released) return;
      await delay(pauses.next().value, signal, timers).catch(() => undefined);
    }
  }

  #header(lease: string, epoch: number): CommandHeader {
    return { term: this.#deps.term, handover: lease, attempt: 0, epoch, way: 'armed' };
  }
}

/** A newer epoch holds the slot: it is not this lease's any more. */
const isRefusal = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'EPOCH_STALE' || error.code === 'NOT_FOUND');
