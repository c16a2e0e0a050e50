import { readFile } from 'node:fs/promises';
import { connect as connectPlain, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';

/** Names of PEM files, or their texts. */
export interface ClientKeys {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** A frame of CQL 4: version, no flags, stream 0, opcode, empty body. */
const OPTIONS = Buffer.from([0x04, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x00, 0x00]);
const OPCODE_AT = 4;
const SUPPORTED = 0x06;

/**
 * Whether a node answers CQL's OPTIONS with SUPPORTED, as it does before anybody has logged in. An open port alone says
 * nothing: the port of a hung process is open. `keys` are PEM texts where the node wants TLS.
 */
export function answersCql(
  address: string,
  port: number,
  keys: ClientKeys | undefined,
  timeoutMs: number,
): Promise<boolean> {
  return new Promise(resolve => {
    const socket: Socket =
      keys === undefined ? connectPlain({ host: address, port }) : connectTls({ host: address, port, ...keys });
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    const got: Buffer[] = [];
    socket.setTimeout(timeoutMs, () => settle(false));
    socket.once('error', () => settle(false));
    socket.once('close', () => settle(false));
    socket.once(keys === undefined ? 'connect' : 'secureConnect', () => void socket.write(OPTIONS));
    socket.on('data', (chunk: Buffer) => {
      got.push(chunk);
      const bytes = Buffer.concat(got);
      if (bytes.length > OPCODE_AT) settle(bytes[OPCODE_AT] === SUPPORTED);
    });
  });
}

/** The texts of PEM files. */
export async function readPems(files: ClientKeys): Promise<ClientKeys> {
  const [ca, cert, key] = await Promise.all([
    readFile(files.ca, 'utf8'),
    readFile(files.cert, 'utf8'),
    readFile(files.key, 'utf8'),
  ]);
  return { ca, cert, key };
}
