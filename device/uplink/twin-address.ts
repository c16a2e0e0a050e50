import type { Registration } from '../../protocol/api/md-manager.js';
import type { Peer } from '../../protocol/coap/types.js';
import { hexToIpv6, ipv6ToHex } from '../../protocol/ipv6.js';

/** By which address of its twin a vehicle reports. Both lead to the same twin; a device keeps to the one that it is told. */
export type UplinkFamily = 'ipv4' | 'ipv6';

/** Where to send by a registration; `undefined` where the network has no such address. */
export function twinPeer(
  { twin, twin6 }: Pick<Registration, 'twin' | 'twin6'>,
  family: UplinkFamily,
): Peer | undefined {
  if (family === 'ipv4') return twin;
  // Answers are told from one another by the text of their source, which the kernel gives in its canonical form.
  return twin6 === undefined ? undefined : { address: hexToIpv6(ipv6ToHex(twin6.address)), port: twin6.port };
}
