import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface StreamHold {
  /** Something from the far end is being held. */
  readonly arrived: Promise<void>;
  release(): void;
}

/** A gate for a byte stream (the control channel of a switch): what the far end says can be held. */
export interface StreamGate extends AsyncDisposable {
  /** ADDRESS:PORT. */
  readonly address: string;
  /** Holds what the far end says: from now on, or from the next thing on that is said to it (`afterRequest`). */
  hold(from: 'now' | 'afterRequest'): StreamHold;
}

interface Armed {
  holding: boolean;
  readonly held: (() => void)[];
  readonly arrive: () => void;
}

/** Opens a gate on a free port of loopback in front of `upstream`. */
export async function openStreamGate(upstream: {
  readonly address: string;
  readonly port: number;
}): Promise<StreamGate> {
  let armed: Armed | undefined;
  const sockets = new Set<Socket>();
  const server = createServer(near => {
    const far = connect(upstream.port, upstream.address);
    for (const socket of [near, far]) {
      socket.setNoDelay(true);
      sockets.add(socket);
      // Whoever is killed or not there yet breaks its side; the other side learns it by the close.
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.on('data', chunk => {
      if (armed !== undefined) armed.holding = true;
      far.write(chunk);
    });
    far.on('data', chunk => {
      if (armed?.holding) {
        armed.held.push(() => near.writable && near.write(chunk));
        armed.arrive();
      } else near.write(chunk);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    address: `127.0.0.1:${port}`,
    hold(from) {
      let arrive = (): void => undefined;
      const arrived = new Promise<void>(resolve => (arrive = resolve));
      const own: Armed = { holding: from === 'now', held: [], arrive };
      armed = own;
      return {
        arrived,
        release() {
          if (armed === own) armed = undefined;
          for (const write of own.held) write();
        },
      };
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>(resolve => server.close(() => resolve()));
    },
  };
}
