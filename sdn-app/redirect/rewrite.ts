import {
  BROADCAST_MAC,
  COAP_PORT,
  GATEWAY_MAC,
  UNCONFIRMED_BIT,
  hostMac,
  ipv4ToNumber,
} from '../../protocol/addresses.js';
import { vlanOf } from '../../protocol/topology.js';
import type { Action, Bits, Field } from '../switch/flow-switch.js';
import { KEPT_SOURCE } from './kept.js';
import {
  PORT_BITS,
  TABLE,
  addrOf,
  domainIndex,
  familyOf,
  setFrom,
  setTo,
  type Addr,
  type Family,
  type Network,
} from './network.js';
import type { Scene } from './scene.js';
import type { HostEnd, Place } from './view.js';

export const bits = (field: Field, offset: number, length: number): Bits => ({ field, offset, length });

export const hostAddressOf = ({ address, address6 }: HostEnd, family: Family): Addr | undefined => {
  const text = family === 'ipv4' ? address : address6;
  return text === undefined ? undefined : addrOf(text);
};

/** The port by which a host is reached from here; `undefined` where none leads there. */
export const outPortOf = ({ site }: Scene, { domain }: HostEnd): number | undefined => site.towards.get(domain)?.port;

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
  if (inPort !== 'any' || !scene.moves)
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
  const alias = scene.addresses[family]?.alias;
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
  if (!scene.copies) return { before: [], after: [] };
  return scene.moves
    ? { before: KEPT_SOURCE[family], after: [{ do: 'goto', table: TABLE.copy }] }
    : { before: [{ do: 'output', to: 'CONTROLLER' }], after: [] };
}

/** Back to the device: what its frames look like, whatever port they leave by. */
export function toDevice(scene: Scene, { source, mac }: Place): Action[] {
  const twin = scene.addresses[familyOf(source.address)]?.twin;
  return [
    ...macs(mac ?? BROADCAST_MAC),
    ...(twin === undefined ? [] : [setFrom(twin)]),
    { do: 'set', field: 'udpSrc', value: COAP_PORT },
    setTo(addrOf(source.address)),
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
  scene.moves && scene.site.towards.get(domain)?.trunk === true
    ? [note('reg2', domainIndex(scene.network, domain))]
    : [];
