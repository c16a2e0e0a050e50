import { UNCONFIRMED_BIT } from '../../protocol/addresses.js';
import { decodeCookie } from '../redirect/cookie.js';
import { placeOfCopy } from '../redirect/kept.js';
import { TABLE } from '../redirect/network.js';
import type { Place } from '../redirect/view.js';
import type { PacketIn } from '../switch/flow-switch.js';
import type { TagKind } from './state.js';

/** What a packet-in says: a frame of a vehicle entered at a place, or a frame to an address that is no vehicle's. */
export type Copy =
  | { readonly of: 'vehicle'; readonly number: number; readonly place: Place; readonly tag: TagKind }
  | { readonly of: 'nobody' }
  | { readonly of: 'foreign' };

export function readCopy(event: PacketIn): Copy {
  const cookie = decodeCookie(event.cookie);
  if (cookie === undefined) return { of: 'foreign' };
  if (cookie.kind === 'base') return { of: 'nobody' };
  const place = placeOfCopy(event);
  const tag = tagOf(event, cookie.kind);
  return place === undefined || tag === undefined
    ? { of: 'foreign' }
    : { of: 'vehicle', number: cookie.number, place, tag };
}

/** The copy table shows the tag itself; where a frame was copied before it was rewritten, its flow tells. */
function tagOf({ table, packet }: PacketIn, kind: string): TagKind | undefined {
  if (packet.family === 'other') return undefined;
  if (table === TABLE.copy) return packet.udpSrc >= UNCONFIRMED_BIT ? 'unconfirmed' : 'confirmed';
  if (kind === 'unknown') return 'unconfirmed';
  return kind === 'backup' || kind === 'armed' ? 'confirmed' : undefined;
}
