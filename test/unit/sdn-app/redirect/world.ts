import assert from 'node:assert/strict';
import { applyBatch, createSwitch, process, readFlows, type SwitchState } from '../../../../lab/soft-switch/model.js';
import { headersOf, type Headers, type Packet } from '../../../../lab/soft-switch/packet.js';
import {
  NETWORK_PLAN,
  aliasAddress,
  ipv4ToNumber,
  numberToIpv4,
  twinAddress,
  twinAddress6,
} from '../../../../protocol/addresses.js';
import { hexToIpv6, ipv6ToHex, isIpv6 } from '../../../../protocol/ipv6.js';
import { parseTopology, type Topology } from '../../../../protocol/topology.js';
import { readCopy } from '../../../../sdn-app/attachment/copy.js';
import { baseFlows, baseMeters } from '../../../../sdn-app/redirect/base.js';
import { difference } from '../../../../sdn-app/redirect/difference.js';
import type { Network } from '../../../../sdn-app/redirect/network.js';
import {
  vehicleFlows,
  vehicleMeters,
  type HostEnd,
  type Place,
  type VehicleView,
} from '../../../../sdn-app/redirect/vehicle.js';
import type { Abilities, Batch, Flow, PacketIn } from '../../../../sdn-app/switch/flow-switch.js';
import { actionsText, flowKey } from '../../../../sdn-app/switch/flow-text.js';

/**
 * Two switches with a trunk between them. Switch 1: access ports 1 (edge-1), 2 (edge-2), 3 (edge-1, VLAN 30), hosts of
 * edge-1 behind 11 and of core behind 13. Switch 2: access port 4 (edge-2), hosts of edge-2 behind 12.
 */
export const TWO_SWITCHES: Topology = parseTopology({
  domains: ['core', 'edge-1', 'edge-2'],
  switches: [
    {
      datapath: 1,
      ports: [
        { port: 1, role: 'access', domain: 'edge-1', accessPoint: 'ap-1' },
        { port: 2, role: 'access', domain: 'edge-2', accessPoint: 'ap-2' },
        { port: 3, role: 'access', domain: 'edge-1', accessPoint: 'ap-3', vlan: 30 },
        { port: 11, role: 'host', domain: 'edge-1' },
        { port: 13, role: 'host', domain: 'core' },
        { port: 20, role: 'trunk', peer: 2 },
      ],
    },
    {
      datapath: 2,
      ports: [
        { port: 4, role: 'access', domain: 'edge-2', accessPoint: 'ap-4' },
        { port: 12, role: 'host', domain: 'edge-2' },
        { port: 21, role: 'trunk', peer: 1 },
      ],
    },
  ],
  accessPoints: [],
});

/** Every access port: its switch and number. */
export const ENTRANCES = [
  [1, 1],
  [1, 2],
  [1, 3],
  [2, 4],
] as const;

export const FULL: Abilities = { bundles: true, moves: true, errors: true, packetIns: true };
export const PLAIN: Abilities = { ...FULL, bundles: false, moves: false };

export const networkOf = (change: Partial<Network> = {}): Network => ({
  plan: NETWORK_PLAN,
  topology: TWO_SWITCHES,
  trust: 'lab',
  abilities: () => FULL,
  ...change,
});

export const NUMBER = 77;
export const CAR = '10.112.0.5';
export const CAR6 = 'fded:9e00:0:112::5';
export const CAR_MAC = 0x02ed9e010005;
export const TWIN = twinAddress(NETWORK_PLAN, NUMBER);
export const TWIN6 = twinAddress6(NETWORK_PLAN, NUMBER)!;
export const ALIAS = aliasAddress(NETWORK_PLAN, NUMBER);
const host = (address: string, address6: string, domain: string): HostEnd => ({
  address,
  address6,
  port: 5683,
  domain,
});
export const CORE = host('10.96.0.1', 'fded:9e00:0:96::1', 'core');
export const EDGE1 = host('10.96.16.1', 'fded:9e00:0:96::1:1', 'edge-1');
export const EDGE2 = host('10.96.32.1', 'fded:9e00:0:96::2:1', 'edge-2');

export const at = (port: number, change: Partial<Place> = {}): Place => ({
  datapath: port === 4 ? 2 : 1,
  port,
  source: { address: CAR, port: 5683 },
  mac: CAR_MAC,
  ...change,
});
export const from = (address: string, port = 5683): Place['source'] => ({ address, port });

export const viewOf = (change: Partial<VehicleView> = {}): VehicleView => ({
  number: NUMBER,
  host: CORE,
  epoch: 0,
  place: at(1),
  armed: [],
  returns: [],
  leaving: [],
  ...change,
});

/** A frame of a car as it enters, with the tag of the port's VLAN. */
export function frame(place: Place, change: Partial<Packet> = {}, to?: string): Packet {
  const { address, port } = place.source;
  const family = isIpv6(address);
  const vlan = TWO_SWITCHES.switches
    .flatMap(({ datapath, ports }) => (datapath === place.datapath ? ports : []))
    .flatMap(row => (row.port === place.port && row.role === 'access' ? [row.vlan ?? 0] : []))[0];
  return {
    inPort: place.port,
    vlan: vlan ?? 0,
    ethSrc: place.mac ?? CAR_MAC,
    ethDst: 0x02ed9e000001,
    ipProto: 17,
    ...(family
      ? { etherType: 'ipv6', ip6Src: ipv6ToHex(address), ip6Dst: ipv6ToHex(to ?? TWIN6) }
      : { ipSrc: ipv4ToNumber(address), ipDst: ipv4ToNumber(to ?? TWIN) }),
    udpSrc: port,
    udpDst: 5683,
    ...change,
  };
}

