import type { Clock } from '../common/clock.js';
import { EdgetwinError, codeOf } from '../common/errors.js';
import type { Metrics } from '../common/metrics.js';
import { fault } from '../protocol/errors.js';
import type { MetricName } from '../protocol/metrics.js';
import { decodeCookie, vehicleSlice } from './redirect/cookie.js';
import { RecentFlows } from './recent-flows.js';
import { difference } from './redirect/difference.js';
import type { Network } from './redirect/network.js';
import { vehicleFlows, vehicleMeters } from './redirect/vehicle.js';
import type { Place, VehicleView } from './redirect/view.js';
import { updateInSteps } from './steps.js';
import type { Batch, Flow, FlowMod, FlowStats, FlowSwitch } from './switch/flow-switch.js';
import { isSameView, sameEnd, viewOf, type Vehicle } from './vehicles.js';

export interface RunnerDeps {
  readonly network: Network;
  readonly switches: ReadonlyMap<number, FlowSwitch>;
  readonly clock: Clock;
  readonly metrics: Metrics<MetricName>;
  /** A switch says that somebody leads it with a higher term. */
  readonly fenced: () => void;
  /** The flows of a vehicle could not be confirmed on a switch that the caller need not wait for. */
  readonly unsettled: (vehicle: Vehicle, error: unknown) => void;
}

/**
 * Keeps the flows of each vehicle on every switch what the app wants them to be. Order of a change (DESIGN §5): what the
 * other switches lack, the destination's among them, then the switch where the vehicle enters in one bundle, then what
 * the others hold too much. A switch that is away does not stop the others: it is reconciled when it is back.
 */
export class FlowRunner {
  readonly #deps: RunnerDeps;
  readonly #led = new Set<number>();
  #stopped = false;
  /** The newest batch of a vehicle that no barrier has confirmed yet. */
  readonly #flights = new Map<Vehicle, Promise<void>>();
  /** Changes that take more than one step; the next one of the vehicle begins when they are through. */
  readonly #steps = new Map<Vehicle, Promise<void>>();

  readonly #recent = new RecentFlows((datapath, view) => this.flowsOf(datapath, view));

  constructor(deps: RunnerDeps) {
    this.#deps = deps;
  }

  get network(): Network {
    return this.#deps.network;
  }

