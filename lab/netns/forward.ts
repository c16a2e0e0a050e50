import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../common/package-root.js';
import { fault } from '../../protocol/errors.js';
import type { Network } from './network.js';

/** TCP between this process, which is in no place of the network, and programs in one: for REST calls of tests and tools. */

export interface TcpAddress {
  readonly address: string;
  readonly port: number;
}

export interface Forward extends AsyncDisposable {
  /** On 127.0.0.1 of the machine. */
  readonly port: number;
}

type Place = Pick<Network, 'exec' | 'folder'>;
let sockets = 0;

/** A port of the machine's loopback that leads to a program inside a place. */
export async function openForwardTo(network: Place, place: string, target: TcpAddress): Promise<Forward> {
  const path = socketPath(network);
  const child = await startForward(network, place, `unix:${path}`, `tcp:${target.address}:${target.port}`);
  const server = createServer({ allowHalfOpen: true }, socket =>
    joinStreams(socket, connect({ path, allowHalfOpen: true })),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: (server.address() as AddressInfo).port, [Symbol.asyncDispose]: () => close(server, child) };
}

/** An address inside a place that leads to a program on the machine's loopback, such as one of this process. */
export async function openForwardFrom(
  network: Place,
  place: string,
  listen: TcpAddress,
  port: number,
): Promise<Forward> {
  const path = socketPath(network);
  const server = createServer({ allowHalfOpen: true }, socket =>
    joinStreams(socket, connect({ host: '127.0.0.1', port, allowHalfOpen: true })),
  );
  server.listen(path);
  await once(server, 'listening');
  const child = await startForward(network, place, `tcp:${listen.address}:${listen.port}`, `unix:${path}`).catch(
    (error: unknown) => {
      server.close();
      throw error;
    },
  );
  return { port, [Symbol.asyncDispose]: () => close(server, child) };
}

/** Short: the kernel takes 107 characters. */
const socketPath = (network: Place): string => join(network.folder, `f${sockets++}`);

async function startForward(network: Place, place: string, listen: string, target: string): Promise<ChildProcess> {
  const script = join(packageRoot(), 'lab/netns/forward.py');
  const child = network.exec(place, ['python3', script, listen, target], { stdio: ['ignore', 'pipe', 'pipe'] });
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw fault('LAB_FAILED', 'the forwarder has no pipes');
  const said: string[] = [];
  stderr.on('data', (chunk: Buffer) => void said.push(chunk.toString()));
  const ready = await Promise.race([
    once(createInterface({ input: stdout }), 'line').then(() => true),
    once(child, 'close').then(() => false),
  ]);
  if (!ready) throw fault('LAB_FAILED', `nothing leads from ${listen} to ${target}: ${said.join('').trim()}`);
  return child;
}

function joinStreams(one: Socket, other: Socket): void {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const) {
    from.pipe(to);
    from.once('error', () => to.destroy()); // the other side hears of it as it would without us
    from.once('close', () => to.end());
  }
}

async function close(server: Server, child: ChildProcess): Promise<void> {
  server.close();
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'close');
  child.kill('SIGKILL');
  await ended;
}
