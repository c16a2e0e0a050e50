import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { COAP_PORT, LOOPBACK_PLAN, addressAt } from '../../protocol/addresses.js';
import { fault } from '../../protocol/errors.js';

/**
 * A block of 1,024 numbers of one lab run: vehicle numbers, and the addresses made from them, so that several runs share
 * a machine. It is held by a socket bound to the block's first twin address; number `base` itself is never a vehicle's.
 */
export interface LoopbackBlock extends AsyncDisposable {
  readonly base: number;
  readonly firstNumber: number;
  /** Address of vMD host `index` (1 to 1,022). */
  hostAddress(index: number): string;
  /** Address of car `index` (0 to 511): its agent, its adapter, its gpsd. */
  carAddress(index: number): string;
  /** Address of service `index` (0 to 255). */
  serviceAddress(index: number): string;
}

export const BLOCK_SIZE = 1_024;
export const HOST_PREFIX = '127.96.0.0';
/** Everything else of a lab run. */
export const LAB_PREFIX = '127.112.0.0';
const BLOCKS = 1_024;
const FIRST_SERVICE = 768;

/** Addresses of the block that begins at `base`, whoever holds it. */
export function blockAddresses(base: number): Omit<LoopbackBlock, keyof AsyncDisposable> {
  return {
    base,
    firstNumber: base + 1,
    hostAddress: index => addressAt(HOST_PREFIX, base + index),
    carAddress: index => addressAt(LAB_PREFIX, base + 1 + index),
    serviceAddress: index => addressAt(LAB_PREFIX, base + FIRST_SERVICE + index),
  };
}

/** Claims a free block, beginning at a random one: hosts of a run that was killed may still hold addresses of theirs. */
export async function claimBlock(random: () => number = Math.random): Promise<LoopbackBlock> {
  const first = Math.floor(random() * BLOCKS);
  for (let tried = 0; tried < BLOCKS; tried++) {
    const base = ((first + tried) % BLOCKS) * BLOCK_SIZE;
    const socket = await bindOrNothing(addressAt(LOOPBACK_PLAN.twinPrefix, base));
    if (socket === undefined) continue;
    return {
      ...blockAddresses(base),
      [Symbol.asyncDispose]: () => new Promise(resolve => socket.close(() => resolve())),
    };
  }
  throw fault('NUMBERS_EXHAUSTED', 'no free block of loopback addresses');
}

async function bindOrNothing(address: string): Promise<Socket | undefined> {
  const socket = createSocket({ type: 'udp4', reuseAddr: false });
  socket.bind({ address, port: COAP_PORT, exclusive: true });
  try {
    await once(socket, 'listening');
    return socket;
  } catch {
    socket.close();
    return undefined;
  }
}
