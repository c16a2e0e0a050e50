import type { Timers } from '../../../common/clock.js';
import type { FlowSwitch, PacketIn } from '../flow-switch.js';
import { LedSwitch, type Said } from '../led-switch.js';
import { readPacket } from '../packet.js';
import { RyuConnection } from './connection.js';
import { ryuLink } from './link.js';
import type { RyuMessage } from './wire.js';

export interface RyuOptions {
  /** Of Ryu's web server: `ws://127.0.0.1:8080`, `ws+unix:/run/ryu.sock`. */
  readonly url: string;
  readonly timers?: Timers;
  readonly random?: () => number;
  readonly deadlineMs?: number;
  /** An answer had so many flows that nothing of ours says; they were left out of it. */
  readonly onForeignFlows?: (datapath: number, count: number) => void;
  /** So many copies were not told because this process read too slowly. */
  readonly onMissedCopies?: (datapath: number, count: number) => void;
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
  readonly #switches = new Map<number, LedSwitch>();
  readonly #said = new Map<number, Said>();

  constructor(options: RyuOptions) {
    this.#options = options;
    const { onForeignFlows: _onForeignFlows, onMissedCopies: _onMissedCopies, ...rest } = options;
    this.#connection = new RyuConnection({
      ...rest,
      onMessage: message => this.#received(message),
      onLost: () => {
        this.#said.clear();
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
    const made = new LedSwitch(datapath, ryuLink(datapath, this.#connection), {
      onForeignFlows: count => this.#options.onForeignFlows?.(datapath, count),
      onClosed: () => this.#switches.delete(datapath),
    });
    this.#switches.set(datapath, made);
    const said = this.#said.get(datapath);
    if (said !== undefined) made.up(said);
    return made;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#connection[Symbol.asyncDispose]();
  }

  #received(message: RyuMessage): void {
    if (!('datapath' in message)) return;
    const { datapath } = message;
    const flowSwitch = this.#switches.get(datapath);
    switch (message.type) {
      case 'up': {
        const { bundles, moves } = message;
        const said = { bundles, moves, portsDown: new Set<number>() };
        this.#said.set(datapath, said);
        flowSwitch?.up(said);
        break;
      }
      case 'down':
        this.#said.delete(datapath);
        flowSwitch?.lost();
        break;
      case 'portStatus': {
        const down = this.#said.get(datapath)?.portsDown;
        if (message.up) down?.delete(message.port);
        else down?.add(message.port);
        flowSwitch?.told(message);
        break;
      }
      case 'packetIn':
        if (message.dropped !== undefined) this.#options.onMissedCopies?.(datapath, message.dropped);
        flowSwitch?.told({ type: 'packetIn', ...packetIn(message) });
        break;
      case 'flowRemoved':
        break;
    }
  }
}

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
    // what is no hex ends the frame there, and a frame that is cut is read as far as it goes
    packet: readPacket(Buffer.from(data, 'hex')),
  };
}
