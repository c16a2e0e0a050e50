import { toHex } from '../../common/hex.js';
import { applyBatch, createSwitch, process, readFlows, type SwitchState } from '../../lab/soft-switch/model.js';
import type { Batch, FlowMod, MeterMod, SwitchRefusal } from '../../sdn-app/switch/flow-switch.js';
import { decodeFlow, decodeMatch } from '../../sdn-app/switch/ryu/decode.js';
import { encodeFlow } from '../../sdn-app/switch/ryu/encode.js';
import { ryuRequest, type RyuMessage, type RyuRequest, type WireMod } from '../../sdn-app/switch/ryu/wire.js';
import type { TestPacket } from '../integration/sdn-app/flow-switch-contract.js';
import { frameOf } from './frames.js';
import { Arrivals } from './sdn-network.js';
import { modelPacket, shownBy, testPacketOf } from './test-packets.js';
import { openWebSocketServer, type WebSocketPeer } from './web-socket-server.js';

export interface FakeRyuOptions {
  readonly datapaths: readonly number[];
  readonly abilities?: { readonly bundles: boolean; readonly moves: boolean };
  /** Flows of an answer in one message at most. */
  readonly flowsPerMessage?: number;
  readonly port?: number;
  /** Of a Unix socket, instead of a port. */
  readonly path?: string;
}

/**
 * Our Ryu app and its switches, as far as a WebSocket shows them: wire.ts over the model of a switch. Each peer counts as a
 * controller of its own, so that two of them stand for two Ryus on the same switches.
 */
export class FakeRyu implements AsyncDisposable {
  readonly #options: FakeRyuOptions;
  readonly #switches: Map<number, SwitchState>;
  readonly #peers = new Set<WebSocketPeer>();
  /** Who leads a datapath, and the highest term that has. */
  readonly #leaders = new Map<number, { readonly term: number; readonly peer: WebSocketPeer }>();
  /** Every request so far. */
  readonly requests: RyuRequest[] = [];
  /** Takes requests and answers none, as a process that was stopped. */
  hung = false;
  /** Requests of this kind are taken and never answered. */
  mute: RyuRequest['op'] | undefined;
  /** How often a peer came. */
  opened = 0;
  url = '';
  readonly #out = new Arrivals<{ datapath: number; port: number | 'NORMAL'; packet: TestPacket }>();
  readonly #ids = new Arrivals<number>();
  #close = (): Promise<void> => Promise.resolve();

  constructor(options: FakeRyuOptions) {
    this.#options = options;
    this.#switches = new Map(options.datapaths.map(datapath => [datapath, createSwitch(datapath)]));
  }