export interface Out {
  readonly datapath: number;
  readonly port: number | 'NORMAL';
  readonly packet: Readonly<Headers>;
}

/** The switches of a network, with flows of the base and of vehicles. */
export class World {
  readonly network: Network;
  readonly states: ReadonlyMap<number, SwitchState>;
  /** Copies that the app got. */
  readonly copies: PacketIn[] = [];
  readonly #views = new Map<number, VehicleView>();

  constructor(network: Network = networkOf(), ...views: VehicleView[]) {
    this.network = network;
    this.states = new Map(network.topology.switches.map(({ datapath }) => [datapath, createSwitch(datapath)]));
    for (const [datapath, state] of this.states)
      apply(state, { meters: baseMeters(network, datapath), flows: difference([], baseFlows(network, datapath)) });
    for (const view of views) this.show(view);
  }

  /** Makes the flows of a vehicle what the view says, on every switch. */
  show(view: VehicleView): void {
    const before = this.#views.get(view.number);
    for (const [datapath, state] of this.states)
      apply(state, { meters: vehicleMeters(view.number), flows: changes(this.network, datapath, before, view) });
    this.#views.set(view.number, view);
  }

  /** Where a packet that enters a switch comes out of the network. */
  send(datapath: number, packet: Packet, nowMs = 0): Out[] {
    const { outputs, packetIns } = process(this.states.get(datapath)!, packet, nowMs);
    this.copies.push(...packetIns);
    return outputs.flatMap(({ port, packet: out }): Out[] => {
      const peer = this.#peer(datapath, port);
      return peer === undefined
        ? [{ datapath, port, packet: out }]
        : this.send(peer.datapath, { ...out, inPort: peer.port }, nowMs);
    });
  }

  enter(place: Place, change: Partial<Packet> = {}, nowMs = 0): Out[] {
    return this.send(place.datapath, frame(place, change), nowMs);
  }

  /** What comes of the answer of a host that got a frame. */
  answer({ datapath, port, packet }: Out): Out[] {
    const { ipSrc, ipDst, ip6Src, ip6Dst, udpSrc, udpDst, ethSrc, ethDst } = packet;
    return this.send(datapath, {
      ...packet,
      inPort: Number(port),
      ...{ ipSrc: ipDst, ipDst: ipSrc, ip6Src: ip6Dst, ip6Dst: ip6Src },
      ...{ udpSrc: udpDst, udpDst: udpSrc, ethSrc: ethDst, ethDst: ethSrc },
    });
  }

  answersTo(place: Place): string[] {
    return this.enter(place).flatMap(out => this.answer(out).map(textOf));
  }

  /** MAC addresses that the answers to a frame go to. */
  stationsAnswered(place: Place): number[] {
    return this.enter(place).flatMap(out => this.answer(out).map(({ packet }) => packet.ethDst));
  }

  where(place: Place, change: Partial<Packet> = {}): string[] {
    return this.enter(place, change).map(textOf);
  }

  flows(datapath: number): ReturnType<typeof readFlows> {
    return readFlows(this.states.get(datapath)!, { cookie: 0, mask: 0 });
  }

  lastCopy(): ReturnType<typeof readCopy> | undefined {
    const last = this.copies.at(-1);
    return last === undefined ? undefined : readCopy(last);
  }

  #peer(datapath: number, port: number | 'NORMAL'): { datapath: number; port: number } | undefined {
    const rows = this.network.topology.switches;
    const found = rows.find(row => row.datapath === datapath)?.ports.find(row => row.port === port);
    if (found?.role !== 'trunk') return undefined;
    const back = rows
      .find(row => row.datapath === found.peer)
      ?.ports.find(row => row.role === 'trunk' && row.peer === datapath);
    return { datapath: found.peer, port: back!.port };
  }
}

export function changes(
  network: Network,
  datapath: number,
  before: VehicleView | undefined,
  after: VehicleView,
): Batch['flows'] {
  return difference(
    before === undefined ? [] : vehicleFlows(network, datapath, before),
    vehicleFlows(network, datapath, after),
  );
}

export const apply = (state: SwitchState, batch: Batch): void => assert.equal(applyBatch(state, batch), undefined);

/** `switch/port source:port > destination:port`, with the tag of a VLAN after the port. */
export function textOf({ datapath, port, packet }: Out): string {
  const { etherType, ipSrc, ipDst, ip6Src, ip6Dst, udpSrc, udpDst, vlan } = packet;
  const ends =
    etherType === 'ipv6'
      ? [`[${hexToIpv6(ip6Src)}]`, `[${hexToIpv6(ip6Dst)}]`]
      : [numberToIpv4(ipSrc), numberToIpv4(ipDst)];
  return `${datapath}/${port}${vlan === 0 ? '' : `.${vlan}`} ${ends[0]}:${udpSrc} > ${ends[1]}:${udpDst}`;
}

/** What comes back to a place when everything is right. */
export function backAt({ datapath, port, source }: Place): string {
  const vlan = port === 3 ? '.30' : '';
  return isIpv6(source.address)
    ? `${datapath}/${port}${vlan} [${TWIN6}]:5683 > [${source.address}]:${source.port}`
    : `${datapath}/${port}${vlan} ${TWIN}:5683 > ${source.address}:${source.port}`;
}

export const tableOf = (state: SwitchState): string[] =>
  readFlows(state, { cookie: 0, mask: 0 })
    .map((flow: Flow) => `${flowKey(flow)} ${flow.cookie} ${actionsText(flow.actions)}`)
    .sort();

export { headersOf };
