import { every, type Clock, type Timers } from '../../../common/clock.js';
import { codeOf, messageOf } from '../../../common/errors.js';
import type { Log } from '../../../common/log.js';
import { COAP_PORT, addressAt } from '../../../protocol/addresses.js';
import { fault } from '../../../protocol/errors.js';
import type { ControlStore, InstanceRow } from '../../../store/types.js';
import { CONTROL_PORT } from '../local.js';
import { HostIndices } from '../host-indices.js';
import { refOf, type Instance, type Mano, type ManoFinding } from '../mano.js';
import { endService } from './ending.js';
import type { Northbound, NsOrder } from './northbound.js';
import { orderService } from './ordering.js';
import type { NsRecord } from './records.js';
import { hostNamedBy, serviceNameOf } from './service-name.js';
import type { Settling } from './settle.js';

export interface OsmManoOptions {
  readonly northbound: Northbound;
  readonly settling: Settling;
  readonly store: ControlStore;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** Names the services of this installation: `<deployment>-<domain>-<index>`; others of the same orchestrator are let be. */
  readonly deployment: string;
  /** What an order says beyond its name and description; VIM account and descriptor are known by then. */
  readonly orderOf: (host: {
    host: string;
    domain: string;
    address: string;
    enrolment: string;
  }) => Promise<Omit<NsOrder, 'name' | 'description'>>;
  /** Host n of a domain has this address plus n, as the network's plan says. */
  readonly addressesFrom: (domain: string) => string;
  readonly newEnrolment: () => string;
  /** What it stands on, closed with it. */
  readonly close?: () => PromiseLike<void>;
  /** How often the orchestrator is asked what it has. */
  readonly watchMs?: number;
  readonly operationMs?: number;
  readonly retryMs?: number;
}

const WATCH_MS = 15_000;
/** As long as osmclient waits. */
const OPERATION_MS = 3_600_000;

/**
 * vMD hosts as network services of Open Source MANO, one machine each. A host is named in the control store before it is ordered, and its service bears the host's name:
 * whoever dies in between, the next manager finds both sides, and ends what only one of them knows.
 */
export class OsmMano implements Mano {
  readonly #options: OsmManoOptions;
  readonly #instances = new Map<string, Instance & { readonly service: string }>();
  readonly #listeners = new Set<(host: string) => void>();
  /** Hosts that the watch lets be. */
  readonly #ordering = new Set<string>();
  readonly #ending = new Set<string>();
  readonly #closing = new AbortController();
  readonly #stopWatch: () => void;
  readonly #indices = new HostIndices();

