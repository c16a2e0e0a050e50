import type { Attachment } from '../protocol/api/common.js';
import type { Topology } from '../protocol/topology.js';
import type { Place } from './redirect/vehicle.js';

/** A place in the words of the contracts: with the domain and access point of its port. */
export function attachmentOf(place: Place, datapath: number, topology: Topology): Attachment {
  const ports = topology.switches.find(row => row.datapath === datapath)?.ports ?? [];
  const port = ports.find(row => row.port === place.port);
  return {
    datapath,
    port: place.port,
    source: place.source,
    domain: port !== undefined && 'domain' in port ? port.domain : '',
    ...(port?.role === 'access' ? { accessPoint: port.accessPoint } : {}),
  };
}

export const isAccessPort = (port: number, datapath: number, topology: Topology): boolean =>
  topology.switches.some(
    row => row.datapath === datapath && row.ports.some(found => found.port === port && found.role === 'access'),
  );
