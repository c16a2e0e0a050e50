import type { Attachment } from '../../protocol/api/common.js';
import type { AccessPoint, Topology } from '../../protocol/topology.js';

/** Domains that a device may enter next from where it is, likeliest first: pure. */

export interface NextDomain {
  readonly domain: string;
  /** Why, for people: `neighbour ap-3`. */
  readonly reason: string;
}

/**
 * By the access points that are named as neighbours of its own; else by those whose coverage overlaps, nearest first; where
 * the position of its own is not known, by all other access ports of its switch.
 */
export function nextDomains(topology: Topology, at: Attachment): NextDomain[] {
  const id = at.accessPoint ?? accessPointAt(topology, at);
  const own = topology.accessPoints.find(ap => ap.id === id);
  const found = own === undefined ? onSameSwitch(topology, at) : around(topology.accessPoints, own);
  const domains = new Map<string, NextDomain>();
  for (const next of found) if (next.domain !== at.domain && !domains.has(next.domain)) domains.set(next.domain, next);
  return [...domains.values()];
}

function around(all: readonly AccessPoint[], own: AccessPoint): NextDomain[] {
  const { neighbours } = own;
  const others = all.filter(ap => ap.id !== own.id);
  const next = ({ id, domain }: AccessPoint): NextDomain => ({ domain, reason: `neighbour ${id}` });
  if (neighbours !== undefined) return neighbours.flatMap(id => others.filter(ap => ap.id === id).map(next));
  return others
    .map(ap => ({ ap, distanceM: distanceM(own, ap) }))
    .filter(({ ap, distanceM: apart }) => apart <= own.rangeM + ap.rangeM)
    .sort((a, b) => a.distanceM - b.distanceM)
    .map(({ ap }) => next(ap));
}

function onSameSwitch(topology: Topology, { datapath, port }: Attachment): NextDomain[] {
  const ports = topology.switches.find(sw => sw.datapath === datapath)?.ports ?? [];
  return ports.flatMap(other =>
    other.role === 'access' && other.port !== port
      ? [{ domain: other.domain, reason: `same switch ${other.accessPoint}` }]
      : [],
  );
}

function accessPointAt(topology: Topology, { datapath, port }: Attachment): string | undefined {
  const ports = topology.switches.find(sw => sw.datapath === datapath)?.ports ?? [];
  const found = ports.find(row => row.port === port);
  return found?.role === 'access' ? found.accessPoint : undefined;
}

const EARTH_RADIUS_M = 6_371_000;

/** Great-circle distance by the haversine formula, which is exact enough for short ways. */
function distanceM(a: AccessPoint, b: AccessPoint): number {
  const rad = (degrees: number): number => (degrees * Math.PI) / 180;
  const h =
    Math.sin(rad(b.latitude - a.latitude) / 2) ** 2 +
    Math.cos(rad(a.latitude)) * Math.cos(rad(b.latitude)) * Math.sin(rad(b.longitude - a.longitude) / 2) ** 2;
  return 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(h)));
}
