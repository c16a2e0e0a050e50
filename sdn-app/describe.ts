import type { VehicleFlows } from '../protocol/api/sdn-app.js';
import type { Topology } from '../protocol/topology.js';
import { lastMoveOf, placeOf } from './attachment/state.js';
import { attachmentOf } from './attachments.js';
import type { DownPorts } from './down-ports.js';
import { viewOf, type Vehicle } from './vehicles.js';

/** A vehicle as the API shows it; `undefined` while its id or its host's name is not known. */
export function describe(vehicle: Vehicle, topology: Topology, downPorts: DownPorts): VehicleFlows | undefined {
  const { id, ref, number, highestEpoch, leaving, state } = vehicle;
  const place = placeOf(state);
  const lastMove = lastMoveOf(state);
  if (id === undefined || ref === undefined) return undefined;
  return {
    vehicle: id,
    number,
    host: ref,
    highestEpoch,
    state: state.at,
    armed: viewOf(vehicle).armed.map(({ domain }) => domain),
    tickets: state.arming?.tickets ?? false,
    waysOut: place === undefined ? [] : [...leaving.map(old => old.name ?? old.host.address), ref.host],
    ...(place === undefined ? {} : { attachment: attachmentOf(place, topology), portDown: downPorts.has(place) }),
    ...(lastMove === undefined ? {} : { lastMove }),
  };
}
