import type { Action, Flow, Match, MeterMod } from '../switch/flow-switch.js';
import { encodeCookie, type Kind } from './cookie.js';
import {
  ARMED_BIT,
  COPY_RATE_PER_S,
  DOMAIN_MASK,
  FAMILIES,
  TABLE,
  UDP,
  addrOf,
  domainIndex,
  exactly,
  familyOf,
  fromAddress,
  portMeter,
  toAddress,
  vehicleMeter,
  type Family,
  type Network,
} from './network.js';
import { NOWHERE, copying, hostAddressOf, outPortOf, wayIn, type TagRule } from './rewrite.js';
import { PRIORITY, type End, type Row } from './row.js';
import { sceneOf, type Scene } from './scene.js';
import { sameSource, type HostEnd, type Place, type VehicleView } from './view.js';
import { waysOut } from './way-out.js';

export { recoverView } from './recover.js';
export { keptSource, placeOfCopy } from './kept.js';
export type { Armed, HostEnd, Place, VehicleView } from './view.js';

/**
 * The flows that a vehicle should have on one switch, in the order in which a switch without bundles takes them: forwarding
 * and ways out before ways in.
 */
export function vehicleFlows(network: Network, datapath: number, view: VehicleView): Flow[] {
  const scene = sceneOf(network, datapath, view.number);
  const { hasTrunk, hasAccess } = scene.site;
  const ends = endsOf(view);
  const returns = lastAtEachPort(view.returns.filter(to => to.datapath === datapath));
  const rows = [
    ...(hasTrunk ? forwards(scene, ends) : []),
    ...(hasAccess
      ? [...waysOut(scene, view, ends, returns), ...copies(scene, view), ...waysIn(scene, view, returns)]
      : []),
  ];
  const { number } = view;
  return rows.map(({ kind, epoch = view.epoch, table, priority, match, actions }) => ({
    table,
    priority,
    cookie: encodeCookie({ number, epochLow: epoch, kind }),
    match,
    actions,
  }));
}

export const vehicleMeters = (number: number): MeterMod[] => [
  { op: 'set', meter: vehicleMeter(number), ratePerS: COPY_RATE_PER_S },
];

/** Each once: as the one that serves the vehicle, else as armed, else as leaving. */
function endsOf({ leaving, armed, host, epoch }: VehicleView): End[] {
  const ends: End[] = [
    ...leaving.map(old => ({ ...old, kind: 'wayOut' as const })),
    ...armed.map(route => ({ host: route.host, epoch, kind: 'armed' as const })),
    { host, epoch, kind: 'wayOut' },
  ];
  return ends.filter(
    (end, i) =>
      ends.findLastIndex(({ host: { address, port } }) => address === end.host.address && port === end.host.port) === i,
  );
}

/** Frames that another switch has rewritten, on their way to a host. */
function forwards(scene: Scene, ends: readonly End[]): Row[] {
  return ends.flatMap(({ host }) =>
    FAMILIES.flatMap((family): Row[] => {
      const alias = scene.addresses[family]?.alias;
      const to = hostAddressOf(host, family);
      const port = outPortOf(scene, host);
      if (alias === undefined || to === undefined || port === undefined) return [];
      const match: Match = { ...fromAddress(alias), ...toAddress(to) };
      const actions: Action[] = [{ do: 'output', to: { port } }];
      return [{ kind: 'forward', table: TABLE.forward, priority: 100, match, actions }];
    }),
  );
}

/** The copy of a frame, found by its alias: metered, and apart from the flow that carries the frame. */
function copies(scene: Scene, { number, armed, doubted = [] }: VehicleView): Row[] {
  const apart = new Set(doubted.filter(at => at.datapath === scene.datapath).map(({ port }) => port));
  return FAMILIES.flatMap(family => {
    const alias = scene.addresses[family]?.alias;
    if (alias === undefined || copying(scene, family).after.length === 0) return [];
    const match = fromAddress(alias);
    const actions: Action[] = [
      { do: 'meter', meter: vehicleMeter(number) },
      { do: 'output', to: 'CONTROLLER' },
    ];
    const copy: Row = { kind: 'copy', table: TABLE.copy, priority: 100, match, actions };
    const byArmed: Row = {
      kind: 'armed',
      table: TABLE.copy,
      priority: 110,
      match: { ...match, metadata: { value: ARMED_BIT, mask: ARMED_BIT } },
      actions,
    };
    const fromDoubted = [...apart].map((inPort): Row => ({
      ...copy,
      priority: 120,
      match: { inPort, ...match },
      actions: [
        { do: 'meter', meter: portMeter(inPort) },
        { do: 'output', to: 'CONTROLLER' },
      ],
    }));
    return [...fromDoubted, ...(armed.length === 0 ? [] : [byArmed]), copy];
  });
}

