import { decodeCookie } from '../redirect/cookie.js';
import { keptSource, type Place } from '../redirect/vehicle.js';
import type { PacketIn } from '../switch/flow-switch.js';

/** What a packet-in says: a frame of a vehicle entered at a place, or a frame to an address that is no vehicle's. */
export type Copy =
  | { readonly of: 'vehicle'; readonly number: number; readonly place: Place }
  | { readonly of: 'nobody' }
  | { readonly of: 'foreign' };

export function readCopy(event: PacketIn): Copy {
  const cookie = decodeCookie(event.cookie);
  if (cookie?.kind === 'base') return { of: 'nobody' };
  if (cookie?.kind !== 'copy') return { of: 'foreign' };
  return { of: 'vehicle', number: cookie.number, place: { port: event.inPort, source: keptSource(event) } };
}
