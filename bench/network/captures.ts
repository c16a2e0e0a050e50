import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { delay } from '../../common/clock.js';
import type { Network } from '../../lab/netns/network.js';
import { STATION_DEVICE } from '../../lab/netns/plan.js';
import { datagramOf, framesOf, type Datagram } from './pcap.js';

/** Where a capture listens: on all devices of a car, or on the one device of hosts, whatever address is behind it. */
export interface CapturePlace {
  readonly place: string;
  readonly kind: 'car' | 'hosts';
}

export interface Captured {
  readonly datagrams: readonly Datagram[];
  /** Names of the devices of a car, by their index. */
  readonly devices: ReadonlyMap<number, string>;
  /** Frames that the kernel had to leave out: with any, losses cannot be told. */
  readonly dropped: number;
}

export interface Captures extends AsyncDisposable {
  /** Ends them, and reads what they have. */
  end(): Promise<ReadonlyMap<string, Captured>>;
}

/** Which frames: pings and their answers (a UDP datagram with four bytes of data), or what cars send. */
const FILTERS = { pings: 'udp port 5683 and udp[4:2] = 12', requests: 'udp dst port 5683' } as const;
/** The kernel hands over what it has captured at least so often (libpcap's default is a second). */
const FLUSHED_MS = 1_500;

/** Starts tcpdump in each place: time stamps are the kernel's, of one clock, in nanoseconds. Resolves once all listen. */
export async function openCaptures(
  network: Network,
  places: readonly CapturePlace[],
  frames: keyof typeof FILTERS = 'pings',
): Promise<Captures> {
  const filter = FILTERS[frames];
  const running = await Promise.all(places.map(async one => ({ ...one, ...(await start(network, one, filter)) })));
  return {
    async end() {
      await delay(FLUSHED_MS);
      const read = running.map(async ({ place, kind, file, child, said }) => {
        await stopped(child, 'SIGINT');
        const dropped = Number(/(\d+) packets? dropped by kernel/.exec(said())?.[1] ?? NaN);
        const datagrams = [...framesOf(await readFile(file))].flatMap(frame => datagramOf(frame) ?? []);
        datagrams.sort((a, b) => a.atMs - b.atMs);
        const devices = kind === 'car' ? await devicesOf(network, place) : new Map<number, string>();
        return [place, { datagrams, devices, dropped }] as const;
      });
      return new Map(await Promise.all(read));
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(running.map(({ child }) => stopped(child, 'SIGKILL')));
    },
  };
}

async function start(network: Network, { place, kind }: CapturePlace, filter: string) {
  const file = join(network.folder, `${place}.pcap`);
  const on = kind === 'car' ? ['-i', 'any', '-y', 'LINUX_SLL2'] : ['-i', STATION_DEVICE];
  // Root stays root: the folder is its own.
  const how = ['-n', '-s', '96', '-B', '32768', '--time-stamp-precision=nano', '-Z', 'root', '-w', file];
  const child = network.exec(place, ['tcpdump', ...on, ...how, filter], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  await new Promise<void>((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      text += chunk.toString();
      if (text.includes('listening on')) resolve();
    });
    child.once('error', reject);
    child.once('close', () => reject(new Error(`tcpdump in ${place}: ${text}`)));
  });
  return { file, child, said: () => text };
}

async function stopped(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'close');
  child.kill(signal);
  await ended;
}

async function devicesOf(network: Network, place: string): Promise<Map<number, string>> {
  const rows = JSON.parse(await network.run(place, ['ip', '-j', 'link'])) as { ifindex: number; ifname: string }[];
  return new Map(rows.map(({ ifindex, ifname }) => [ifindex, ifname]));
}
