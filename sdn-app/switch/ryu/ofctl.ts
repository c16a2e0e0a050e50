import { codeOf } from '../../../common/errors.js';
import { every, systemTimers, type Timers } from '../../../common/clock.js';
import { fault } from '../../../protocol/errors.js';
import type { Abilities, Batch, CookieSlice, FlowStats, FlowSwitch, SwitchEvent } from '../flow-switch.js';
import { Audience, SLAVE } from '../audience.js';
import { refused } from '../refusal.js';
import { OfctlClient, type OfctlOptions } from './ofctl-client.js';
import { outcomeOf, sliceOf, unconfirmed } from './ofctl-confirm.js';
import { plainCommands, refusePlainBatch } from './ofctl-encode.js';
import { TERMS, highestTerm, isTermFlow, termFlow } from './ofctl-term.js';

export interface OfctlSwitchOptions extends OfctlOptions {
  readonly timers?: Timers;
  /** Time between two looks at the switches and their ports. */
  readonly pollMs?: number;
  readonly onForeignFlows?: (datapath: number, count: number) => void;
}

export interface Ofctl extends AsyncDisposable {
  readonly client: OfctlClient;
  switchOf(datapath: number): FlowSwitch;
}

const POLL_MS = 1_000;
const QUEUE_MAX = 4_096;

/**
 * Switches by the stock `ofctl_rest` alone, where our Ryu app is not there. What is lost is in
 * docs/decisions/ryu-adapter.md: it polls, no batch is atomic, and nobody tells of packets.
 */
export function openOfctl(options: OfctlSwitchOptions): Ofctl {
  const client = new OfctlClient(options);
  const switches = new Map<number, OfctlSwitch>();
  const timers = options.timers ?? systemTimers;
  const look = async (): Promise<void> => {
    const there = await client.datapaths().catch((): number[] => []); // away: every switch says so
    await Promise.all([...switches.values()].map(each => each.look(there.includes(each.datapath))));
  };
  const stop = every(timers, options.pollMs ?? POLL_MS, look);
  return {
    client,
    switchOf(datapath) {
      const found = switches.get(datapath);
      if (found !== undefined) return found;
      const made = new OfctlSwitch(datapath, client, {
        onForeignFlows: count => options.onForeignFlows?.(datapath, count),
        onClosed: () => switches.delete(datapath),
      });
      switches.set(datapath, made);
      void look();
      return made;
    },
    [Symbol.asyncDispose]: async () => {
      stop();
      for (const each of [...switches.values()]) await each[Symbol.asyncDispose]();
      await client[Symbol.asyncDispose]();
    },
  };
}

/** Plain OpenFlow 1.3; `moves: false` is no Nicira extension at all: no fragments, no masks of UDP ports, no registers. */
const ABILITIES: Abilities = { bundles: false, moves: false, errors: false, packetIns: false };

interface Hooks {
  readonly onForeignFlows: (count: number) => void;
  readonly onClosed: () => void;
}

class OfctlSwitch implements FlowSwitch {
  readonly datapath: number;
  readonly abilities = ABILITIES;
  readonly #client: OfctlClient;
  readonly #hooks: Hooks;
  readonly #audience: Audience;
  #state: 'away' | 'up' | 'closed' = 'away';
  #term: number | undefined;
  #portsDown = new Set<number>();
  #ageS = 0;
  #looking = false;
  /** One after another: commands and what confirms them share one connection. */
  #last: Promise<unknown> = Promise.resolve();
  #queued = 0;

  constructor(datapath: number, client: OfctlClient, hooks: Hooks) {
    this.datapath = datapath;
    this.#audience = new Audience(datapath);
    this.#client = client;
    this.#hooks = hooks;
  }

  get connected(): boolean {
    return this.#state === 'up';
  }