  async open(): Promise<this> {
    const { path, port = 0 } = this.#options;
    const server = await openWebSocketServer(path === undefined ? { address: '127.0.0.1', port } : { path }, {
      open: (peer, url) => {
        this.opened++;
        if (this.hung) return;
        if (url !== '/edgetwin/v1') return peer.cut();
        this.#peers.add(peer);
        tell(peer, { type: 'hello', version: 1, datapaths: [...this.#switches.keys()] });
        for (const datapath of this.#switches.keys()) tell(peer, this.#up(datapath));
      },
      message: (peer, text) => this.#received(peer, text),
      close: peer => this.#peers.delete(peer),
    });
    this.url = path === undefined ? `ws://127.0.0.1:${server.port}` : `ws+unix:${path}`;
    this.#close = async () => {
      await server[Symbol.asyncDispose]();
    };
    return this;
  }

  /** Sends a packet into a port of a switch. */
  inject(datapath: number, port: number, sent: TestPacket): void {
    const state = this.#switches.get(datapath);
    if (state === undefined) return;
    const { outputs, packetIns } = process(state, modelPacket(port, sent), performance.now());
    for (const { port: out, packet } of outputs) {
      const shown = testPacketOf(shownBy(packet));
      if (shown !== undefined) this.#out.push({ datapath, port: out, packet: shown });
    }
    for (const { packet, registers, wide1 = '0'.repeat(32), ...rest } of packetIns) {
      const high = [0, 8, 16, 24].map(at => Number.parseInt(wide1.slice(at, at + 8), 16));
      const data = toHex(frameOf(packet, 'x').subarray(0, 128));
      this.say({ type: 'packetIn', ...rest, registers: [...registers, ...high], data });
    }
  }

  /** The next packet that comes out of a port. */
  async next(datapath: number, port: number): Promise<TestPacket> {
    return (await this.#out.next(out => out.datapath === datapath && out.port === port)).packet;
  }

  setPort(datapath: number, port: number, up: boolean): void {
    const down = this.#switches.get(datapath)?.downPorts;
    if (up) down?.delete(port);
    else down?.add(port);
    this.say({ type: 'portStatus', datapath, port, up });
  }

  /** The switch loses its flows, and what it knew of terms. */
  restart(datapath: number): void {
    this.say({ type: 'down', datapath });
    this.#switches.set(datapath, createSwitch(datapath));
    this.#leaders.delete(datapath);
    this.say(this.#up(datapath));
  }

  say(message: RyuMessage | object): void {
    for (const peer of this.#peers) tell(peer, message);
  }

  /** Of the next request. */
  nextId(): Promise<number> {
    return this.#ids.next();
  }

  sayText(text: string): void {
    for (const peer of this.#peers) peer.send(text);
  }

  /** Hangs up on everyone. */
  cut(): void {
    for (const peer of this.#peers) peer.cut();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }

  #up(datapath: number): RyuMessage {
    return { type: 'up', datapath, ...(this.#options.abilities ?? { bundles: true, moves: true }) };
  }

  #received(peer: WebSocketPeer, text: string): void {
    const request = ryuRequest.parse(JSON.parse(text));
    this.requests.push(request);
    this.#ids.push(request.id);
    if (this.hung || request.op === this.mute) return;
    const { id, datapath } = request;
    const state = this.#switches.get(datapath);
    if (state === undefined) return tell(peer, { type: 'away', id, detail: `datapath ${datapath}` });
    if (request.op === 'flows') this.#tellFlows(peer, request, state);
    else {
      const refusal = request.op === 'batch' ? this.#apply(peer, request, state) : this.#lead(peer, request);
      tell(peer, refusal === undefined ? { type: 'done', id } : refused(id, refusal));
    }
  }

  #apply(
    peer: WebSocketPeer,
    request: Extract<RyuRequest, { op: 'batch' }>,
    state: SwitchState,
  ): SwitchRefusal | undefined {
    const leader = this.#leaders.get(request.datapath);
    if (leader !== undefined && leader.peer !== peer && this.#peers.has(leader.peer))
      return { type: 'BAD_REQUEST', code: 'IS_SLAVE', detail: 'slave' };
    return applyBatch(state, batchOf(request));
  }

  /** OFPT_ROLE_REQUEST (OpenFlow 1.3 §7.3.9): a generation id below the highest is stale. */
  #lead(peer: WebSocketPeer, { datapath, term }: Extract<RyuRequest, { op: 'lead' }>): SwitchRefusal | undefined {
    if (term < (this.#leaders.get(datapath)?.term ?? 0))
      return { type: 'ROLE_REQUEST_FAILED', code: 'STALE', detail: `term ${term}` };
    this.#leaders.set(datapath, { term, peer });
    return undefined;
  }

  #tellFlows(peer: WebSocketPeer, { id, ...slice }: Extract<RyuRequest, { op: 'flows' }>, state: SwitchState): void {
    const found = readFlows(state, slice).map(({ packets, ...flow }) => ({ ...encodeFlow(flow), packets }));
    const size = this.#options.flowsPerMessage ?? 500;
    for (let at = 0; at === 0 || at < found.length; at += size)
      tell(peer, { type: 'flows', id, flows: found.slice(at, at + size), more: at + size < found.length });
  }
}

export const openFakeRyu = (options: FakeRyuOptions): Promise<FakeRyu> => new FakeRyu(options).open();

const tell = (peer: WebSocketPeer, message: RyuMessage | object): void => peer.send(JSON.stringify(message));

const refused = (id: number, { type, code, detail }: SwitchRefusal): RyuMessage => ({
  type: 'refused',
  id,
  errors: [{ type: 0, code: 0, typeName: type, codeName: code }],
  detail,
});

function batchOf({ before, bundle, after }: Extract<RyuRequest, { op: 'batch' }>): Batch {
  const meters = [...before, ...after].map((mod): MeterMod => {
    if (mod.op === 'meter') return { op: 'set', meter: mod.meter, ratePerS: mod.ratePerS };
    if (mod.op === 'deleteMeter') return { op: 'delete', meter: mod.meter };
    throw new Error(`a ${mod.op} before or after the bundle`);
  });
  return { meters, flows: bundle.map(flowMod) };
}

function flowMod(mod: WireMod): FlowMod {
  if (mod.op === 'add') return { op: 'add', flow: decodeFlow(mod.flow) };
  if (mod.op === 'deleteCookie') return { op: 'deleteSlice', cookie: mod.cookie, mask: mod.mask };
  if (mod.op === 'deleteStrict')
    return { op: 'delete', flow: { table: mod.table, priority: mod.priority, match: decodeMatch(mod.match) } };
  throw new Error(`a ${mod.op} in a bundle`);
}
