import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { packageRoot } from '../../../common/package-root.js';
import { nmeaChecksum } from '../../../device/gps/nmea.js';

const sentence = (body: string): string =>
  `$${body}*${nmeaChecksum(body).toString(16).toUpperCase().padStart(2, '0')}\r\n`;

/** A cycle as a receiver sends it, some metres further north each second. `fix` is what GSA says: 1 none, 3 in space. */
export function cycle(utcMs: number, step: number, fix: 1 | 3 = 3): string {
  const at = new Date(utcMs).toISOString();
  const time = `${at.slice(11, 13)}${at.slice(14, 16)}${at.slice(17, 22)}`;
  const day = `${at.slice(8, 10)}${at.slice(5, 7)}${at.slice(2, 4)}`;
  const minutes = (7 + step * 0.01).toFixed(4).padStart(7, '0');
  const satellites = ['01', '02', '03', '04', '05', '06', '07', '08', '09'];
  const view = satellites.map((id, at) => `${id},${20 + 5 * at},${String(40 * at).padStart(3, '0')},40`);
  const bodies =
    fix === 3
      ? [
          `GNRMC,${time},A,48${minutes},N,01131.0000,E,36.0,000.0,${day},,,A`,
          `GNGGA,${time},48${minutes},N,01131.0000,E,1,09,0.9,545.4,M,46.9,M,,`,
          `GNGSA,A,3,${satellites.join(',')},,,,1.5,0.9,1.2`,
        ]
      : [
          `GNRMC,${time},V,,,,,,,${day},,,N`,
          `GNGGA,${time},,,,,0,00,99.99,,M,,M,,`,
          'GNGSA,A,1,,,,,,,,,,,,,99.99,99.99,99.99',
        ];
  const views = [0, 4, 8].map((from, at) => `GPGSV,3,${at + 1},09,${view.slice(from, from + 4).join(',')}`);
  return [...bodies, ...views].map(sentence).join('');
}

/** A serial port of a receiver that says what is written to it. */
export interface Receiver extends AsyncDisposable {
  readonly path: string;
  say(text: string): void;
}

export async function openReceiver(): Promise<Receiver> {
  const script = join(packageRoot(), 'test', 'real', 'gpsd', 'serial-pair.py');
  const child = spawn('python3', [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [path] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string];
  return {
    path: path.trim(),
    say: text => void child.stdin.write(text, 'latin1'),
    [Symbol.asyncDispose]: () => ended(child),
  };
}

export interface Gpsd extends AsyncDisposable {
  readonly port: number;
  /** Gives gpsd a receiver, or takes one from it, over its control socket. */
  control(command: string): Promise<string>;
}

export const hasGpsd = (): boolean => spawnSync('gpsd', ['-V']).status === 0;

export async function openGpsd(port: number, socketPath: string, devices: readonly string[]): Promise<Gpsd> {
  const child = spawn('gpsd', ['-N', '-n', '-b', '-S', String(port), '-F', socketPath, ...devices], {
    stdio: 'ignore',
  });
  while (!(await isUp(port))) {
    if (child.exitCode !== null) throw new Error('gpsd ended');
    await new Promise(resolve => setTimeout(resolve, 20));
  }
  return {
    port,
    control: async command => {
      const socket = connect(socketPath);
      socket.setEncoding('utf8').write(`${command}\r\n`);
      const [answer] = (await once(socket, 'data')) as [string];
      socket.destroy();
      return answer.trim();
    },
    [Symbol.asyncDispose]: () => ended(child),
  };
}

function isUp(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1');
    const tell = (up: boolean) => () => {
      socket.destroy();
      resolve(up);
    };
    socket.once('connect', tell(true)).once('error', tell(false));
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGKILL');
  await once(child, 'exit');
}
