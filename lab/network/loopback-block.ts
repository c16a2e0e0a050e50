import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { COAP_PORT, LOOPBACK_PLAN, MAX_NUMBER, addressAt, ipv4ToNumber } from '../../protocol/addresses.js';
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

/**
 * Claims a free block, beginning at a random one. vMD hosts outlive a run that was killed: a block where some still listen is
 * left alone.
 */
export async function claimBlock(random: () => number = Math.random): Promise<LoopbackBlock> {
  const first = Math.floor(random() * BLOCKS);
  const left = await blocksWithHosts();
  for (let tried = 0; tried < BLOCKS; tried++) {
    const base = ((first + tried) % BLOCKS) * BLOCK_SIZE;
    const block = left.has(base) ? undefined : await reclaimBlock(base);
    if (block !== undefined) return block;
  }
  throw fault('NUMBERS_EXHAUSTED', 'no free block of loopback addresses');
}

/** The block of an earlier run, with the vMD hosts that it left; undefined where somebody has it. */
export async function reclaimBlock(base: number): Promise<LoopbackBlock | undefined> {
  const socket = await bindOrNothing(addressAt(LOOPBACK_PLAN.twinPrefix, base));
  if (socket === undefined) return undefined;
  return {
    ...blockAddresses(base),
    [Symbol.asyncDispose]: () => new Promise(resolve => socket.close(() => resolve())),
  };
}

/** Bases of the blocks in which a vMD host listens, by the kernel's table of sockets; none where there is no such table. */
async function blocksWithHosts(): Promise<ReadonlySet<number>> {
  const table = await readFile('/proc/net/udp', 'utf8').catch(() => '');
  const prefix = ipv4ToNumber(HOST_PREFIX);
  return new Set(
    [...table.matchAll(/^ *\d+: ([0-9A-F]{8}):/gm)].flatMap(([, hex = '']) => {
      // The address stands in the byte order of the machine, which is little-endian wherever Node runs on Linux.
      const offset = Buffer.from(hex, 'hex').readUInt32LE() - prefix;
      return offset >= 0 && offset <= MAX_NUMBER ? [offset - (offset % BLOCK_SIZE)] : [];
    }),
  );
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