  apply(batch: Batch): Promise<void> {
    const refusal = this.connected ? refusePlainBatch(batch) : undefined;
    if (refusal !== undefined) return Promise.reject(refused(refusal));
    return this.#inOrder(async () => {
      await this.#checkTerm();
      for (const command of plainCommands(this.datapath, batch)) await this.#client.command(command);
      await this.#client.barrier(this.datapath);
      await this.#confirm(batch);
    });
  }

  readFlows(slice: CookieSlice): Promise<readonly FlowStats[]> {
    return this.#inOrder(async () => {
      const { flows, foreign } = await this.#client.flows(this.datapath, slice);
      if (foreign > 0) this.#hooks.onForeignFlows(foreign);
      return flows.filter(flow => !isTermFlow(flow));
    });
  }

  lead(term: number): Promise<void> {
    this.#term = term;
    return this.#inOrder(() => this.#lead(term));
  }

  listen(listener: (event: SwitchEvent) => void): () => void {
    return this.#audience.add(listener, this.connected ? this.#portsDown : undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#lost();
    this.#state = 'closed';
    this.#hooks.onClosed();
    return Promise.resolve();
  }

  /** Compares what there is with what was there at the last look. */
  async look(there: boolean): Promise<void> {
    if (this.#looking || this.#state === 'closed') return;
    if (!there) return this.#lost();
    this.#looking = true;
    try {
      const [ports, down] = [await this.#client.portStats(this.datapath), await this.#client.portsDown(this.datapath)];
      const ageS = Math.max(0, ...ports.map(port => port.ageS));
      if (ageS < this.#ageS) this.#lost();
      this.#ageS = ageS;
      this.#ports(down);
      if (this.#state === 'away') await this.#appear();
    } catch {
      this.#lost(); // whatever it is: nothing is known of the switch
    } finally {
      this.#looking = false;
    }
  }

  #ports(down: Set<number>): void {
    const before = this.#portsDown;
    this.#portsDown = down;
    if (!this.connected) return;
    const changed = [...before, ...down].filter(port => before.has(port) !== down.has(port));
    for (const port of changed)
      this.#audience.tell({ type: 'portStatus', datapath: this.datapath, port, up: !down.has(port) });
  }

  /** A switch that was restarted has forgotten the term. */
  async #appear(): Promise<void> {
    if (this.#term !== undefined)
      await this.#lead(this.#term).catch((error: unknown) => {
        if (codeOf(error) !== 'SWITCH_REFUSED') throw error;
      });
    if (this.#state !== 'away') return;
    this.#state = 'up';
    this.#audience.greet(this.#portsDown);
  }

  async #lead(term: number): Promise<void> {
    await this.#checkTerm();
    const { flows } = await this.#client.flows(this.datapath, TERMS);
    const old = flows.filter(flow => flow.cookie < termFlow(term).cookie);
    const batch: Batch = {
      meters: [],
      flows: [{ op: 'add', flow: termFlow(term) }, ...old.map(flow => ({ op: 'delete', flow }) as const)],
    };
    for (const command of plainCommands(this.datapath, batch)) await this.#client.command(command);
    await this.#client.barrier(this.datapath);
    await this.#checkTerm();
  }

  /** A fence by agreement: the highest term among the flows that hold one. */
  async #checkTerm(): Promise<void> {
    const term = this.#term;
    if (term === undefined) return;
    const { flows } = await this.#client.flows(this.datapath, TERMS);
    if (highestTerm(flows) > term) throw refused(SLAVE);
  }

  /** Nobody tells of errors: what is not there was refused. */
  async #confirm(batch: Batch): Promise<void> {
    const wanted = outcomeOf(batch);
    const { flows } = await this.#client.flows(this.datapath, sliceOf(wanted.values()));
    const detail = unconfirmed(wanted, flows);
    if (detail !== undefined) throw refused({ type: 'FLOW_MOD_FAILED', code: 'UNKNOWN', detail });
  }

  #inOrder<T>(work: () => Promise<T>): Promise<T> {
    const away = (): Error => fault('SWITCH_AWAY', `datapath ${this.datapath}`);
    if (!this.connected || this.#queued >= QUEUE_MAX) return Promise.reject(away());
    this.#queued++;
    const done = this.#last.then(() => (this.connected ? work() : Promise.reject(away())));
    this.#last = done.then(
      () => this.#queued--,
      () => this.#queued--,
    );
    return done;
  }

  #lost(): void {
    const wasConnected = this.connected;
    if (this.#state === 'up') this.#state = 'away';
    this.#ageS = 0;
    if (wasConnected) this.#audience.tell({ type: 'down' });
  }
}
