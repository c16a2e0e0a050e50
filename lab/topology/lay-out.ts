import type { AccessPoint, Topology } from '../../protocol/topology.js';
import { between, distanceM, type Position } from '../drive/geo.js';
import { DEFAULT_RULE, nextAccessPoint, type AttachmentRule } from '../radio/attachment.js';

/** Access points laid along a drive, alternating between two edge domains: pure. */
export const EDGES = ['edge-1', 'edge-2'] as const;
export const HOST_PORTS = { 'edge-1': 101, 'edge-2': 102, core: 100 } as const;
export const SERVICE_PORT = 200;
const DATAPATH = 1;

/** How far apart access points stand in a town; a longer drive has wider ones, so that they stay a map one can read. */
const SPACING_M = 750;
const MOST = 16;
const FEWEST = 2;
/** Range as a share of the spacing: half of it would just touch. */
const RANGE = 0.75;
/**
 * An access point that stands nearer than this share of the spacing serves a stretch that comes back to it: half a
 * spacing further on the car is still within its range.
 */
const REUSE = RANGE - 0.5;
/** Access ports are numbered below those of hosts. */
const MAX_ACCESS_POINTS = 99;
/** Points further apart than this (gaps of the recording) are filled in. */
const STEP_M = 50;
const HANDOVERS = 2;
const HANDOVERS_FROM_M = 1_000;
/** Tighter and tighter spacings are tried until the drive changes domain often enough. */
const TIGHTER = 0.7;
const TRIES = 8;
const LEAST_RANGE_M = 20;

/** A recording, or any other list of points; those without a position are skipped. */
export type Track = readonly { readonly latitude?: number; readonly longitude?: number }[];

/**
 * A topology for one drive: one switch with an access port per access point from 1 on, ports of the domains' hosts and
 * a service port. Where the drive is 1 km or longer, a car that drives it changes domain at least twice, as far as the
 * drive leaves room for that.
 */
export function layOutTopology(points: Track): Topology {
  const track = filledIn(positionsOf(points));
  const lengthM = lengthOf(track);
  const wanted = lengthM >= HANDOVERS_FROM_M ? HANDOVERS : 0;
  let spacingM = Math.max(lengthM / MOST, Math.min(SPACING_M, lengthM / FEWEST), 2 * LEAST_RANGE_M);
  let best = topologyOf(place(track, spacingM));
  for (let tried = 0; tried < TRIES && domainChanges(best, track) < wanted; tried++) {
    spacingM *= TIGHTER;
    const next = topologyOf(place(track, spacingM));
    if (next.accessPoints.length > MAX_ACCESS_POINTS) break;
    if (domainChanges(next, track) > domainChanges(best, track)) best = next;
  }
  return best;
}

/** How often a car that drives along the points changes to another domain; a stretch without radio is no change. */
export function domainChanges(topology: Topology, points: Track, rule: AttachmentRule = DEFAULT_RULE): number {
  const domainOf = new Map(topology.accessPoints.map(({ id, domain }) => [id, domain]));
  let current: string | undefined;
  let domain: string | undefined;
  let changes = 0;
  for (const position of positionsOf(points)) {
    current = nextAccessPoint(current, position, topology.accessPoints, rule);
    const here = current === undefined ? undefined : domainOf.get(current);
    if (here === undefined) continue;
    if (domain !== undefined && here !== domain) changes++;
    domain = here;
  }
  return changes;
}

/**
 * Walks along the drive; every `spacingM` there is an access point, in another domain than the one before it, the first
 * half a spacing from the start, and one at the end where the others do not reach it.
 */
function place(track: readonly Position[], spacingM: number): readonly AccessPoint[] {
  const rangeM = Math.max(LEAST_RANGE_M, Math.ceil(RANGE * spacingM));
  const found: AccessPoint[] = [];
  let serving: AccessPoint | undefined;
  const serve = (position: Position, reuseM: number): void => {
    const near = nearest(found, position);
    if (near !== undefined && distanceM(near, position) < reuseM) {
      serving = near;
      return;
    }
    serving = {
      id: `ap-${found.length + 1}`,
      domain: serving?.domain === EDGES[0] ? EDGES[1] : EDGES[0],
      latitude: Number(position.latitude.toFixed(6)),
      longitude: Number(position.longitude.toFixed(6)),
      rangeM,
    };
    found.push(serving);
  };
  let sinceM = spacingM / 2;
  let before = track[0];
  for (const position of track) {
    sinceM += before === undefined ? 0 : distanceM(before, position);
    before = position;
    if (sinceM < spacingM) continue;
    sinceM = 0;
    serve(position, REUSE * spacingM);
  }
  if (before !== undefined) serve(before, rangeM);
  return found;
}

function topologyOf(accessPoints: readonly AccessPoint[]): Topology {
  const access = accessPoints.map(({ id, domain }, index) => ({
    port: index + 1,
    role: 'access' as const,
    domain,
    accessPoint: id,
  }));
  const hosts = Object.entries(HOST_PORTS).map(([domain, port]) => ({ port, role: 'host' as const, domain }));
  return {
    domains: [...EDGES, 'core'],
    switches: [{ datapath: DATAPATH, ports: [...access, ...hosts, { port: SERVICE_PORT, role: 'service' as const }] }],
    accessPoints: [...accessPoints],
  };
}

const positionsOf = (points: Track): readonly Position[] =>
  points.flatMap(({ latitude, longitude }) =>
    latitude === undefined || longitude === undefined ? [] : [{ latitude, longitude }],
  );

const filledIn = (track: readonly Position[]): readonly Position[] =>
  track.flatMap((position, index) => {
    const before = track[index - 1];
    const steps = before === undefined ? 1 : Math.ceil(distanceM(before, position) / STEP_M);
    if (before === undefined || steps <= 1) return [position];
    return Array.from({ length: steps }, (_, step) => between(before, position, (step + 1) / steps));
  });

const lengthOf = (track: readonly Position[]): number =>
  track.slice(1).reduce((sum, position, index) => sum + distanceM(track[index] ?? position, position), 0);

function nearest(accessPoints: readonly AccessPoint[], position: Position): AccessPoint | undefined {
  let best: AccessPoint | undefined;
  for (const accessPoint of accessPoints)
    if (best === undefined || distanceM(accessPoint, position) < distanceM(best, position)) best = accessPoint;
  return best;
}
