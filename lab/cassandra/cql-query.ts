import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fault } from '../../protocol/errors.js';
import type { ClientKeys } from './cql-probe.js';

/** One query of a node, by the binary protocol 4 of CQL and without a driver, which would look for all the other nodes first. */
export interface CqlQuery {
  readonly address: string;
  readonly port: number;
  /** PEM texts where the node wants TLS. */
  readonly keys: ClientKeys | undefined;
  readonly cql: string;
  /** How many replicas have to answer: 1 to 3. */
  readonly replicas: number;
  readonly timeoutMs: number;
}

const HEADER_BYTES = 9;
const OPCODE_AT = 4;
const LENGTH_AT = 5;
const REQUEST_V4 = 0x04;
const OPCODE = { error: 0x00, startup: 0x01, ready: 0x02, query: 0x07, result: 0x08 } as const;
/** Flag of a query: the names and types of the columns are known. */
const SKIP_METADATA = 0x02;
/** Of ERROR: its code; words follow. */
const ERROR_WORDS_AT = 6;

/** The body of the node's RESULT. LAB_FAILED with its words where it refuses, wants a login, hangs up or is late. */
export function queryOnce({ address, port, keys, cql, replicas, timeoutMs }: CqlQuery): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket: Socket =
      keys === undefined ? connectPlain({ host: address, port }) : connectTls({ host: address, port, ...keys });
    const failed = (words: string): void => {
      socket.destroy();
      reject(fault('LAB_FAILED', `${address}:${port}: ${words}`));
    };
    let got = Buffer.alloc(0);
    socket.setTimeout(timeoutMs, () => failed('no answer in time'));
    socket.once('error', error => failed(error.message));
    socket.once('close', () => failed('closed'));
    socket.once(
      keys === undefined ? 'connect' : 'secureConnect',
      () => void socket.write(frame(OPCODE.startup, HELLO)),
    );
    socket.on('data', (chunk: Buffer) => {
      got = Buffer.concat([got, chunk]);
      if (got.length < HEADER_BYTES) return;
      const end = HEADER_BYTES + got.readUInt32BE(LENGTH_AT);
      if (got.length < end) return;
      const opcode = got.readUInt8(OPCODE_AT);
      const body = got.subarray(HEADER_BYTES, end);
      got = got.subarray(end);
      if (opcode === OPCODE.ready) socket.write(frame(OPCODE.query, queryBody(cql, replicas)));
      else if (opcode === OPCODE.result) {
        resolve(body);
        socket.destroy();
      } else if (opcode === OPCODE.error) failed(body.subarray(ERROR_WORDS_AT).toString());
      else failed(`it answers with opcode ${opcode}`);
    });
  });
}

/** How many replicas answer is also the number that the protocol has for it: ONE, TWO, THREE. */
function queryBody(cql: string, replicas: number): Buffer {
  const text = Buffer.from(cql);
  const body = Buffer.alloc(4 + text.length + 3);
  body.writeUInt32BE(text.length, 0);
  text.copy(body, 4);
  body.writeUInt16BE(replicas, 4 + text.length);
  body.writeUInt8(SKIP_METADATA, 4 + text.length + 2);
  return body;
}

function frame(opcode: number, body: Buffer): Buffer {
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt8(REQUEST_V4, 0);
  header.writeUInt8(opcode, OPCODE_AT);
  header.writeUInt32BE(body.length, LENGTH_AT);
  return Buffer.concat([header, body]);
}

function shortText(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A map of one entry. */
const HELLO = Buffer.concat([Buffer.from([0, 1]), shortText('CQL_VERSION'), shortText('3.0.0')]);
