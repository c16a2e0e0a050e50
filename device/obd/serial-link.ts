import { fault } from '../../protocol/errors.js';
import type { Link } from './types.js';

/** A serial port of this machine at one speed, 8N1, for us alone. Rejects with OBD_LINK, the system's error as its cause. */
export async function openSerialLink(path: string, baud: number): Promise<Link> {
  const name = `${path} at ${baud}`;
  // Loaded where there is one: most agents in a lab have none.
  const { SerialPort } = await import('serialport');
  const port = new SerialPort({ path, baudRate: baud, autoOpen: false });
  await new Promise<void>((resolve, reject) => {
    port.open(cause => (cause ? reject(fault('OBD_LINK', name, { cause })) : resolve()));
  });
  let listener: (chunk: Uint8Array) => void = () => undefined;
  let reason: unknown;
  // An adapter that is pulled closes the port with a DisconnectedError.
  const closed = new Promise<unknown>(resolve => {
    port.on('error', error => (reason = error));
    port.on('close', (error: unknown) => resolve(error ?? reason));
  });
  port.on('data', (chunk: Buffer) => listener(chunk));
  return {
    name,
    closed,
    onData: next => {
      listener = next;
    },
    write: text => {
      // A write that fails is followed by the close of the port.
      if (port.isOpen) port.write(text, 'latin1');
    },
    [Symbol.asyncDispose]: () =>
      new Promise(resolve => {
        if (port.isOpen) port.close(() => resolve());
        else resolve();
      }),
  };
}
