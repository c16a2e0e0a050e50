import { SerialPort } from 'serialport';
import type { SerialInput } from './nmea-serial.js';

/** Opens a serial port of this machine, 8N1. Rejects with the operating system's error. */
export async function openSerialInput(path: string, baud: number): Promise<SerialInput> {
  const port = new SerialPort({ path, baudRate: baud, autoOpen: false });
  await new Promise<void>((resolve, reject) => {
    port.open(error => (error === null || error === undefined ? resolve() : reject(error)));
  });
  const closed = new Promise<unknown>(resolve => {
    // Pulled out: 'close' comes with a DisconnectedError.
    port.on('close', (reason: unknown) => resolve(reason ?? new Error('closed')));
    port.on('error', resolve);
  });
  return {
    onText: listener => void port.on('data', (chunk: Buffer) => listener(chunk.toString('latin1'))),
    closed,
    close: () =>
      new Promise(resolve => {
        if (!port.isOpen) return resolve();
        port.close(() => resolve());
      }),
  };
}
