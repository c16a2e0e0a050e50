import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import { EdgetwinError, codeOf } from '../../common/errors.js';
import { COAP_PORT, MAX_NUMBER, twinAddress, twinAddress6, type AddressPlan } from '../../protocol/addresses.js';
import type { CommandHeader, HostRef } from '../../protocol/api/common.js';
import type { Registration, RegistrationRequest } from '../../protocol/api/md-manager.js';
import { fault } from '../../protocol/errors.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { CasOutcome, ControlStore, DeviceRow, OwnerRow } from '../../store/types.js';
import type { VehicleState } from '../handover/state.js';
import type { Runner } from '../handover/runner.js';
import type { Mano } from '../mano/mano.js';
import type { SdnClient } from '../peers.js';
import type { Pool } from '../pool/pool.js';

export interface RegistrationDeps {
  readonly store: ControlStore;
  readonly pool: Pool;
  readonly mano: Mano;
  readonly runner: Runner;
  readonly sdn: SdnClient;
  readonly plan: AddressPlan;
  readonly firstNumber: number;
  readonly term: number;
  readonly leaseMs: number;
  readonly highestBoot: (vehicle: string) => Promise<number>;
  readonly nowMs: () => number;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
  readonly signal: AbortSignal;
}

/** Where new vehicles get their first twin. */
const HOME = 'core';
const REGISTRATION = 'registration';

/** Vehicles come to have a number, an address and a twin; idempotent by the device's key. */
export class Registrations {
  readonly #deps: RegistrationDeps;
  /** Vehicle → the slot and the owner row that nobody knows of whether it is in the store: kept until that is known. */
  readonly #unsettled = new Map<string, { readonly host: HostRef; readonly owner: OwnerRow }>();
  /** Vehicle → its registration under way: one at a time. */
  readonly #underWay = new Map<string, Promise<unknown>>();
  readonly #devices = new Map<string, DeviceRow>();
  #nextNumber: number;

