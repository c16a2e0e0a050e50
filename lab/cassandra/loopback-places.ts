import { spawn } from 'node:child_process';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { addressAt } from '../../protocol/addresses.js';
import { fault } from '../../protocol/errors.js';
import { freePort } from '../network/free-port.js';
import type { Places } from './places.js';

/** Beside the blocks of lab/network/loopback-block.ts. */
const PREFIX = '127.32.0.0';
const NETWORKS = 4_096;
const NETWORK_SIZE = 256;
/** Whoever has bound this address of a network has the network. */
const CLAIM_AT = 254;
const CLAIM_PORT = 7000;

/** A /24 of the loopback network that no other cluster of this machine has; `preferred` first, else beginning at a random one. */
export async function claimNetwork(
  preferred: number | undefined,
  random: () => number = Math.random,
): Promise<{ readonly network: number; readonly claim: Socket }> {
  const first = Math.floor(random() * NETWORKS);
  const candidates = Array.from({ length: NETWORKS }, (_, index) => (first + index) % NETWORKS);
  for (const network of preferred === undefined ? candidates : [preferred]) {
    const claim = await bindOrNothing(loopbackAddress(network, CLAIM_AT));
    if (claim !== undefined) return { network, claim };
  }
  throw fault(
    'LAB_FAILED',
    preferred === undefined
      ? 'no free network of loopback addresses'
      : `another process has ${loopbackAddress(preferred, 0)}/24, where this cluster was made`,
  );
}

/** Address `index` of a claimed network. */
export const loopbackAddress = (network: number, index: number): string =>
  addressAt(PREFIX, network * NETWORK_SIZE + index);

/** All nodes in the machine's own network: no root is needed, and no link between two of them can be cut. */
export function loopbackPlaces(domains: readonly string[], network: number): Places {
  const addressOf = (domain: string): string => loopbackAddress(network, domains.indexOf(domain) + 1);
  const uncut = (): Promise<void> =>
    Promise.reject(fault('LAB_FAILED', 'on plain loopback no link can be cut: open the cluster in namespaces'));
  return {
    addressOf,
    rpcAddressOf: addressOf,
    contactAddressOf: addressOf,
    // JMX listens on 127.0.0.1, whatever the node's own address is.
    jmxPort: freePort,
    exec: (_domain, [program = '', ...words], options) => spawn(program, words, options),
    cut: uncut,
    heal: uncut,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

async function bindOrNothing(address: string): Promise<Socket | undefined> {
  const socket = createSocket({ type: 'udp4', reuseAddr: false });
  socket.bind({ address, port: CLAIM_PORT, exclusive: true });
  try {
    await once(socket, 'listening');
    return socket;
  } catch {
    socket.close();
    return undefined; // it is another's: the answer
  }
}
