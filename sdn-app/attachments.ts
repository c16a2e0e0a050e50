import type { Attachment } from '../protocol/api/common.js';
import type { Port, Topology } from '../protocol/topology.js';
import type { Located } from './attachment/state.js';
import type { Place } from './redirect/view.js';

export const portOf = (topology: Topology, at: Pick<Place, 'datapath' | 'port'>): Port | undefined =>
  topology.switches.find(row => row.datapath === at.datapath)?.ports.find(row => row.port === at.port);

export type AccessPort = Extract<Port, { role: 'access' }>;

/** The access port of a place; `undefined` where frames of vehicles do not enter. */
export function accessPortOf(topology: Topology, at: Pick<Place, 'datapath' | 'port'>): AccessPort | undefined {
  const port = portOf(topology, at);
  return port?.role === 'access' ? port : undefined;
}

/** A place in the words of the contracts: with the domain and access point of its port. */
export function attachmentOf(place: Place, topology: Topology): Attachment {
  const port = portOf(topology, place);
  return {
    datapath: place.datapath,
    port: place.port,
    source: place.source,
    domain: port !== undefined && 'domain' in port ? port.domain : '',
    ...(port?.role === 'access' ? { accessPoint: port.accessPoint } : {}),
  };
}

/** The reverse; `undefined` where this network has no such access port. */
export function locatedAt(topology: Topology, { datapath, port, source }: Attachment): Located | undefined {
  const found = accessPortOf(topology, { datapath, port });
  return found === undefined ? undefined : { place: { datapath, port, source }, domain: found.domain };
}

export function located(topology: Topology, place: Place): Located {
  const port = portOf(topology, place);
  return { place, domain: port !== undefined && 'domain' in port ? port.domain : '' };
}
