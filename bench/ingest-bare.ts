import { createSocket, type RemoteInfo } from 'node:dgram';
import { generate, parse } from 'coap-packet';
import { open } from 'lmdb';

/**
 * What durable ingest costs at least: a datagram socket, the codec and lmdb, with group commit, and nothing else: no
 * report is decoded, no duplicate known, no twin kept. Words: address, port, directory.
 */
const [address = '', port = '', path = ''] = process.argv.slice(2);
const table = open<Buffer, Uint8Array>({
  path,
  encoding: 'binary',
  keyEncoding: 'binary',
  noSubdir: false,
  overlappingSync: false,
});
const socket = createSocket({ type: 'udp4', lookup: (name, _options, callback) => callback(null, name, 4) });

interface Waiting {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly messageId: number;
  readonly token: Buffer;
  readonly from: RemoteInfo;
}

let waiting: Waiting[] = [];
let writing = 0;
let scheduled = false;
let count = 0;
let closed = false;

function schedule(): void {
  if (scheduled || writing >= 2 || waiting.length === 0) return;
  scheduled = true;
  setImmediate(() => {
    scheduled = false;
    void commit();
  });
}

async function commit(): Promise<void> {
  const batch = waiting;
  waiting = [];
  writing++;
  await table.batch(() => {
    for (const { key, value } of batch) void table.put(key, value);
  });
  writing--;
  if (closed) return;
  for (const { messageId, token, from } of batch)
    socket.send(generate({ ack: true, code: '2.04', messageId, token }), from.port, from.address);
  schedule();
}

socket.on('message', (bytes, from) => {
  const { messageId, token, payload } = parse(bytes);
  // As large as a key of the product: vehicle, day, time, boot, seq.
  const key = Buffer.alloc(28);
  key.write(from.address, 0, 'latin1');
  key.writeUInt32BE(++count, 24);
  waiting.push({ key, value: payload, messageId, token, from });
  schedule();
});
socket.bind({ address, port: Number(port), exclusive: true }, () => {
  socket.setRecvBufferSize(8 * 1_024 * 1_024);
  socket.setSendBufferSize(8 * 1_024 * 1_024);
  process.stdout.write('ready\n');
});
process.once('SIGTERM', () => {
  closed = true;
  socket.close();
  void table.close();
});
