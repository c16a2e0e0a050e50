import { isIpv6 } from '../ipv6.js';
import type { DatagramPort } from './types.js';

/**
 * Two ports as one: what is sent goes by the port of its peer's family, what comes in is told alike. `local` is that of IPv4.
 * Closing it closes both.
 */
export function bothFamilies(ipv4: DatagramPort, ipv6: DatagramPort): DatagramPort {
  return {
    local: ipv4.local,
    send: (bytes, peer) => (isIpv6(peer.address) ? ipv6 : ipv4).send(bytes, peer),
    onDatagram(listener) {
      ipv4.onDatagram(listener);
      ipv6.onDatagram(listener);
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([ipv4, ipv6].map(port => port[Symbol.asyncDispose]()));
    },
  };
}
