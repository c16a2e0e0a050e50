import type { Clock } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { StandbySlot } from '../../protocol/api/sdn-app.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { VehicleState } from '../handover/state.js';
import { COMMAND_TIMEOUT_MS, type SdnClient } from '../peers.js';
import { isOver, type Lease } from './lease.js';
import type { Leases } from './leases.js';
import type { StandbyRecords } from './records.js';
import type { StandbySlots } from './slots.js';

const RETRY_MS = 1_000;
const REFUSED_MS = 5_000;
/** sdn-app will not have it, whatever is tried; asked again after a while. */
const REFUSALS = new Set(['VEHICLE_UNKNOWN', 'NOT_FOUND', 'REQUEST_INVALID', 'FLOW_INVALID', 'UPSTREAM_REFUSED']);

export interface OfferDeps {
  readonly leases: Leases;
  readonly slots: StandbySlots;
  readonly records: StandbyRecords;
  readonly sdn: Pick<SdnClient, 'arm' | 'giveTickets'>;
  readonly state: (vehicle: string) => VehicleState | undefined;
  /** Whether the vehicle may be offered slots and tickets now. */
  readonly mayHave: (vehicle: string) => { readonly slots: boolean; readonly tickets: boolean };
  /** Its offers are of no use: withdrawn, and tried again later. */
  readonly refused: (vehicle: string) => void;
  readonly term: number;
  readonly leaseMs: number;
  readonly recordMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
  readonly signal: AbortSignal;
}

interface Told {
  /** It may use what it was told until then (monotonic). */
  readonly untilMs: number;
  /** What sdn-app has said yes to, and when it is to be told again (monotonic); absent where no answer came. */
  readonly heard?: { readonly what: string; readonly againMs: number };
}

/**
 * What sdn-app is told of standby slots. Each list replaces the one before, so the answer to a list that leaves a slot out
 * says that it is used no more. Before sdn-app hears of a time its row says a later one.
 */
export class Offers {
  readonly #deps: OfferDeps;
  /** Vehicle → what it was told last. */
  readonly #told = new Map<string, Told>();

  constructor(deps: OfferDeps) {
    this.#deps = deps;
  }

