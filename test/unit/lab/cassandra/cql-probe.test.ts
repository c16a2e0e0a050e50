import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { answersCql } from '../../../../lab/cassandra/cql-probe.js';

/** Whether a server that treats each connection so counts as one that answers. */
async function probed(serve: (socket: Socket) => void, timeoutMs = 5_000): Promise<boolean> {
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    return await answersCql('127.0.0.1', (server.address() as AddressInfo).port, undefined, timeoutMs);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

const frame = (opcode: number): Buffer => Buffer.from([0x84, 0, 0, 0, opcode, 0, 0, 0, 0]);

describe('the probe of CQL', () => {
  it('asks OPTIONS and takes SUPPORTED for an answer, in pieces as well', async () => {
    let asked: Buffer | undefined;
    const answer = await probed(socket => {
      socket.once('data', (chunk: Buffer) => {
        asked = chunk;
        socket.write(frame(0x06).subarray(0, 3));
        setImmediate(() => socket.write(frame(0x06).subarray(3)));
      });
    });
    assert.deepEqual([answer, asked?.[4]], [true, 0x05]);
  });

  it('takes an error for none', async () => {
    assert.equal(await probed(socket => socket.once('data', () => socket.write(frame(0x00)))), false);
  });

  it('takes an open port that says nothing for none', async () => {
    assert.equal(await probed(() => undefined, 20), false);
  });

  it('takes one that hangs up for none', async () => {
    assert.equal(await probed(socket => socket.end()), false);
  });
});
