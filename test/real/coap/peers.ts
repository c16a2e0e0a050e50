import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { systemClock, systemTimers } from '../../../common/clock.js';
import { openCoapEndpoint, type CoapEndpointOptions } from '../../../protocol/coap/endpoint.js';
import { secureRandom } from '../../../protocol/coap/secure-random.js';
import type { CoapEndpoint, CoapHandler, DatagramPort, Peer } from '../../../protocol/coap/types.js';
import { openUdpPort } from '../../../protocol/coap/udp-port.js';
import { eventually } from '../../fakes/eventually.js';

const LOOPBACK: Peer = { address: '127.0.0.1', port: 0 };
const PROGRAM_MS = 30_000;

/** More than four blocks of 1,024 bytes, and no two of them equal. */
export const BODY: Uint8Array = Uint8Array.from({ length: 5_000 }, (_, i) => i % 251);
/** The states that `keeper` and the peers go through when they are observed. */
export const STATES = ['0', '1', '2', '3', '4'];

export const text = (payload: Uint8Array | undefined): string => Buffer.from(payload ?? []).toString();
export const filled = (fill: string): Uint8Array => Buffer.from(fill.repeat(5_000));

export interface Endpoint extends CoapEndpoint {
  readonly url: string;
}

/** An endpoint of ours; `heard` is told each datagram that comes. */
export async function openEndpoint(
  handler: CoapHandler,
  heard: (bytes: Uint8Array) => void = () => undefined,
  options: Partial<CoapEndpointOptions> = {},
): Promise<Endpoint> {
  const udp = await openUdpPort(LOOPBACK);
  const port: DatagramPort = {
    local: udp.local,
    send: (bytes, peer) => udp.send(bytes, peer),
    onDatagram: listener =>
      udp.onDatagram((bytes, peer) => {
        heard(bytes);
        listener(bytes, peer);
      }),
    [Symbol.asyncDispose]: () => udp[Symbol.asyncDispose](),
  };
  const shared = { port, handler, clock: systemClock, timers: systemTimers, random: secureRandom };
  const endpoint = openCoapEndpoint({ ...shared, ...options });
  return Object.assign(endpoint, { url: `coap://${udp.local.address}:${udp.local.port}` });
}

/** A handler that keeps what is put, each path apart, with the body of all PUTs in `bodies`. */
export function keeper(changed: (path: string) => void): { handler: CoapHandler; bodies: Uint8Array[] } {
  const kept = new Map<string, Uint8Array>([
    ['state', Buffer.from('0')],
    ['large', BODY],
  ]);
  const bodies: Uint8Array[] = [];
  const handler: CoapHandler = ({ method, path: [path = ''], payload = new Uint8Array(0) }) => {
    if (method === 'PUT') {
      kept.set(path, payload);
      bodies.push(payload);
      changed(path);
      return { code: '2.04', payload: payload.subarray(0, 1) };
    }
    const body = kept.get(path);
    return body === undefined ? { code: '4.04' } : { code: '2.05', payload: body, maxAgeS: 30, observable: path };
  };
  return { handler, bodies };
}

/** What a program prints until it ends. */
export async function output(program: string, argv: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(program, argv, { timeout: PROGRAM_MS, maxBuffer: 2 ** 24 });
  return stdout;
}

export interface Server extends AsyncDisposable {
  readonly peer: Peer;
}

/** Starts a server on a free port; it is there when `isReady` says so, which is asked until then. */
export async function startServer(
  program: string,
  argv: (peer: Peer) => readonly string[],
  isReady: (peer: Peer, said: string) => boolean | Promise<boolean>,
): Promise<Server> {
  const free = await openUdpPort(LOOPBACK);
  const peer = free.local;
  await free[Symbol.asyncDispose]();
  const child = spawn(program, argv(peer), { stdio: ['ignore', 'pipe', 'ignore'] });
  const exited = once(child, 'exit');
  let said = '';
  child.stdout.on('data', (bytes: Buffer) => (said += bytes.toString()));
  const server: Server = {
    peer,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
  await eventually(`${program} serves`, async () => child.exitCode !== null || (await isReady(peer, said)));
  if (child.exitCode !== null) throw new Error(`${program} ended with ${child.exitCode}`);
  return server;
}
