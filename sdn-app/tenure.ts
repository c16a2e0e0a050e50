import type { Log } from '../common/log.js';
import { fault } from '../protocol/errors.js';
import type { Topology } from '../protocol/topology.js';
import { readCopy, type Copy } from './attachment/copy.js';
import { alsoOf, placeOf, samePort, type State } from './attachment/state.js';
import { accessPortOf, type AccessPort } from './attachments.js';
import type { SdnDeps, SdnOptions } from './deps.js';
import type { DownPorts } from './down-ports.js';
import { FlowRunner } from './flow-runner.js';
import { Follower } from './follower.js';
import type { Moves } from './moves.js';
import { Recovery } from './recovery.js';
import type { Network } from './redirect/network.js';
import type { HostEnd } from './redirect/view.js';
import { Reporter } from './reporter.js';
import type { PacketIn, SwitchEvent } from './switch/flow-switch.js';
import { Tickets } from './tickets.js';
import { TimerSet } from './timer-set.js';
import { Vehicles, type Vehicle } from './vehicles.js';

/** What outlives a time of being active. */
export interface Kept {
  readonly moves: Moves;
  readonly downPorts: DownPorts;
}

/**
 * The work of the active sdn-app under one term: from the moment that it holds the lease until it loses it. Everything
 * that it knows is learnt anew from the switches and the manager, because another may have acted before.
 */
export class Tenure {
  readonly term: number;
  readonly downPorts: DownPorts;
  readonly vehicles = new Vehicles();
  readonly tickets = new Tickets();
  readonly runner: FlowRunner;
  readonly reporter: Reporter;
  readonly follower: Follower;
  readonly #options: SdnOptions;
  readonly #deps: SdnDeps;
  readonly #recovery: Recovery;
  readonly #timers: TimerSet;
  /** Highest term of md-manager that was seen. */
  #managerTerm = 0;

  constructor(term: number, network: Network, options: SdnOptions, deps: SdnDeps, kept: Kept, fenced: () => void) {
    this.term = term;
    this.downPorts = kept.downPorts;
    this.#options = options;
    this.#deps = deps;
    this.#timers = new TimerSet(deps.timers);
    this.runner = new FlowRunner({
      network,
      switches: new Map(deps.switches.map(one => [one.datapath, one])),
      clock: deps.clock,
      metrics: deps.metrics,
      fenced,
      unsettled: (vehicle, error) => this.follower.failed(vehicle, error),
    });
    this.reporter = new Reporter(deps);
    const parts = {
      term,
      vehicles: this.vehicles,
      runner: this.runner,
      reporter: this.reporter,
      tickets: this.tickets,
      timers: this.#timers,
    };
    this.follower = new Follower(options, deps, { ...parts, moves: kept.moves });
    this.#recovery = new Recovery(options, deps, {
      ...parts,
      follower: this.follower,
      managerTerm: found => this.heardManager(found),
    });
  }

  get topology(): Topology {
    return this.#options.topology;
  }

  get log(): Log {
    return this.#deps.log;
  }

  nowMs = (): number => this.#deps.clock.stampMs();

  /** Switches that do not hold yet what they should, as far as the app knows. */
  get unreconciled(): readonly number[] {
    return this.#deps.switches.map(({ datapath }) => datapath).filter(datapath => !this.#recovery.isDone(datapath));
  }

  start(): void {
    this.#recovery.start();
    for (const { datapath, connected } of this.#deps.switches) if (connected) this.#recovery.up(datapath);
  }

  /** Nothing is sent any more, to anybody. */
  end(): void {
    this.#timers.stop();
    this.reporter.stop();
    this.runner.stop();
  }

  /** SWITCH_AWAY before the first switch was reconciled: until then nothing is known of any vehicle. */
  checkReady(): void {
    if (!this.#recovery.begun) throw fault('SWITCH_AWAY', 'no switch is reconciled yet');
  }

  /** Commands of an earlier leader than this one are refused from here on. */
  heardManager(term: number): void {
    this.#managerTerm = Math.max(this.#managerTerm, term);
  }

  /** TERM_STALE where a newer leader of md-manager has been heard. */
  checkManagerTerm(term: number): void {
    if (term < this.#managerTerm) throw fault('TERM_STALE', `term ${term} after ${this.#managerTerm}`);
    this.#managerTerm = term;
  }

  /**
   * A vehicle that was not known. Nothing of it is on switches that were read before, so that nothing is read for it: a switch
   * goes through its whole table for each read.
   */
  enrol(number: number, host: HostEnd, epoch: number): Vehicle {
    const vehicle = this.vehicles.add(number, host, epoch);
    for (const { datapath } of this.#deps.switches)
      if (this.#recovery.lacks(datapath, number)) vehicle.sent.set(datapath, 'nothing');
    return vehicle;
  }

  countTickets(): void {
    const free = this.tickets.free(this.nowMs());
    for (const domain of this.topology.domains)
      this.#deps.metrics.set('sdn_tickets', free.get(domain) ?? 0, { domain });
  }

  onSwitch(datapath: number, event: SwitchEvent): void {
    switch (event.type) {
      case 'up':
        this.#recovery.up(datapath);
        break;
      case 'down':
        this.#recovery.down(datapath);
        this.runner.lost(datapath);
        for (const vehicle of this.vehicles.all()) vehicle.sent.delete(datapath);
        break;
      case 'packetIn':
        this.#onPacketIn(datapath, event);
        break;
      case 'portStatus':
        this.#onPort({ datapath, port: event.port }, event.up);
        break;
    }
  }

  #onPort(at: { readonly datapath: number; readonly port: number }, up: boolean): void {
    for (const vehicle of this.vehicles.all())
      if (isAt(vehicle.state, at))
        this.follower.dispatch(vehicle, { type: 'port', ...at, up, handover: this.#deps.newId() });
  }

  #onPacketIn(datapath: number, event: PacketIn): void {
    const copy = readCopy(event);
    const vehicle = copy.of === 'vehicle' ? this.vehicles.numbered(copy.number) : undefined;
    const port = accessPortOf(this.topology, { datapath, port: event.inPort });
    const useful = event.datapath === datapath && port !== undefined;
    if (useful && vehicle !== undefined && copy.of === 'vehicle') this.#onCopy(vehicle, copy, port);
    // counted behind the batch that it may have made: nothing waits for a number
    this.#deps.metrics.count('sdn_packet_ins_total', {
      of: useful && (vehicle !== undefined || copy.of !== 'vehicle') ? copy.of : 'foreign',
    });
  }

  #onCopy(
    vehicle: Vehicle,
    { place, tag }: Extract<Copy, { of: 'vehicle' }>,
    { domain, authenticated = false }: AccessPort,
  ): void {
    // the frame went by a route whose lease is not known yet: the next copy will find it known, or the route gone
    if (vehicle.found.some(route => route.domain === domain)) return;
    const offer = this.follower.offer(vehicle, domain);
    this.follower.dispatch(vehicle, { type: 'copy', place, domain, tag, authenticated, ...offer });
  }
}

/** Whether the machine knows of anything at this port. */
const isAt = (state: State, at: { readonly datapath: number; readonly port: number }): boolean =>
  [placeOf(state), alsoOf(state), ...state.doubts.map(({ place }) => place)].some(
    place => place !== undefined && samePort(place, at),
  );