  /** Takes a switch over; only then may anything be sent to it. */
  async lead(datapath: number, term: number): Promise<void> {
    try {
      await this.#switch(datapath).lead(term);
    } catch (error) {
      if (codeOf(error) === 'SWITCH_REFUSED') this.#deps.fenced();
      throw error;
    }
    if (!this.#stopped) this.#led.add(datapath);
  }

  lost(datapath: number): void {
    this.#led.delete(datapath);
    this.#recent.clear();
  }

  /** Nothing is sent any more. */
  stop(): void {
    this.#led.clear();
    this.#stopped = true;
  }

  usable(datapath: number): boolean {
    return this.#led.has(datapath) && this.#switch(datapath).connected;
  }

  /**
   * Sends what has changed since the last call and resolves once it is confirmed. Calls need not wait for one another: the
   * switch keeps their order. After a failure the next call reads back what is really there. SWITCH_AWAY where the switch
   * that the vehicle enters by, or that of a new host, is away.
   */
  push(vehicle: Vehicle): Promise<void> {
    return this.#queued(vehicle, false);
  }

  /** Reads the vehicle's flows and corrects them. */
  readBack(vehicle: Vehicle): Promise<void> {
    return this.#queued(vehicle, true);
  }

  /** Whether a switch that can be reached is known to hold nothing of it yet. */
  isBare(vehicle: Vehicle): boolean {
    return [...this.#deps.switches.keys()].some(
      datapath => this.usable(datapath) && vehicle.sent.get(datapath) === 'nothing',
    );
  }

  /** Whether what every connected switch holds of the vehicle is known. */
  isSettled(vehicle: Vehicle): boolean {
    return [...this.#deps.switches.keys()].every(datapath => !this.usable(datapath) || vehicle.sent.has(datapath));
  }

  /** Packets of the vehicle's prio-100 flows, of those that are there. */
  async pathCounters(vehicle: Vehicle): Promise<{ readonly place: Place; readonly packets: number }[]> {
    const { place, also } = viewOf(vehicle);
    const places = [place, also].filter(at => at !== undefined);
    const datapaths = [...new Set(places.map(({ datapath }) => datapath))];
    const flows = await Promise.all(
      datapaths.map(async datapath => [datapath, await this.read(datapath, vehicle)] as const),
    );
    const found = new Map(flows);
    return places.flatMap(at => {
      const flow = found
        .get(at.datapath)
        ?.find(({ cookie, match }) => decodeCookie(cookie)?.kind === 'path' && match.inPort === at.port);
      return flow === undefined ? [] : [{ place: at, packets: flow.packets }];
    });
  }

  /** The vehicle's flows on all connected switches. */
  async readAll(vehicle: Vehicle): Promise<FlowStats[]> {
    const connected = [...this.#deps.switches.values()].filter(one => one.connected);
    return (await Promise.all(connected.map(({ datapath }) => this.read(datapath, vehicle)))).flat();
  }

  /**
   * Corrects vehicles whose flows on one switch have just been read: one bundle. Idempotent, also beside other changes. A
   * vehicle that lacks nothing has its meter: with a meter a switch loses the flows that use it.
   */
  async correct(datapath: number, rows: readonly (readonly [Vehicle, readonly FlowStats[]])[]): Promise<void> {
    const batch: { meters: Batch['meters'][number][]; flows: FlowMod[] } = { meters: [], flows: [] };
    for (const [vehicle, found] of rows) {
      const view = viewOf(vehicle);
      vehicle.sent.set(datapath, view);
      const mods = difference(found.filter(isVehicleFlow), this.flowsOf(datapath, view));
      if (mods.some(({ op }) => op === 'add')) batch.meters.push(...vehicleMeters(vehicle.number));
      batch.flows.push(...mods);
    }
    if (batch.flows.length === 0) return;
    await this.applyFor(
      datapath,
      rows.map(([vehicle]) => vehicle),
      batch,
    );
  }

  /** One batch, counted and timed. SWITCH_AWAY while the switch is not led. */
  async apply(datapath: number, batch: Batch): Promise<void> {
    const { clock, metrics } = this.#deps;
    const startMs = clock.monotonicMs();
    try {
      if (!this.#led.has(datapath)) throw fault('SWITCH_AWAY', `switch ${datapath} is not led`);
      await this.#switch(datapath).apply(batch);
      metrics.count('sdn_batches_total', { result: 'applied' });
      metrics.observe('sdn_batch_seconds', (clock.monotonicMs() - startMs) / 1_000);
    } catch (error) {
      metrics.count('sdn_batches_total', { result: codeOf(error) });
      if (isSlave(error)) this.#deps.fenced();
      throw error;
    }
  }

  #queued(vehicle: Vehicle, reading: boolean): Promise<void> {
    const before = this.#steps.get(vehicle);
    return before === undefined ? this.#update(vehicle, reading) : before.then(() => this.#queued(vehicle, reading));
  }

  /** Up to its first wait it runs at once, so that the batches of one switch leave in the order of the calls. */
  async #update(vehicle: Vehicle, reading: boolean): Promise<void> {
    const view = viewOf(vehicle);
    const datapaths = [...this.#deps.switches.keys()];
    const usable = datapaths.filter(datapath => this.usable(datapath));
    const ingress = view.place?.datapath;
    const needed = this.#needed(vehicle, view, datapaths);
    const away = needed.find(datapath => !usable.includes(datapath));
    if (away !== undefined || usable.length === 0)
      throw fault('SWITCH_AWAY', away === undefined ? 'no switch is connected' : `switch ${away}`);
    const unknown = usable.filter(datapath => reading || !vehicle.sent.has(datapath));
    const bare = usable.filter(datapath => vehicle.sent.get(datapath) === 'nothing');
    if (
      unknown.length + bare.length > 0 ||
      usable.some(datapath => datapath !== ingress && this.#differs(vehicle, datapath, view))
    )
      return this.#inSteps(vehicle, () =>
        updateInSteps(this, { vehicle, view, usable, unknown, bare, needed }, this.#deps),
      );
    if (ingress === undefined) return;
    const sent = vehicle.sent.get(ingress);
    const isSame = typeof sent !== 'object' || isSameView(sent, view);
    // the view that is there stays: its flows may be known still
    if (!isSame) vehicle.sent.set(ingress, view);
    const flows = isSame ? [] : this.#changes(ingress, sent, view);
    if (flows.length > 0) await this.#inFlight(vehicle, this.applyFor(ingress, [vehicle], { meters: [], flows }));
    // nothing new: what is wanted is under way, and not confirmed before the barrier of that
    else await this.#flights.get(vehicle)?.catch(() => undefined);
    // an earlier batch has failed meanwhile: this one rested on it
    if (!vehicle.sent.has(ingress)) return this.readBack(vehicle);
  }

  /** Switches without which the change is not confirmed. */
  #needed(vehicle: Vehicle, view: VehicleView, datapaths: readonly number[]): number[] {
    const ingress = view.place?.datapath;
    const at = ingress === undefined ? undefined : vehicle.sent.get(ingress);
    const newHost = ingress === undefined || (typeof at === 'object' && !sameEnd(at.host, view.host));
    const destinations = datapaths.filter(datapath =>
      this.network.topology.switches.some(
        row =>
          row.datapath === datapath && row.ports.some(port => port.role === 'host' && port.domain === view.host.domain),
      ),
    );
    return [...(ingress === undefined ? [] : [ingress]), ...(newHost ? destinations : [])];
  }

  #differs(vehicle: Vehicle, datapath: number, view: VehicleView): boolean {
    const sent = vehicle.sent.get(datapath);
    return typeof sent !== 'object' || (!isSameView(sent, view) && this.#changes(datapath, sent, view).length > 0);
  }

  async #inFlight(vehicle: Vehicle, batch: Promise<void>): Promise<void> {
    this.#flights.set(vehicle, batch);
    try {
      await batch;
    } finally {
      if (this.#flights.get(vehicle) === batch) this.#flights.delete(vehicle);
    }
  }

  #inSteps(vehicle: Vehicle, work: () => Promise<void>): Promise<void> {
    const running = work();
    const settled = running
      .catch(() => undefined)
      .then(() => {
        if (this.#steps.get(vehicle) === settled) this.#steps.delete(vehicle);
      });
    this.#steps.set(vehicle, settled);
    return running;
  }

  /** The vehicle's flows on one switch. SWITCH_AWAY, DEADLINE. */
  async read(datapath: number, vehicle: Vehicle): Promise<readonly FlowStats[]> {
    return (await this.#switch(datapath).readFlows(vehicleSlice(vehicle.number))).filter(isVehicleFlow);
  }

  /** A batch for these vehicles: where it fails, it is not known what the switch holds of them. */
  async applyFor(datapath: number, vehicles: readonly Vehicle[], batch: Batch): Promise<void> {
    try {
      await this.apply(datapath, batch);
    } catch (error) {
      for (const vehicle of vehicles) vehicle.sent.delete(datapath);
      throw error;
    }
  }

  /** From what was sent to what is wanted. */
  #changes(datapath: number, sent: VehicleView, view: VehicleView): FlowMod[] {
    return difference(this.#recent.of(datapath, sent), this.#recent.of(datapath, view));
  }

  flowsOf = (datapath: number, view: VehicleView): Flow[] => vehicleFlows(this.network, datapath, view);

  #switch(datapath: number): FlowSwitch {
    const found = this.#deps.switches.get(datapath);
    if (found === undefined) throw fault('SWITCH_AWAY', `switch ${datapath} is none of this app's`);
    return found;
  }
}

export const isVehicleFlow = ({ cookie }: FlowStats): boolean => decodeCookie(cookie)?.kind !== 'base';

/** OpenFlow 1.3.5 §6.3.6: a controller in the role of a slave may not change anything. */
function isSlave(error: unknown): boolean {
  if (!(error instanceof EdgetwinError) || error.code !== 'SWITCH_REFUSED') return false;
  const { cause } = error;
  return typeof cause === 'object' && cause !== null && 'code' in cause && cause.code === 'IS_SLAVE';
}
