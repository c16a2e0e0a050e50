import type { Clock } from '../common/clock.js';
import { codeOf } from '../common/errors.js';
import type { Metrics } from '../common/metrics.js';
import type { MetricName } from '../protocol/metrics.js';
import { decodeCookie, vehicleSlice } from './redirect/cookie.js';
import { difference } from './redirect/difference.js';
import type { Network } from './redirect/network.js';
import { vehicleFlows, vehicleMeters } from './redirect/vehicle.js';
import type { Batch, FlowStats, FlowSwitch } from './switch/flow-switch.js';
import { viewOf, type Vehicle } from './vehicles.js';

/** Keeps the switch's flows of each vehicle what the app wants them to be: one bundle per change. */
export class FlowRunner {
  readonly network: Network;
  readonly #flowSwitch: FlowSwitch;
  readonly #clock: Clock;
  readonly #metrics: Metrics<MetricName>;

  constructor(network: Network, flowSwitch: FlowSwitch, clock: Clock, metrics: Metrics<MetricName>) {
    this.network = network;
    this.#flowSwitch = flowSwitch;
    this.#clock = clock;
    this.#metrics = metrics;
  }

  /**
   * Sends what has changed since the last call and resolves once it is confirmed. Calls need not wait for one another: the
   * switch keeps their order. After a failure the next call reads back what is really there.
   */
  async push(vehicle: Vehicle): Promise<void> {
    const { sent } = vehicle;
    if (sent === undefined) return this.readBack(vehicle);
    const wanted = vehicleFlows(this.network, viewOf(vehicle));
    vehicle.sent = wanted;
    const flows = difference(sent, wanted);
    if (flows.length > 0) await this.#applyFor([vehicle], { meters: [], flows });
    // an earlier batch has failed meanwhile: this one rested on it
    if (vehicle.sent === undefined) return this.readBack(vehicle);
  }

  /** Reads the vehicle's flows and corrects them. */
  async readBack(vehicle: Vehicle): Promise<void> {
    const found = await this.#flowSwitch.readFlows(vehicleSlice(vehicle.number));
    await this.correct([[vehicle, found]]);
  }

  /** Corrects vehicles whose flows have just been read: one bundle for all of them. Idempotent, also beside other changes. */
  async correct(rows: readonly (readonly [Vehicle, readonly FlowStats[]])[]): Promise<void> {
    const batch: { meters: Batch['meters'][number][]; flows: Batch['flows'][number][] } = { meters: [], flows: [] };
    for (const [vehicle, found] of rows) {
      const wanted = vehicleFlows(this.network, viewOf(vehicle));
      vehicle.sent = wanted;
      batch.meters.push(...vehicleMeters(vehicle.number));
      batch.flows.push(...difference(found.filter(isVehicleFlow), wanted));
    }
    await this.#applyFor(
      rows.map(([vehicle]) => vehicle),
      batch,
    );
  }

  async #applyFor(vehicles: readonly Vehicle[], batch: Batch): Promise<void> {
    try {
      await this.apply(batch);
    } catch (error) {
      for (const vehicle of vehicles) delete vehicle.sent;
      throw error;
    }
  }

  /** One batch, counted and timed. */
  async apply(batch: Batch): Promise<void> {
    const startMs = this.#clock.monotonicMs();
    try {
      await this.#flowSwitch.apply(batch);
      this.#metrics.count('sdn_batches_total', { result: 'applied' });
      this.#metrics.observe('sdn_batch_seconds', (this.#clock.monotonicMs() - startMs) / 1_000);
    } catch (error) {
      this.#metrics.count('sdn_batches_total', { result: codeOf(error) });
      throw error;
    }
  }
}

const isVehicleFlow = ({ cookie }: FlowStats): boolean => decodeCookie(cookie)?.kind !== 'base';
