import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { queryOnce } from '../../../../lab/cassandra/cql-query.js';

const READY = 0x02;
const RESULT = 0x08;
const ERROR = 0x00;
const AUTHENTICATE = 0x03;

const frame = (opcode: number, body = Buffer.alloc(0)): Buffer => {
  const header = Buffer.from([0x84, 0, 0, 0, opcode, 0, 0, 0, 0]);
  header.writeUInt32BE(body.length, 5);
  return Buffer.concat([header, body]);
};

/** What a query comes to at a server that answers each request so; with what it was asked. */
async function queried(
  answers: (request: Buffer, socket: Socket) => void,
  timeoutMs = 5_000,
): Promise<{ readonly body: Buffer; readonly asked: readonly Buffer[] }> {
  const asked: Buffer[] = [];
  const sockets = new Set<Socket>();
  const server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      asked.push(chunk);
      answers(chunk, socket);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  try {
    const query = { address: '127.0.0.1', port, keys: undefined, cql: 'SELECT 1', replicas: 3, timeoutMs };
    return { body: await queryOnce(query), asked };
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
}

const serving =
  (result: (socket: Socket) => void) =>
  (request: Buffer, socket: Socket): void => {
    if (request[4] === 0x01) socket.write(frame(READY));
    else result(socket);
  };

describe('one query of CQL', () => {
  it('greets, asks of as many replicas as are wanted, and gives the body, in pieces as well', async () => {
    const { body, asked } = await queried(
      serving(socket => {
        const bytes = frame(RESULT, Buffer.from('rows'));
        socket.write(bytes.subarray(0, 11));
        setImmediate(() => socket.write(bytes.subarray(11)));
      }),
    );
    assert.equal(body.toString(), 'rows');
    assert.deepEqual(asked[0]?.subarray(9), Buffer.from('\0\x01\0\x0bCQL_VERSION\0\x053.0.0'));
    assert.deepEqual(asked[1]?.subarray(9), Buffer.from('\0\0\0\x08SELECT 1\0\x03\x02'));
  });

  it('fails with the words of the node', async () => {
    const words = Buffer.from('Cannot achieve consistency level THREE');
    const refusing = serving(socket => socket.write(frame(ERROR, Buffer.concat([Buffer.alloc(6), words]))));
    await assert.rejects(queried(refusing), { code: 'LAB_FAILED', message: /127\.0\.0\.1:\d+: Cannot achieve/ });
  });

  it('fails where a login is wanted, nothing comes in time, or the node hangs up', async () => {
    for (const [serve, message] of [
      [(_: Buffer, socket: Socket) => void socket.write(frame(AUTHENTICATE)), /opcode 3/],
      [() => undefined, /in time/],
      [(_: Buffer, socket: Socket) => void socket.end(), /closed/],
    ] as const)
      await assert.rejects(queried(serve, 200), { code: 'LAB_FAILED', message });
  });
});
