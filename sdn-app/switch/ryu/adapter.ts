import type { Timers } from '../../../common/clock.js';
import { fromHex } from '../../../common/hex.js';
import { codeOf } from '../../../common/errors.js';
import { fault } from '../../../protocol/errors.js';
import type {
  Abilities,
  Batch,
  CookieSlice,
  FlowStats,
  FlowSwitch,
  PacketIn,
  SwitchEvent,
  SwitchRefusal,
} from '../flow-switch.js';
import { RyuConnection, type WireFlowStats } from './connection.js';
import { decodeFlow } from './decode.js';
import { encodeBatch, refuseBatch } from './encode.js';
import { readPacket } from './packet.js';
import type { RyuMessage, WireFlow } from './wire.js';

export interface RyuOptions {
  /** Of Ryu's web server, e.g. `ws://127.0.0.1:8080`. */
  readonly url: string;
  readonly timers?: Timers;
  readonly random?: () => number;
  readonly deadlineMs?: number;
  /** A flow in the asked slice that is nothing that our flows can say; it is left out of the answer. */
  readonly onForeignFlow?: (datapath: number, flow: WireFlow) => void;
}

export interface Ryu extends AsyncDisposable {
  /** The switch of this datapath, whether it is connected or not; always the same one until it is disposed of. */
  switchOf(datapath: number): FlowSwitch;
}

/** Reaches all datapaths of one Ryu over one WebSocket, which it opens at once and for ever again. */
export function openRyu(options: RyuOptions): Ryu {
  const ryu = new RyuSwitches(options);
  ryu.start();
  return ryu;
}

class RyuSwitches implements Ryu {
  readonly #options: RyuOptions;
  readonly #connection: RyuConnection;
  readonly #switches = new Map<number, RyuSwitch>();
  /** What the app said of each datapath since it connected. */
  readonly #up = new Map<number, Extract<RyuMessage, { type: 'up' }>>();

  constructor(options: RyuOptions) {
    this.#options = options;
    const { onForeignFlow: _onForeignFlow, ...rest } = options;
    this.#connection = new RyuConnection({
      ...rest,
      onMessage: message => this.#received(message),
      onLost: () => {
        this.#up.clear();
        for (const each of [...this.#switches.values()]) each.lost();
      },
    });
  }

  start(): void {
    this.#connection.start();
  }

  switchOf(datapath: number): FlowSwitch {
    const found = this.#switches.get(datapath);
    if (found !== undefined) return found;
    const made = new RyuSwitch(datapath, this.#connection, {
      onForeignFlow: flow => this.#options.onForeignFlow?.(datapath, flow),
      onClosed: () => this.#switches.delete(datapath),
    });
    this.#switches.set(datapath, made);
    const up = this.#up.get(datapath);
    if (up !== undefined) made.up(up);
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }

  #received(message: RyuMessage): void {
    if (!('datapath' in message)) return;
    if (message.type === 'up') this.#up.set(message.datapath, message);
    if (message.type === 'down') this.#up.delete(message.datapath);
    this.#switches.get(message.datapath)?.received(message);
  }
}

/** Before a switch was there it is taken for Open vSwitch. */
const OPEN_VSWITCH: Abilities = { bundles: true, moves: true, errors: true, packetIns: true };

/**
 * `reached`: Ryu has it, and the role of our term is being asked for again. `fenced`: a higher term has it; Open vSwitch
 * would take us for an equal after a reconnect, so that the refusal is ours.
 */
type State = 'away' | 'reached' | 'up' | 'fenced';

interface Hooks {
  readonly onForeignFlow: (flow: WireFlow) => void;
  readonly onClosed: () => void;
}

class RyuSwitch implements FlowSwitch {
  readonly datapath: number;
  readonly #connection: RyuConnection;
  readonly #hooks: Hooks;
  readonly #listeners = new Set<(event: SwitchEvent) => void>();
  #abilities = OPEN_VSWITCH;
  #state: State = 'away';
  #closed = false;
  #term: number | undefined;
  /** Changes with every loss: what was asked before is of no interest then. */
  #times = 0;

  constructor(datapath: number, connection: RyuConnection, hooks: Hooks) {
    this.datapath = datapath;
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
    if (refusal !== undefined)
      throw fault('SWITCH_REFUSED', `${refusal.type}/${refusal.code}: ${refusal.detail}`, { cause: refusal });
    await this.#connection.request({ op: 'batch', datapath: this.datapath, ...encodeBatch(batch) });
  }

  async readFlows({ cookie, mask }: CookieSlice): Promise<readonly FlowStats[]> {
    this.#assertThere();
    const found = await this.#connection.request({ op: 'flows', datapath: this.datapath, cookie, mask });
    return found.flatMap(wire => this.#read(wire));
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
    this.#listeners.add(listener);
    if (this.connected) listener({ type: 'up' });
    return () => this.#listeners.delete(listener);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.lost();
    this.#closed = true;
    this.#hooks.onClosed();
    return Promise.resolve();
  }

  received(message: RyuMessage): void {
    switch (message.type) {
      case 'up':
        this.up(message);
        break;
      case 'down':
        this.lost();
        break;
      case 'packetIn':
        if (this.connected) this.#tell({ type: 'packetIn', ...packetIn(message) });
        break;
      case 'portStatus':
        if (this.connected) this.#tell(message);
        break;
      case 'hello':
      case 'done':
      case 'refused':
      case 'away':
      case 'flows':
      case 'flowRemoved':
        break;
    }
  }

  up({ bundles, moves }: Extract<RyuMessage, { type: 'up' }>): void {
    // said twice, or the loss of the connection before this one was not said
    this.lost();
    this.#abilities = { bundles, moves, errors: true, packetIns: true };
    this.#state = 'reached';
    void this.#regain(this.#times);
  }

  lost(): void {
    const wasConnected = this.connected;
    this.#state = 'away';
    this.#times++;
    if (wasConnected) this.#tell({ type: 'down' });
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
    if (this.connected) this.#tell({ type: 'up' });
  }

  #assertThere(): void {
    if (this.#closed || !this.connected) throw fault('SWITCH_AWAY', `datapath ${this.datapath}`);
  }

  #read(wire: WireFlowStats): FlowStats[] {
    try {
      return [{ ...decodeFlow(wire), packets: wire.packets }];
    } catch (error) {
      if (codeOf(error) !== 'FLOW_INVALID') throw error;
      this.#hooks.onForeignFlow(wire);
      return [];
    }
  }

  #tell(event: SwitchEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}

const SLAVE: SwitchRefusal = { type: 'BAD_REQUEST', code: 'IS_SLAVE', detail: 'a higher term leads this switch' };

function packetIn(message: Extract<RyuMessage, { type: 'packetIn' }>): PacketIn {
  const { datapath, inPort, table, cookie, metadata, registers, data } = message;
  const [reg0 = 0, reg1 = 0, reg2 = 0, reg3 = 0, ...high] = registers;
  const wide1 = high.map(word => word.toString(16).padStart(8, '0')).join('');
  return {
    datapath,
    inPort,
    table,
    cookie,
    metadata,
    registers: [reg0, reg1, reg2, reg3],
    ...(/^0*$/.test(wide1) ? {} : { wide1 }),
    packet: readPacket(fromHex(data) ?? new Uint8Array()),
  };
}
