import { codeOf } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';
import { Audience, SLAVE } from './audience.js';
import { refuseBatch } from './batch-check.js';
import type { Abilities, Batch, CookieSlice, FlowStats, FlowSwitch, SwitchEvent } from './flow-switch.js';
import { refused } from './refusal.js';

/** What is known of a datapath since it connected. */
export interface Said {
  readonly bundles: boolean;
  readonly moves: boolean;
  readonly portsDown: Set<number>;
}

export interface ReadFlows {
  readonly flows: readonly FlowStats[];
  /** How many more there are that nothing of ours can say. */
  readonly foreign: number;
}

/**
 * How a switch is spoken to. Each rejects with SWITCH_REFUSED (cause: SwitchRefusal), SWITCH_AWAY or DEADLINE; requests go out
 * in the order of the calls.
 */
export interface SwitchLink {
  apply(batch: Batch): Promise<void>;
  readFlows(slice: CookieSlice): Promise<ReadFlows>;
  /** OFPT_ROLE_REQUEST MASTER with this generation id. */
  lead(term: number): Promise<void>;
}

/** Before a switch was there it is taken for Open vSwitch. */
const OPEN_VSWITCH: Abilities = { bundles: true, moves: true, errors: true, packetIns: true };

/**
 * `reached`: it is connected, and the role of our term is being asked for again. `fenced`: a higher term has it; Open vSwitch
 * would take us for an equal after a reconnect, so that the refusal is ours.
 */
type State = 'away' | 'reached' | 'up' | 'fenced';

interface Hooks {
  readonly onForeignFlows: (count: number) => void;
  readonly onClosed: () => void;
}

/** One datapath, whatever it is reached by: who leads it over reconnects, and what its listeners hear. */
export class LedSwitch implements FlowSwitch {
  readonly datapath: number;
  readonly #link: SwitchLink;
  readonly #hooks: Hooks;
  readonly #audience: Audience;
  #abilities = OPEN_VSWITCH;
  #state: State = 'away';
  #said: Said | undefined;
  #closed = false;
  #term: number | undefined;
  /** Changes with every loss: what was asked before is of no interest then. */
  #times = 0;

  constructor(datapath: number, link: SwitchLink, hooks: Hooks) {
    this.datapath = datapath;
    this.#audience = new Audience(datapath);
    this.#link = link;
    this.#hooks = hooks;
  }

  get connected(): boolean {
    return this.#state === 'up' || this.#state === 'fenced';
  }

  get abilities(): Abilities {
    return this.#abilities;
  }

  async apply(batch: Batch): Promise<void> {
    this.#assertThere();
    const refusal = this.#state === 'fenced' ? SLAVE : refuseBatch(batch);
    if (refusal !== undefined) throw refused(refusal);
    await this.#link.apply(batch);
  }

  async readFlows(slice: CookieSlice): Promise<readonly FlowStats[]> {
    this.#assertThere();
    const { flows, foreign } = await this.#link.readFlows(slice);
    if (foreign > 0) this.#hooks.onForeignFlows(foreign);
    return flows;
  }

  async lead(term: number): Promise<void> {
    this.#term = term;
    this.#assertThere();
    const led = await this.#lead(term);
    if (this.#term === term && this.connected) this.#state = led === 'led' ? 'up' : 'fenced';
    if (led !== 'led') throw led;
  }

  /** The refusal where another one leads; rejects where it is not known. */
  async #lead(term: number): Promise<'led' | Error> {
    try {
      await this.#link.lead(term);
      return 'led';
    } catch (error) {
      if (codeOf(error) === 'SWITCH_REFUSED' && error instanceof Error) return error;
      throw error;
    }
  }

  listen(listener: (event: SwitchEvent) => void): () => void {
    return this.#audience.add(listener, this.connected ? (this.#said?.portsDown ?? []) : undefined);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.lost();
    this.#closed = true;
    this.#hooks.onClosed();
    return Promise.resolve();
  }

  /** What happens before its role is known is of no use to anyone: the ports that are down are told after `up`. */
  told(event: SwitchEvent): void {
    if (this.connected) this.#audience.tell(event);
  }

  up(said: Said): void {
    // said twice, or the loss of the connection before this one was not said
    this.lost();
    const { bundles, moves } = said;
    this.#abilities = { bundles, moves, errors: true, packetIns: true };
    this.#said = said;
    this.#state = 'reached';
    void this.#regain(this.#times);
  }

  lost(): void {
    const wasConnected = this.connected;
    this.#state = 'away';
    this.#times++;
    if (wasConnected) this.#audience.tell({ type: 'down' });
  }

  /** The role belongs to the connection of the switch, so it is asked for again before anyone hears `up`. */
  async #regain(times: number): Promise<void> {
    const term = this.#term;
    let next: State | 'again' = 'up';
    if (term !== undefined)
      next = await this.#lead(term).then(
        led => (term !== this.#term ? 'again' : led === 'led' ? 'up' : 'fenced'),
        error => (codeOf(error) === 'DEADLINE' ? 'again' : 'away'),
      );
    if (times !== this.#times || this.#state !== 'reached') return;
    if (next === 'again') return this.#regain(times);
    this.#state = next;
    if (this.connected) this.#audience.greet(this.#said?.portsDown ?? []);
  }

  #assertThere(): void {
    if (this.#closed || !this.connected) throw fault('SWITCH_AWAY', `datapath ${this.datapath}`);
  }
}
