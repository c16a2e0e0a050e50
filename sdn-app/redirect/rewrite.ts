import {
  BROADCAST_MAC,
  COAP_PORT,
  GATEWAY_MAC,
  UNCONFIRMED_BIT,
  aliasAddress,
  aliasAddress6,
  hostMac,
  ipv4ToNumber,
  twinAddress,
  twinAddress6,
} from '../../protocol/addresses.js';
import { hostPortOf, portTowards, vlanOf } from '../../protocol/topology.js';
import type { Action, Bits, Field } from '../switch/flow-switch.js';
import { KEPT_SOURCE } from './kept.js';
import { PORT_BITS, TABLE, domainIndex, familyOf, setFrom, setTo, type Family, type Network } from './network.js';
import type { HostEnd, Place } from './view.js';

/** One vehicle's flows on one switch are made with this at hand. */
export interface Scene {
  readonly network: Network;
  readonly datapath: number;
  readonly number: number;
}

export const bits = (field: Field, offset: number, length: number): Bits => ({ field, offset, length });

export const aliasOf = ({ network: { plan }, number }: Scene, family: Family): string | undefined =>
  family === 'ipv4' ? aliasAddress(plan, number) : aliasAddress6(plan, number);
export const twinOf = ({ network: { plan }, number }: Scene, family: Family): string | undefined =>
  family === 'ipv4' ? twinAddress(plan, number) : twinAddress6(plan, number);
export const hostAddressOf = ({ address, address6 }: HostEnd, family: Family): string | undefined =>
  family === 'ipv4' ? address : address6;

/** The port by which a host is reached from here; `undefined` where none leads there. */
export const outPortOf = ({ network, datapath }: Scene, { domain }: HostEnd): number | undefined =>
  portTowards(network.topology, datapath, domain);

export const hasMoves = ({ network, datapath }: Omit<Scene, 'number'>): boolean => network.abilities(datapath).moves;

/** What the tag of a frame says: `any` is the port that it comes in by, 0 one that leads nowhere. */
export interface TagRule {
  readonly unconfirmed: boolean;
  readonly inPort: number | 'any';
}
export const NOWHERE: TagRule = { unconfirmed: true, inPort: 0 };

/** The high five bits of a tag, in their place. */
export const tagBase = (datapath: number, unconfirmed: boolean): number =>
  (unconfirmed ? UNCONFIRMED_BIT : 0) + datapath * 2 ** PORT_BITS;

function writeTag(scene: Scene, { unconfirmed, inPort }: TagRule): Action[] {
  const high = tagBase(scene.datapath, unconfirmed);
  if (inPort !== 'any' || !hasMoves(scene))
    return [{ do: 'set', field: 'udpSrc', value: high + (inPort === 'any' ? 0 : inPort) }];
  return [
    { do: 'move', from: bits('inPort', 0, PORT_BITS), to: bits('udpSrc', 0, PORT_BITS) },
    { do: 'load', to: bits('udpSrc', PORT_BITS, 5), value: high / 2 ** PORT_BITS },
  ];
}

/**
 * Source becomes the alias with the tag as its port, destination the host (DESIGN §5); `undefined` where the host has no
 * address of that family or cannot be reached.
 */
export function wayIn(scene: Scene, host: HostEnd, family: Family, tag: TagRule): Action[] | undefined {
  const alias = aliasOf(scene, family);
  const to = hostAddressOf(host, family);
  const port = outPortOf(scene, host);
  if (alias === undefined || to === undefined || port === undefined) return undefined;
  return [
    ...macs(hostMac(host.address)),
    setFrom(alias),
    ...writeTag(scene, tag),
    setTo(to),
    { do: 'set', field: 'udpDst', value: host.port },
    ...noteDomain(scene, host),
    { do: 'output', to: { port } },
  ];
}

/**
 * How a flow lets its frames be seen by the app: what stands before the way in, and after it. A switch without moves cannot
 * keep the source, so that it copies the frame before it is rewritten, and unmetered: a meter there would drop the data.
 */
export function copying(
  scene: Scene,
  family: Family,
): { readonly before: readonly Action[]; readonly after: Action[] } {
  if (!scene.network.abilities(scene.datapath).packetIns) return { before: [], after: [] };
  return hasMoves(scene)
    ? { before: KEPT_SOURCE[family], after: [{ do: 'goto', table: TABLE.copy }] }
    : { before: [{ do: 'output', to: 'CONTROLLER' }], after: [] };
}

/** Back to the device: what its frames look like, whatever port they leave by. */
export function toDevice(scene: Scene, { source, mac }: Place): Action[] {
  const twin = twinOf(scene, familyOf(source.address));
  return [
    ...macs(mac ?? BROADCAST_MAC),
    ...(twin === undefined ? [] : [setFrom(twin)]),
    { do: 'set', field: 'udpSrc', value: COAP_PORT },
    setTo(source.address),
    { do: 'set', field: 'udpDst', value: source.port },
  ];
}

/** The way out of a host by the tag, for every port at once: the egress table sends it to the port that metadata names. */
export const byTag = (scene: Scene, host: HostEnd, place: Place): Action[] => [
  { do: 'move', from: bits('udpDst', 0, PORT_BITS), to: bits('metadata', 0, PORT_BITS) },
  ...noteDomain(scene, host),
  ...(familyOf(place.source.address) === 'ipv6' ? [note('reg0', ipv4ToNumber(host.address))] : []),
  ...toDevice(scene, place),
  { do: 'goto', table: TABLE.egress },
];

/** Out of an access port, with its tag where it is one of a VLAN. */
export function leaveBy({ topology }: Network, datapath: number, port: number): Action[] {
  const vlan = vlanOf(topology, datapath, port);
  return [...(vlan === undefined ? [] : [{ do: 'pushVlan', vlan } as const]), { do: 'output', to: { port } }];
}

const macs = (to: number): Action[] => [
  { do: 'set', field: 'ethSrc', value: GATEWAY_MAC },
  { do: 'set', field: 'ethDst', value: to },
];

/** Says something to whoever reads the flow back, and nothing to the packet: registers that nobody looks at here. */
const note = (field: 'reg0' | 'reg2', value: number): Action => ({ do: 'set', field, value });

/** Behind a trunk there may be hosts of several domains. */
const noteDomain = (scene: Scene, { domain }: HostEnd): Action[] =>
  hasMoves(scene) && hostPortOf(scene.network.topology, scene.datapath, domain) === undefined
    ? [note('reg2', domainIndex(scene.network, domain))]
    : [];