function waysIn(scene: Scene, view: VehicleView, returns: readonly Place[]): Row[] {
  const { network, datapath } = scene;
  const { host, armed, place, also } = view;
  const guarded = network.trust !== 'lab';
  const rows: (Row | undefined)[] = [];
  const row = (
    kind: Kind,
    priority: number,
    family: Family,
    match: Match,
    to: HostEnd,
    tag: TagRule,
  ): Row | undefined => {
    const twin = scene.addresses[family]?.twin;
    const actions = wayIn(scene, to, family, tag);
    if (twin === undefined || actions === undefined) return undefined;
    const { before, after } = copying(scene, family);
    const marks: Action[] =
      kind === 'armed' && after.length > 0 ? [{ do: 'metadata', value: ARMED_BIT, mask: ARMED_BIT }] : [];
    return {
      kind,
      table: TABLE.wayIn,
      priority,
      match: { ipProto: UDP, ...toAddress(twin), ...match },
      actions: kind === 'path' ? actions : [...before, ...actions, ...marks, ...after],
    };
  };
  for (const at of [also, place]) {
    if (at?.datapath !== datapath) continue;
    const tag = { unconfirmed: false, inPort: at.port };
    rows.push(row('path', PRIORITY.path, familyOf(at.source.address), { inPort: at.port, ...from(at) }, host, tag));
  }
  if (place !== undefined) {
    const family = familyOf(place.source.address);
    const known = from(place);
    for (const other of contenders(scene, view, returns)) {
      const { port } = other;
      const domain = domainOfPort(scene, port);
      const to = armed.find(route => route.domain === domain)?.host ?? host;
      const there = { inPort: port, ...known };
      if (sameSource(place, other)) {
        const tag = { unconfirmed: true, inPort: port };
        rows.push(row('backup', PRIORITY.asked, family, { ...there, ...station(other) }, to, tag));
      }
      rows.push(row('backup', PRIORITY.contested, family, there, to, NOWHERE));
    }
    const tag = { unconfirmed: guarded, inPort: 'any' } as const;
    for (const { domain, host: to } of armed) {
      const metadata = { value: domainIndex(network, domain), mask: DOMAIN_MASK };
      rows.push(row('armed', PRIORITY.armed, family, { ...known, metadata }, to, tag));
    }
    rows.push(row('backup', PRIORITY.backup, family, known, host, tag));
  }
  // where the way back of a known source takes unconfirmed tags, those of unknown ones must not name a port yet
  const silent = guarded && place !== undefined;
  for (const to of returns) {
    const family = familyOf(to.source.address);
    const tag = { unconfirmed: true, inPort: to.port };
    const own = { inPort: to.port, ...from(to), ...(guarded ? station(to) : {}) };
    if (place === undefined || !sameSource(place, to))
      rows.push(row('unknown', PRIORITY.answered, family, own, host, tag));
    if (!silent)
      for (const any of FAMILIES) rows.push(row('unknown', PRIORITY.shared, any, { inPort: to.port }, host, NOWHERE));
  }
  const tag: TagRule = silent ? NOWHERE : { unconfirmed: true, inPort: 'any' };
  for (const family of FAMILIES) rows.push(row('unknown', PRIORITY.unknown, family, {}, host, tag));
  return rows.filter(found => found !== undefined);
}

/**
 * Places whose port's tag leads to another source than the known one, or to another station with it: the known source must
 * not carry that tag there, or its answers go to them and its proofs are theirs.
 */
function contenders(
  { network, datapath }: Scene,
  { place, also }: VehicleView,
  returns: readonly Place[],
): readonly Place[] {
  if (place === undefined) return [];
  if (network.trust === 'lab') return also?.datapath === datapath && !sameSource(place, also) ? [also] : [];
  return returns.filter(other => !sameSource(place, other) || (other.mac !== undefined && other.mac !== place.mac));
}

const from = ({ source }: Place): Match => ({
  ...fromAddress(addrOf(source.address)),
  udpSrc: exactly(source.port, 16),
});

const station = ({ mac }: Place): Match => (mac === undefined ? {} : { ethSrc: exactly(mac, 48) });

const lastAtEachPort = (places: readonly Place[]): Place[] => [
  ...new Map(places.map(place => [place.port, place])).values(),
];

function domainOfPort({ site }: Scene, port: number): string | undefined {
  const found = site.ports.get(port);
  return found?.role === 'access' ? found.domain : undefined;
}
