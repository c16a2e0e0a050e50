import { Resources } from '../common/lifecycle.js';
import type { StandingAnswer } from '../protocol/api/sdn-app.js';
import { fault } from '../protocol/errors.js';
import type { SdnDeps, SdnOptions } from './deps.js';
import { DownPorts } from './down-ports.js';
import { LeaseClient } from './lease/lease-client.js';
import { STANDBY, stand, type LeaseEvent, type Standing } from './lease/standing.js';
import { Moves } from './moves.js';
import { checkDatapaths } from './reconcile.js';
import type { Network } from './redirect/network.js';
import type { FlowSwitch, SwitchEvent } from './switch/flow-switch.js';
import { Tenure } from './tenure.js';

/** One sdn-app: follows the vehicles of all switches while it holds the lease, and waits while another does. */
export class SdnService implements AsyncDisposable {
  readonly options: SdnOptions;
  readonly deps: SdnDeps;
  readonly network: Network;
  readonly moves = new Moves();
  readonly downPorts = new DownPorts();
  readonly #resources = new Resources();
  #standing: Standing = STANDBY;
  #tenure: Tenure | undefined;

  constructor(options: SdnOptions, deps: SdnDeps) {
    this.options = options;
    this.deps = deps;
    const { plan, topology, rules } = options;
    const switches = new Map(deps.switches.map(one => [one.datapath, one]));
    this.network = {
      plan,
      topology,
      trust: rules.trust,
      abilities: datapath => switches.get(datapath)?.abilities ?? ALL_ABILITIES,
    };
  }

  /** What is awaited before commands can be taken; `undefined` when nothing is. */
  get notReady(): string | undefined {
    if (this.#tenure === undefined)
      return this.#standing.at === 'standby' && this.#standing.active !== undefined
        ? `the lease: ${this.#standing.active.url} is active`
        : 'the lease';
    const missing = this.#tenure.unreconciled;
    return missing.length === 0 ? undefined : `switch ${missing.join(', ')}`;
  }

  /** NOT_ACTIVE (with who is, where that is known) on a stand-by; SWITCH_AWAY before the first switch was reconciled. */
  get active(): Tenure {
    if (this.#tenure === undefined) throw fault('NOT_ACTIVE', this.#whoIs());
    this.#tenure.checkReady();
    return this.#tenure;
  }

  get standing(): StandingAnswer {
    const { at } = this.#standing;
    const unreconciled = new Set(this.#tenure?.unreconciled ?? this.deps.switches.map(({ datapath }) => datapath));
    return {
      at,
      ...(this.#standing.at === 'active' ? { term: this.#standing.term } : {}),
      ...(this.#standing.at === 'standby' && this.#standing.active !== undefined
        ? { active: this.#standing.active }
        : {}),
      switches: this.deps.switches.map(({ datapath, connected }) => ({
        datapath,
        connected,
        reconciled: !unreconciled.has(datapath),
      })),
      tickets: Object.fromEntries(this.#tenure?.tickets.free(this.deps.clock.stampMs()) ?? []),
    };
  }

  /** TOPOLOGY_INVALID where the topology does not have one of the switches. */
  start(): void {
    const { switches, manager, timers, random, log } = this.deps;
    checkDatapaths(
      this.network,
      switches.map(({ datapath }) => datapath),
    );
    for (const one of switches) this.#resources.defer(one.listen(event => this.#onSwitch(one, event)));
    this.#resources.defer(() => this.#tenure?.end());
    const { holder, url, ttlMs } = this.options.lease;
    const lease = new LeaseClient(
      { holder, url, ttlMs },
      {
        ask: (request, timeoutMs) => manager.lease(request, timeoutMs),
        told: found => {
          this.#on({ type: 'told', lease: found });
          this.#tenure?.heardManager(found.managerTerm ?? 0);
        },
        timers,
        random,
        log,
      },
    );
    this.#resources.defer(() => lease.stop());
    lease.start();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources[Symbol.asyncDispose]();
  }

  #on(event: LeaseEvent): void {
    const { log, metrics } = this.deps;
    const before = this.#standing;
    const after = stand(before, event, this.options.lease.holder);
    if (after === before) return;
    this.#standing = after;
    this.#tenure?.end();
    this.#tenure = undefined;
    metrics.set('sdn_active', after.at === 'active' ? 1 : 0);
    if (after.at === 'standby') {
      if (before.at === 'active')
        log.warn({ event: 'sdn.stood-down', term: before.term, why: event.type, active: after.active?.url });
      return;
    }
    const { term } = after;
    metrics.set('sdn_term', term);
    log.info({ event: 'sdn.active', term });
    const fenced = (): void => this.#on({ type: 'fenced', term });
    this.#tenure = new Tenure(term, this.network, this.options, this.deps, this, fenced);
    this.#tenure.start();
  }

  #onSwitch({ datapath }: FlowSwitch, event: SwitchEvent): void {
    const { log, metrics } = this.deps;
    const labels = { datapath: String(datapath) };
    if (event.type === 'up') {
      log.info({ event: 'sdn.switch-up', datapath });
      metrics.set('sdn_switch_connected', 1, labels);
    } else if (event.type === 'down') {
      log.warn({ event: 'sdn.switch-down', datapath });
      metrics.set('sdn_switch_connected', 0, labels);
    } else if (event.type === 'portStatus')
      log.info({ event: 'sdn.port-status', datapath, port: event.port, up: event.up });
    this.downPorts.told(datapath, event);
    this.#tenure?.onSwitch(datapath, event);
  }

  #whoIs(): string {
    if (this.#standing.at === 'active') return `term ${this.#standing.term} begins`;
    const { active, fenced, overTerm } = this.#standing;
    if (active !== undefined) return `${active.url} is active in term ${active.term}`;
    return fenced === true ? `a switch is led by a term above ${overTerm}` : 'nobody has the lease';
  }
}

/** Before a switch was there it is taken for one that can do all. */
const ALL_ABILITIES = { bundles: true, moves: true, errors: true, packetIns: true } as const;