  constructor(deps: RegistrationDeps, known: readonly DeviceRow[]) {
    this.#deps = deps;
    for (const row of known) this.#devices.set(row.vehicle, row);
    this.#nextNumber = known.reduce((next, { number }) => Math.max(next, number + 1), deps.firstNumber);
    deps.metrics.set('vehicles_registered', this.#devices.size);
  }

  device(vehicle: string): DeviceRow | undefined {
    return this.#devices.get(vehicle);
  }

  /** Whether a slot may be held for its registration. */
  holds(vehicle: string): boolean {
    return this.#underWay.has(vehicle) || this.#unsettled.has(vehicle);
  }

  /** Where a vehicle's device sends to, by each family that the network has. */
  twinOf(number: number): Pick<Registration, 'twin' | 'twin6'> {
    const { plan } = this.#deps;
    const address6 = twinAddress6(plan, number);
    return {
      twin: { address: twinAddress(plan, number), port: COAP_PORT },
      ...(address6 === undefined ? {} : { twin6: { address: address6, port: COAP_PORT } }),
    };
  }

  /** KEY_MISMATCH for another key, POOL_EMPTY or an upstream's fault where it should be tried again. */
  async register(request: RegistrationRequest): Promise<Registration> {
    const { vehicle } = request;
    const before = this.#underWay.get(vehicle) ?? Promise.resolve();
    const mine = before.then(
      () => this.#register(request),
      () => this.#register(request),
    );
    this.#underWay.set(vehicle, mine);
    const { metrics } = this.#deps;
    try {
      const answer = await mine;
      metrics.count('registrations_total', { result: 'ok' });
      return answer;
    } catch (error) {
      metrics.count('registrations_total', { result: codeOf(error) });
      throw asAway(error);
    } finally {
      if (this.#underWay.get(vehicle) === mine) this.#underWay.delete(vehicle);
    }
  }

  async #register({ vehicle, key, nextBootFloor }: RegistrationRequest): Promise<Registration> {
    const device = await this.#device(vehicle, key);
    const state = this.#deps.runner.state(vehicle);
    if (state === undefined) await this.#firstTwin(device);
    // A hand-over that runs sees to the flows itself.
    else if (state.run === undefined) await this.#install(state);
    const nextBoot = Math.max(nextBootFloor, (await this.#deps.highestBoot(vehicle)) + 1);
    return { vehicle, number: device.number, ...this.twinOf(device.number), nextBoot };
  }

  async #device(vehicle: string, key: string): Promise<DeviceRow> {
    const { store, nowMs, metrics } = this.#deps;
    const known = this.#devices.get(vehicle) ?? (await store.device(vehicle));
    if (known !== undefined) {
      if (known.key !== key) throw fault('KEY_MISMATCH', vehicle);
      this.#devices.set(vehicle, known);
      return known;
    }
    // Refused: another manager took the number, or the vehicle; looked at again. Unknown: the same again.
    for (let number = this.#nextNumber++; ;) {
      if (number > MAX_NUMBER) throw fault('NUMBERS_EXHAUSTED', `from ${this.#deps.firstNumber}`);
      const row: DeviceRow = { vehicle, number, key, registeredAtMs: nowMs() };
      const outcome = await store.insertDevice(row);
      const held = outcome === 'applied' ? row : await store.device(vehicle);
      if (held === undefined) {
        if (outcome === 'refused') number = this.#nextNumber++;
        continue;
      }
      if (held.key !== key) throw fault('KEY_MISMATCH', vehicle);
      this.#devices.set(vehicle, held);
      metrics.set('vehicles_registered', this.#devices.size);
      return held;
    }
  }

  /** A slot in `core` at epoch 0, and the way to it in the switch. */
  async #firstTwin({ vehicle, number }: DeviceRow): Promise<void> {
    const { pool, store, runner, sdn, term, leaseMs, nowMs, log, signal } = this.#deps;
    const unsettled = this.#unsettled.get(vehicle);
    const held = unsettled === undefined ? await store.owner(vehicle) : undefined;
    if (held !== undefined) {
      // Claimed by an answer that was lost: its host is tried first, by the machine.
      const { mano } = this.#deps;
      runner.add(firstState(vehicle, number, term, mano.placeOf(held.host)));
      if (pool.link(held.host) === undefined)
        runner.hostLost(held.host, !mano.list().some(({ host }) => host === held.host));
      throw fault('AUTHORITY_AWAY', `${vehicle} is being set up`);
    }
    const wish = { vehicle, handover: REGISTRATION, domains: [HOME], anywhere: false, avoid: [] };
    const host = unsettled?.host ?? pool.reserve(wish);
    if (host === undefined) {
      pool.order(HOME);
      throw fault('POOL_EMPTY', HOME);
    }
    const header: CommandHeader = { term, handover: REGISTRATION, attempt: 0, epoch: 0, way: 'manager' };
    const link = pool.link(host.host);
    let claim: CasOutcome = 'refused';
    try {
      if (link === undefined) throw fault('UPSTREAM_AWAY', host.host);
      await link.client.prepare(vehicle, { header, number }, signal);
      const place = { host: host.host, domain: host.domain };
      const first = { vehicle, epoch: 0, handover: REGISTRATION, attempt: 0, ...place, claimedAtMs: nowMs() };
      const owner = unsettled?.owner ?? first;
      claim = await store.insertOwner(owner);
      // It may be there, or come: its slot is kept, and the device asks again.
      if (claim === 'unknown') this.#unsettled.set(vehicle, { host, owner });
      if (claim !== 'applied') throw fault('STORE_FAILED', `owner of ${vehicle}: ${claim}`);
      this.#unsettled.delete(vehicle);
      // From here on the machine knows the vehicle: whatever fails now, it is its twin's host that is tried again.
      runner.add(firstState(vehicle, number, term, host));
      await link.client.activate(vehicle, { header, leaseMs }, signal);
    } catch (error) {
      if (claim === 'refused') {
        this.#unsettled.delete(vehicle);
        await link?.client.release(vehicle, header, signal).catch(() => undefined);
        pool.free(host.host, vehicle);
      }
      throw error;
    }
    if (pool.link(host.host) === undefined) runner.hostLost(host.host, false);
    await sdn.install(vehicle, { header, number, host }, signal);
    log.info({ event: 'manager.vehicle.registered', vehicle, number, host: host.host });
  }

  /** The app may have lost its memory: made known again; where it knows more than this, it stays with that. */
  async #install(state: VehicleState): Promise<void> {
    const { vehicle, number, twin, term, attachment } = state;
    const header: CommandHeader = { term, handover: REGISTRATION, attempt: 0, epoch: twin.epoch, way: 'manager' };
    const body = { header, number, host: twin.host, ...(attachment === undefined ? {} : { attachment }) };
    await this.#deps.sdn.install(vehicle, body, this.#deps.signal).catch((error: unknown) => {
      if (codeOf(error) !== 'EPOCH_STALE') throw error;
    });
  }
}

function firstState(vehicle: string, number: number, term: number, host: HostRef): VehicleState {
  const twin = { host, epoch: 0, actingEpoch: 0, acts: true, health: { is: 'alive' } } as const;
  return { vehicle, number, term, twin, highestEpoch: 0, leaving: [], seen: [] };
}

/** What a device is told to come back for is 503 with Retry-After, whatever was away behind the manager. */
function asAway(error: unknown): unknown {
  const away = error instanceof EdgetwinError && error.retry && error.code !== 'POOL_EMPTY';
  return away ? fault('AUTHORITY_AWAY', error.detail, { cause: error }) : error;
}