  constructor(options: OsmManoOptions) {
    this.#options = options;
    this.#stopWatch = every(options.timers, options.watchMs ?? WATCH_MS, async () => {
      await this.reconcile();
    });
  }

  async adopt(): Promise<readonly Instance[]> {
    const { store } = this.#options;
    const [rows, owners, services] = await Promise.all([store.instances(), store.owners(), this.#services()]);
    this.#indices.learn([...rows, ...owners].map(({ host }) => host));
    if (services === undefined) {
      // What was running is taken at its word: hosts tell of their health themselves, and the watch looks again.
      for (const row of rows) if (row.state === 'running' && row.service !== undefined) this.#keep(row, row.service);
      return this.list();
    }
    for (const row of rows) {
      const service = services.find(one => one.id === row.service || one.name === this.#nameOf(row.host));
      if (service !== undefined && service.ready && row.state === 'running') this.#keep(row, service.id);
      // It was being ordered or ended when the manager died; pools order what they lack anew.
      else this.#endInBackground(row.host, service?.id);
    }
    this.#endStrangers(services, new Set(rows.map(({ host }) => host)));
    return this.list();
  }

  list(): readonly Instance[] {
    return [...this.#instances.values()];
  }

  placeOf(host: string): Omit<Instance, 'pid' | 'startTicks'> {
    const running = this.#instances.get(host);
    if (running !== undefined) return refOf(running);
    const [domain = '', index] = host.split('/');
    const address = addressAt(this.#options.addressesFrom(domain), Number(index));
    return { host, domain, address, port: COAP_PORT, control: `http://${address}:${CONTROL_PORT}` };
  }

  async start(domain: string): Promise<Instance> {
    const { store, clock, newEnrolment } = this.#options;
    const inUse = [...this.#instances.keys(), ...this.#ordering, ...this.#ending];
    const host = `${domain}/${this.#indices.next(inUse)}`;
    const row: InstanceRow = {
      ...this.placeOf(host),
      ...{ pid: 0, startTicks: 0, state: 'starting', startedAtMs: clock.nowMs(), enrolment: newEnrolment() },
    };
    this.#ordering.add(host);
    try {
      await store.putInstance(row);
      const service = await this.#order(row);
      await store.putInstance({ ...row, service, state: 'running' });
      return this.#keep(row, service);
    } catch (error) {
      this.#ordering.delete(host);
      this.#endInBackground(host, undefined);
      throw fault('MANO_FAILED', `${host}: ${messageOf(error)}`, { cause: error });
    } finally {
      this.#ordering.delete(host);
    }
  }

  /** The machine has no other way to end than its service's; `how` makes no difference. */
  async stop(host: string): Promise<void> {
    const instance = this.#instances.get(host);
    if (instance !== undefined) await this.#end(host, instance.service);
  }

  onGone(listener: (host: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopWatch();
    this.#closing.abort(new Error('md-manager stops'));
    await this.#options.close?.();
  }

  #keep(row: InstanceRow, service: string): Instance {
    const { pid, startTicks, enrolment } = row;
    const instance = { ...refOf(row), pid, startTicks, enrolment, service };
    this.#instances.set(row.host, instance);
    return instance;
  }

  /** Resolves once the machine runs. */
  async #order(row: InstanceRow): Promise<string> {
    const { northbound, orderOf, settling, operationMs = OPERATION_MS } = this.#options;
    const { host, domain, address, enrolment = '' } = row;
    const order = await orderOf({ host, domain, address, enrolment });
    const signal = this.#closing.signal;
    const named = { ...order, name: this.#nameOf(host), description: `vMD host ${host}` };
    const { nsId, operation } = await orderService(northbound, named, signal);
    const done = await settling.final(operation, { deadlineMs: operationMs, signal });
    if (done.outcome === 'failed') throw fault('MANO_FAILED', `${done.state}: ${done.detail}`);
    const service = await northbound.ns(nsId);
    if (!service.ready) throw fault('MANO_FAILED', `done, but not running: ${service.detail}`);
    return nsId;
  }

  /** What the orchestrator has; `undefined` where it does not answer: that says nothing about the machines. */
  #services(): Promise<readonly NsRecord[] | undefined> {
    return this.#options.northbound.list().catch((error: unknown) => this.#away(error));
  }

  #away(error: unknown): undefined {
    this.#options.log.warn({ event: 'manager.mano.away', error: messageOf(error) });
    return undefined;
  }

  /** Nothing where the orchestrator or the store does not answer. What is found is being ended; the next look tells whether it is gone. */
  async reconcile(): Promise<readonly ManoFinding[]> {
    const services = await this.#services();
    if (services === undefined) return [];
    const alive = new Set(services.filter(({ failed }) => !failed).map(({ id }) => id));
    const gone: { readonly host: string; readonly service: string | undefined }[] = [];
    for (const { host, service } of this.#instances.values()) if (!alive.has(service)) gone.push({ host, service });
    const rows = await this.#rows();
    // Named in the store and not running: its order failed, and so did its ending.
    for (const { host, service } of rows ?? []) if (!this.#instances.has(host)) gone.push({ host, service });
    const ended = gone.filter(({ host, service }) => this.#endInBackground(host, service));
    const strangers = rows === undefined ? [] : this.#endStrangers(services, new Set(rows.map(({ host }) => host)));
    return [
      ...ended.map(({ host }) => ({ finding: 'instance-gone', host, did: 'forgotten' }) as const),
      ...strangers.map(host => ({ finding: 'instance-unknown', host, did: 'ended' }) as const),
    ];
  }

  /** What the store names; `undefined` where it is away: then nothing that runs is a stranger. */
  #rows(): Promise<readonly InstanceRow[] | undefined> {
    return this.#options.store.instances().catch((error: unknown) => this.#away(error));
  }

  /** Services with a name of ours that nobody here knows: left behind by a manager that died, or by an order whose answer was lost. */
  #endStrangers(services: readonly NsRecord[], known: ReadonlySet<string>): string[] {
    return services.flatMap(({ id, name }) => {
      const host = hostNamedBy(this.#options.deployment, name);
      if (host === undefined || known.has(host) || this.#ordering.has(host)) return [];
      this.#options.log.warn({ event: 'manager.mano.stranger', host, service: id });
      return this.#endInBackground(host, id) ? [host] : [];
    });
  }

  /** False where it is being ordered, or ended already. */
  #endInBackground(host: string, service: string | undefined): boolean {
    if (this.#ordering.has(host) || this.#ending.has(host)) return false;
    this.#end(host, service).catch((error: unknown) => {
      if (!this.#closing.signal.aborted) this.#trouble(host, error);
    });
    return true;
  }

  /** Ends the service, by its name where its id was never learnt, then forgets the host. */
  async #end(host: string, service: string | undefined): Promise<void> {
    const { store, operationMs = OPERATION_MS, ...rest } = this.#options;
    const deps = { ...rest, operationMs, onTrouble: (_: string, error: unknown) => this.#trouble(host, error) };
    this.#ending.add(host);
    try {
      const services = service === undefined ? await this.#servicesOf(host) : [service];
      for (const nsId of services) await endService(nsId, deps, this.#closing.signal);
      const known = this.#instances.delete(host);
      if (known) for (const listener of this.#listeners) listener(host);
      // Where the store is away the row stays, and is ended again with the next look.
      await store.deleteInstance(host);
    } finally {
      this.#ending.delete(host);
    }
  }

  async #servicesOf(host: string): Promise<string[]> {
    const name = this.#nameOf(host);
    return (await this.#options.northbound.list()).filter(one => one.name === name).map(({ id }) => id);
  }

  #trouble(host: string, error: unknown): void {
    this.#options.log.error({ event: 'manager.mano.trouble', host, code: codeOf(error), error: messageOf(error) });
  }

  #nameOf(host: string): string {
    return serviceNameOf(this.#options.deployment, host);
  }
}
