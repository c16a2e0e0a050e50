import assert from 'node:assert/strict';
import { toHex } from '../../../common/hex.js';
import { applyBatch, createSwitch, process } from '../../../lab/soft-switch/model.js';
import type { Packet } from '../../../lab/soft-switch/packet.js';
import type { Flow, FlowSwitch, PacketHeaders, PacketIn } from '../../../sdn-app/switch/flow-switch.js';
import { actionsText, flowKey } from '../../../sdn-app/switch/flow-text.js';
import { frameOf } from '../../fakes/frames.js';
import { Arrivals } from '../../fakes/sdn-network.js';
import { shownBy } from '../../fakes/test-packets.js';
import type { Stage } from './stage.js';

/** Where sentinels come out; nothing else does. */
const SENTINEL_PORT = 4;
const SENTINEL_MAC = 0x02fffffffff0;
const SENTINEL: Flow = {
  table: 0,
  priority: 65_535,
  cookie: 2 ** 52,
  match: { ethDst: { value: SENTINEL_MAC, mask: 2 ** 48 - 1 } },
  actions: [
    { do: 'output', to: { port: SENTINEL_PORT } },
    { do: 'output', to: 'CONTROLLER' },
  ],
};
/** So many that no copy is lost by them. */
const RATE_PER_S = 1_000_000;
const PAYLOAD = 'side by side';

export type UdpHeaders = Exclude<PacketHeaders, { family: 'other' }> & {
  readonly ethSrc: number;
  readonly ethDst: number;
};

/** The same flows in the model of a switch and in Open vSwitch, and the same packets through both. */
export class SideBySide {
  readonly #stage: Stage;
  readonly #flowSwitch: FlowSwitch;
  readonly #copies = new Arrivals<PacketIn>();
  #model = createSwitch(1);
  #sentinels = 0;
  /** Packets that were compared. */
  compared = 0;

  constructor(stage: Stage, flowSwitch: FlowSwitch) {
    this.#stage = stage;
    this.#flowSwitch = flowSwitch;
    flowSwitch.listen(event => {
      if (event.type === 'packetIn') this.#copies.push(event);
    });
  }

  /** Both have just these flows from now on, and read back as they were sent. */
  async install(flows: readonly Flow[]): Promise<void> {
    this.#model = createSwitch(1);
    const numbers = flows.flatMap(({ actions }) =>
      actions.flatMap(action => (action.do === 'meter' ? [action.meter] : [])),
    );
    const meters = [...new Set(numbers)].map(meter => ({ op: 'set', meter, ratePerS: RATE_PER_S }) as const);
    const adds = flows.map(flow => ({ op: 'add', flow }) as const);
    assert.equal(applyBatch(this.#model, { meters, flows: adds }), undefined);
    await this.#flowSwitch.apply({
      meters,
      flows: [{ op: 'deleteSlice', cookie: 0, mask: 0 }, ...adds, { op: 'add', flow: SENTINEL }],
    });
    const text = (flow: Flow): string => `${flowKey(flow)} ${flow.cookie} ${actionsText(flow.actions)}`;
    const found = await this.#flowSwitch.readFlows({ cookie: 0, mask: 0 });
    assert.deepEqual(found.map(text).sort(), [...flows, SENTINEL].map(text).sort());
  }

  /** What comes out of the model, once the switch has given the same. Nothing is compared where the model forwards as usual. */
  async compare(inPort: number, headers: UdpHeaders): Promise<readonly { port: number; headers: PacketHeaders }[]> {
    const expected = process(this.#model, modelPacket(inPort, headers), 0);
    const [framesAt, copiesAt] = [this.#stage.out.all.length, this.#copies.all.length];
    this.#stage.send(inPort, frameOf(headers, PAYLOAD));
    // of one batch a new kind of frame overtakes known ones: the first sentinel may, the second cannot
    await this.#sentinel(inPort);
    await this.#sentinel(inPort);
    if (expected.outputs.some(({ port }) => port === 'NORMAL')) return [];
    this.compared++;
    const outputs = expected.outputs.map(({ port, packet }) => ({ port: Number(port), headers: shownBy(packet) }));
    const out = this.#stage.out.all.slice(framesAt).filter(({ headers: { ethDst } }) => ethDst !== SENTINEL_MAC);
    const there = outputs.filter(({ port }) => this.#stage.ports.includes(port));
    assert.deepEqual(
      out.map(({ port, bytes }) => `${port} ${toHex(bytes)}`).sort(),
      there.map(({ port, headers: shown }) => `${port} ${toHex(frameOf(shown, PAYLOAD))}`).sort(),
    );
    const copies = this.#copies.all.slice(copiesAt).filter(({ cookie }) => cookie !== SENTINEL.cookie);
    assert.deepEqual(copies.map(comparable), expected.packetIns.map(comparable));
    return there;
  }

  async #sentinel(inPort: number): Promise<void> {
    const udpSrc = (this.#sentinels = (this.#sentinels + 1) % 65_536);
    const frame = { ethSrc: 2, ethDst: SENTINEL_MAC, family: 'ipv4', ipSrc: 1, ipDst: 2, udpSrc, udpDst: 1 } as const;
    const mine = (headers: PacketHeaders): boolean =>
      headers.ethDst === SENTINEL_MAC && headers.family !== 'other' && headers.udpSrc === udpSrc;
    const back = Promise.all([
      this.#stage.out.next(out => mine(out.headers)),
      this.#copies.next(copy => mine(copy.packet)),
    ]);
    this.#stage.send(inPort, frameOf(frame, ''));
    await back;
  }
}

const modelPacket = (inPort: number, { family, ...headers }: UdpHeaders): Packet => ({
  inPort,
  ipProto: 17,
  etherType: family === 'ipv6' ? 'ipv6' : 'ipv4',
  ...headers,
});

/** The model leaves out what is 0; a frame has it. */
function comparable({ packet, registers, ...copy }: PacketIn): object {
  const { ethSrc = 0, ethDst = 0, vlan = 0, family = 'ipv4', ...rest } = packet;
  const { type: _type, ...known } = { type: '', ...copy };
  return { ...known, registers: [...registers], packet: { ethSrc, ethDst, vlan, family, ...rest } };
}
