import { codeOf } from '../../../common/errors.js';
import { fault } from '../../../protocol/errors.js';
import type { Abilities, Batch, CookieSlice, FlowStats, FlowSwitch, SwitchEvent } from '../flow-switch.js';
import { Audience, SLAVE } from './audience.js';
import { refused, type RyuConnection, type WireFlowStats } from './connection.js';
import { decodeFlow } from './decode.js';
import { encodeBatch, refuseBatch } from './encode.js';
import type { RyuMessage } from './wire.js';

/** What our Ryu app has said of a datapath since it connected. */
export interface Said {
  readonly up: Extract<RyuMessage, { type: 'up' }>;
  readonly portsDown: Set<number>;
}

/** Before a switch was there it is taken for Open vSwitch. */
const OPEN_VSWITCH: Abilities = { bundles: true, moves: true, errors: true, packetIns: true };

/**
 * `reached`: Ryu has it, and the role of our term is being asked for again. `fenced`: a higher term has it; Open vSwitch
 * would take us for an equal after a reconnect, so that the refusal is ours.
 */
type State = 'away' | 'reached' | 'up' | 'fenced';

interface Hooks {
  readonly onForeignFlows: (count: number) => void;
  readonly onClosed: () => void;
}

/** One datapath of a Ryu, over the connection that it shares with the others. */
export class RyuSwitch implements FlowSwitch {
  readonly datapath: number;
  readonly #connection: RyuConnection;
  readonly #hooks: Hooks;
  readonly #audience: Audience;
  #abilities = OPEN_VSWITCH;
  #state: State = 'away';
  #said: Said | undefined;
  #closed = false;
  #term: number | undefined;
  /** Changes with every loss: what was asked before is of no interest then. */
  #times = 0;

  constructor(datapath: number, connection: RyuConnection, hooks: Hooks) {
    this.datapath = datapath;
    this.#audience = new Audience(datapath);
    this.#connection = connection;
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
    await this.#connection.request({ op: 'batch', datapath: this.datapath, ...encodeBatch(batch) });
  }

  async readFlows({ cookie, mask }: CookieSlice): Promise<readonly FlowStats[]> {
    this.#assertThere();
    const { flows, foreign } = await this.#connection.request({ op: 'flows', datapath: this.datapath, cookie, mask });
    const found = flows.flatMap(readFlow);
    const left = foreign + flows.length - found.length;
    if (left > 0) this.#hooks.onForeignFlows(left);
    return found;
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
      await this.#connection.request({ op: 'lead', datapath: this.datapath, term });
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
    const { bundles, moves } = said.up;
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

  /** The role belongs to the connection between Ryu and the switch, so it is asked for again before anyone hears `up`. */
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

function readFlow(wire: WireFlowStats): FlowStats[] {
  try {
    return [{ ...decodeFlow(wire), packets: wire.packets }];
  } catch (error) {
    if (codeOf(error) !== 'FLOW_INVALID') throw error;
    return [];
  }
}
