import { isIPv4 } from 'node:net';
import type { Attachment } from '../../protocol/api/common.js';
import type { AttachmentHint } from '../../protocol/api/sdn-app.js';
import type { Topology } from '../../protocol/topology.js';
import type { Sighting } from '../../protocol/triggers/sighting.js';
import type { Names } from './names.js';

/**
 * Where in our network a device has come to that others saw in `domain`: the access port of the access point that they
 * name, or that their name of the place stands for, else the only access port of the domain; with the source that the vehicle was
 * known by, at its new address where they tell it. `undefined` where that is not certain: then its first frame tells.
 */
export function placeOf(
  sighting: Pick<Sighting, 'accessPoint' | 'target' | 'address' | 'device'>,
  domain: string,
  at: Attachment,
  { topology, names }: { readonly topology: Topology; readonly names: Names },
): AttachmentHint | undefined {
  const ports = topology.switches.flatMap(({ datapath, ports: all }) =>
    all.flatMap(port => (port.role === 'access' && port.domain === domain ? [{ ...port, datapath }] : [])),
  );
  const named = [sighting.accessPoint, sighting.target].flatMap(place =>
    place === undefined ? [] : ports.filter(({ accessPoint }) => accessPoint === names.accessPointOf(place)),
  );
  const [found] = named.length > 0 ? named : ports;
  if (found === undefined || (named.length === 0 && ports.length > 1)) return undefined;
  const { device, address } = sighting;
  return {
    ...{ datapath: found.datapath, port: found.port },
    source: {
      ...at.source,
      ...(address !== undefined && isIPv4(address) && isIPv4(at.source.address) ? { address } : {}),
    },
    ...(device.kind === 'mac' ? { mac: device.value } : {}),
  };
}
