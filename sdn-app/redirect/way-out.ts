import { UNCONFIRMED_BIT, encodeTag } from '../../protocol/addresses.js';
import { vlanOf } from '../../protocol/topology.js';
import type { Action, Masked, Match } from '../switch/flow-switch.js';
import { PORT_MASK, TABLE, UDP, exactly, familyOf, fromAddress, toAddress } from './network.js';
import { byTag, hostAddressOf, leaveBy, outPortOf, tagBase, toDevice } from './rewrite.js';
import type { Scene } from './scene.js';
import type { End, Row } from './row.js';
import { sameSource, type HostEnd, type Place, type VehicleView } from './view.js';

/**
 * The way back of every answer (DESIGN §5, table 2): by the tag alone to the known source, at whatever port its frame came
 * in; by one flow each to other sources, whose tags name one port.
 */
export function waysOut(scene: Scene, view: VehicleView, ends: readonly End[], returns: readonly Place[]): Row[] {
  const { place, also } = view;
  const rows: Row[] = [];
  if (place !== undefined) {
    const tags = tagsOfKnown(scene, view);
    for (const { host, kind, epoch } of ends) {
      const match = fromHost(scene, host, place);
      const actions = scene.moves ? byTag(scene, host, place) : toKnownPlaces(scene, view);
      if (match === undefined || actions.length === 0) continue;
      for (const udpDst of tags)
        rows.push({ kind, table: TABLE.wayOut, priority: 100, match: { ...match, udpDst }, actions, epoch });
    }
    if (also !== undefined && !sameSource(also, place)) rows.push(...toOne(scene, also, false));
  }
  for (const to of returns) rows.push(...toOne(scene, to, true));
  return rows;
}

/** From the port that leads to the host. */
function fromHost(scene: Scene, host: HostEnd, place: Place): Match | undefined {
  const family = familyOf(place.source.address);
  const alias = scene.addresses[family]?.alias;
  const address = hostAddressOf(host, family);
  const inPort = outPortOf(scene, host);
  if (alias === undefined || address === undefined || inPort === undefined) return undefined;
  return { inPort, ipProto: UDP, ...fromAddress(address), udpSrc: exactly(host.port, 16), ...toAddress(alias) };
}

/**
 * Tags of this switch that frames of the known source carry. Where an attachment has to be confirmed they are unconfirmed,
 * too, at other ports; elsewhere an unconfirmed tag says nothing about the known source. OpenFlow 1.3 has no masks of UDP ports, so that a
 * switch without moves has a flow for each tag: those of its places, and the one without a port.
 */
function tagsOfKnown(scene: Scene, { place, also, left = [] }: VehicleView): Masked[] {
  const both = scene.network.trust !== 'lab';
  if (scene.moves) {
    const anyPort = 0xffff - PORT_MASK;
    return [{ value: tagBase(scene.datapath, false), mask: both ? anyPort - UNCONFIRMED_BIT : anyPort }];
  }
  const places = [place, also, ...left].filter(at => at?.datapath === scene.datapath);
  const ports = new Set([0, ...places.map(at => at?.port ?? 0)]);
  return [false, ...(both ? [true] : [])].flatMap(unconfirmed =>
    [...ports].map(port => exactly(tagBase(scene.datapath, unconfirmed) + port, 16)),
  );
}

/** Without moves: to where the vehicle is and, for a short time after a move, to where it was. */
function toKnownPlaces(scene: Scene, { place, left = [] }: VehicleView): Action[] {
  if (place === undefined) return [];
  const family = familyOf(place.source.address);
  const here = [...left, place].filter(at => at.datapath === scene.datapath && familyOf(at.source.address) === family);
  const vlan = (at: Place): number | undefined => vlanOf(scene.network.topology, scene.datapath, at.port);
  const places = here.filter((at, i) => here.findLastIndex(other => other.port === at.port) === i);
  // a pushed tag stays on the packet, so that a place with one can only be the last
  const tagged = places.filter(at => vlan(at) !== undefined).slice(-1);
  const plain = places.filter(at => vlan(at) === undefined);
  return [...plain, ...tagged].flatMap(at => [
    ...toDevice(scene, at),
    ...leaveBy(scene.network, scene.datapath, at.port),
  ]);
}

function toOne(scene: Scene, to: Place, unconfirmed: boolean): Row[] {
  const alias = scene.addresses[familyOf(to.source.address)]?.alias;
  if (alias === undefined || to.datapath !== scene.datapath) return [];
  const tag = encodeTag({ unconfirmed, datapath: scene.datapath, inPort: to.port });
  return [
    {
      kind: 'return',
      table: TABLE.wayOut,
      priority: 110,
      match: { ipProto: UDP, ...toAddress(alias), udpDst: exactly(tag, 16) },
      actions: [...toDevice(scene, to), ...leaveBy(scene.network, scene.datapath, to.port)],
    },
  ];
}