  /** It may know nothing of what it was told. */
  forget(): void {
    for (const [vehicle, { untilMs }] of this.#told) this.#told.set(vehicle, { untilMs });
  }

  /** By sdn-app's word the vehicle has moved, and with the move whatever it was told of has ended there. */
  ended(vehicle: string): void {
    this.#told.delete(vehicle);
  }

  /** Milliseconds until it is to be told again. */
  async tellVehicle(vehicle: string): Promise<number | undefined> {
    const { leases, sdn, term, leaseMs, signal, clock } = this.#deps;
    const may = this.#deps.mayHave(vehicle);
    const mine = leases.of(vehicle).filter(({ stage }) => stage === 'offered' || stage === 'withdrawn');
    const offered = may.slots ? mine.filter(({ stage }) => stage === 'offered') : [];
    const leaving = this.#stillUsable(mine);
    const last = this.#told.get(vehicle);
    const nowMs = clock.monotonicMs();
    if (offered.length === 0 && leaving.length === 0 && !may.tickets && (last?.untilMs ?? 0) <= nowMs) return undefined;
    const what = this.#whatOf(vehicle, offered, may.tickets);
    if (leaving.length === 0 && last?.heard?.what === what && nowMs < last.heard.againMs)
      return last.heard.againMs - nowMs;
    const covered = await this.#cover(offered);
    const now = this.#deps.mayHave(vehicle);
    if (!covered || now.slots !== may.slots || now.tickets !== may.tickets) return 0;
    this.#told.set(vehicle, { untilMs: this.#latestMs() });
    try {
      const body = { term, slots: offered.map(slotOf), tickets: may.tickets, leaseMs };
      const { host } = await sdn.arm(vehicle, body, signal);
      this.#heard(offered);
      const used = leaving.filter(lease => this.#isUsed(vehicle, lease, host.host));
      for (const lease of leaving) if (!used.includes(lease)) void this.#deps.slots.free(lease.row.lease, lease.why);
      this.#heard(used);
      const more = offered.length > 0 || may.tickets;
      const heardMs = clock.monotonicMs();
      if (more)
        this.#told.set(vehicle, { untilMs: heardMs + leaseMs, heard: { what, againMs: heardMs + leaseMs / 3 } });
      else this.#told.delete(vehicle);
      return used.length > 0 ? RETRY_MS : more ? leaseMs / 3 : undefined;
    } catch (error) {
      return this.#failed(error, vehicle);
    }
  }

  async tellTickets(): Promise<number | undefined> {
    const { leases, sdn, term, leaseMs, signal } = this.#deps;
    const all = leases.of(undefined);
    const offered = all.filter(({ stage }) => stage === 'offered');
    const leaving = this.#stillUsable(all);
    if (offered.length === 0 && leaving.length === 0) return undefined;
    if (!(await this.#cover(offered))) return 0;
    try {
      await sdn.giveTickets({ term, tickets: offered.map(slotOf), leaseMs }, signal);
      this.#heard(offered);
      // The answer does not say whether one was used just before: what is left of its time is waited for.
      return offered.length > 0 ? leaseMs / 3 : RETRY_MS;
    } catch (error) {
      return this.#failed(error, undefined);
    }
  }

  /** With the last move and redirect of the vehicle: sdn-app drops what it was told when the vehicle moves. */
  #whatOf(vehicle: string, offered: readonly Lease[], tickets: boolean): string {
    const state = this.#deps.state(vehicle);
    const leases = offered.map(({ row }) => row.lease);
    return [state?.seen.at(-1), state?.twin.epoch, tickets, ...leases].join(' ');
  }

  /** Frees what nobody can use any more; returns the rest of those that were withdrawn. */
  #stillUsable(all: readonly Lease[]): Lease[] {
    const nowMs = this.#deps.clock.monotonicMs();
    const withdrawn = all.filter(({ stage }) => stage === 'withdrawn');
    for (const lease of withdrawn)
      if (isOver(lease, nowMs))
        void this.#deps.slots.free(lease.row.lease, lease.usableUntilMs === undefined ? lease.why : 'expired');
    return withdrawn.filter(lease => !isOver(lease, nowMs));
  }

  /** Whether all is still as it was once every row outlives what is about to be told. */
  async #cover(offered: readonly Lease[]): Promise<boolean> {
    const { leases, records, recordMs, leaseMs, clock } = this.#deps;
    const enoughMs = clock.nowMs() + leaseMs + 2 * COMMAND_TIMEOUT_MS;
    const short = offered.filter(({ row }) => row.untilMs < enoughMs);
    const rows = short.map(({ row }) => ({ ...row, untilMs: clock.nowMs() + recordMs }));
    for (const row of rows) leases.change(row.lease, { row });
    try {
      await Promise.all(rows.map(row => records.put(row)));
    } catch {
      // The manager ends.
      return true;
    }
    const same = offered.every(({ row }) => leases.get(row.lease)?.stage === 'offered');
    if (!same) return false;
    for (const { row } of offered) leases.change(row.lease, { usableUntilMs: this.#latestMs() });
    return true;
  }

  /** A request that is sent now may be heard until its time is up, and counts from there. */
  #latestMs(): number {
    return this.#deps.clock.monotonicMs() + 2 * COMMAND_TIMEOUT_MS + this.#deps.leaseMs;
  }

  #heard(told: readonly Lease[]): void {
    const usableUntilMs = this.#deps.clock.monotonicMs() + this.#deps.leaseMs;
    for (const { row } of told) this.#deps.leases.change(row.lease, { usableUntilMs });
  }

  /** sdn-app has sent the flow there, and its word of that is on its way. */
  #isUsed(vehicle: string, { host }: Lease, flowTo: string): boolean {
    return flowTo === host.host && this.#deps.state(vehicle)?.twin.host.host !== host.host;
  }

  #failed(error: unknown, vehicle: string | undefined): number {
    const { log, metrics, signal, refused } = this.#deps;
    if (signal.aborted) return RETRY_MS;
    const effect = vehicle === undefined ? 'giveTickets' : 'arm';
    metrics.count('effect_retries_total', { effect, code: codeOf(error) });
    log.warn({ event: 'manager.effect.failed', effect, vehicle, error: messageOf(error) });
    if (!REFUSALS.has(codeOf(error))) return RETRY_MS;
    if (vehicle !== undefined) refused(vehicle);
    return REFUSED_MS;
  }
}

const slotOf = ({ row, host }: Lease): StandbySlot => ({ lease: row.lease, domain: row.domain, host });
