import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { packageRoot } from '../../common/package-root.js';
import { fault } from '../../protocol/errors.js';
import type { Network } from '../netns/network.js';

/** A TCP address of a place, reached from this process's own network. */
export interface Door extends AsyncDisposable {
  /** `http://127.0.0.1:PORT`. */
  readonly url: string;
}

let doors = 0;

/** Opens a door to `address:port` of a place: by a socket in the file system, which all namespaces share. */
export async function openDoor(network: Network, place: string, address: string, port: number): Promise<Door> {
  const path = join(network.folder, `door-${++doors}`);
  const argv = [process.execPath, join(packageRoot(), 'dist/lab/site/door-child.js'), path, address, String(port)];
  const child = network.exec(place, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  if (child.stdout === null) throw fault('LAB_FAILED', `no output of the door to ${place}`);
  await once(child.stdout, 'data');
  const server = createServer(from => {
    const to = connect(path);
    from.pipe(to).pipe(from);
    from.on('error', () => to.destroy());
    to.on('error', () => from.destroy());
    from.on('close', () => to.destroy());
    to.on('close', () => from.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const bound = server.address();
  return {
    url: `http://127.0.0.1:${typeof bound === 'object' && bound !== null ? bound.port : 0}`,
    [Symbol.asyncDispose]: async () => {
      server.close();
      const ended = once(child, 'close');
      child.kill('SIGKILL');
      await ended;
    },
  };
}
