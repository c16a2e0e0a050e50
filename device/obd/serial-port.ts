import { delay, type Timers } from '../../common/clock.js';
import { fault } from '../../protocol/errors.js';
import { BAUDS, findBaud } from './baud-search.js';
import type { Link, OpenLink } from './types.js';

/** The machine, as far as serial ports go. */
export interface Ports {
  /** Names under /dev/serial/by-id; empty where there are none. */
  list(): Promise<readonly string[]>;
  exists(path: string): Promise<boolean>;
  openAt(path: string, baud: number): Promise<Link>;
  /** Has the USB device behind a port enumerated anew; false where that is not allowed or possible. */
  replug(path: string): Promise<boolean>;
}

export interface SerialAdapterOptions {
  /** A path, best one under /dev/serial/by-id, or `auto`: whatever is plugged in there and is no receiver. */
  readonly port: string;
  /** Absent: it is searched for. */
  readonly baud?: number;
  readonly ports: Ports;
  readonly timers: Timers;
}

export const BY_ID = '/dev/serial/by-id';
/** How often an adapter that was pulled is looked for. */
const LOOK_MS = 1_000;
/** Receivers and modems have ports of the same kind; nobody but their own program may open them. */
const NOT_OURS = /gps|gnss|u-?blox|modem|sierra|quectel|huawei|simcom|telit/i;
const LIKELY = /obd|elm|scantool|stn|icar|vgate/i;

/** Ports to try for `auto`, the likely ones first, by name. */
export const candidates = (names: readonly string[]): string[] =>
  names
    .filter(name => !NOT_OURS.test(name))
    .sort((x, y) => Number(LIKELY.test(y)) - Number(LIKELY.test(x)) || x.localeCompare(y))
    .map(name => `${BY_ID}/${name}`);

/** A serial adapter that may be pulled and plugged in again: under its id it is found again, whatever port it gets. */
export function serialAdapter({ port, baud, ports, timers }: SerialAdapterOptions): OpenLink {
  let foundBaud = baud;
  let lastPath = port === 'auto' ? undefined : port;
  const paths = async (): Promise<readonly string[]> => (port === 'auto' ? candidates(await ports.list()) : [port]);
  const isThere = async (): Promise<boolean> => {
    for (const path of await paths()) if (await ports.exists(path)) return true;
    return false;
  };
  const open = async (signal: AbortSignal): Promise<Link> => {
    let reason: unknown;
    for (const path of await paths()) {
      try {
        if (!(await ports.exists(path))) throw fault('OBD_LINK', `${path} is not plugged in`);
        // The speed of last time first: it is nearly always the same adapter.
        const others = BAUDS.filter(one => one !== foundBaud);
        const bauds = baud !== undefined ? [baud] : foundBaud === undefined ? BAUDS : [foundBaud, ...others];
        const found = await findBaud({ openAt: speed => ports.openAt(path, speed), bauds, timers }, signal);
        foundBaud = found.baud;
        lastPath = path;
        return found.link;
      } catch (error) {
        signal.throwIfAborted();
        reason = error;
      }
    }
    throw reason ?? fault('OBD_LINK', `nothing is plugged in under ${BY_ID}`);
  };
  const untilBack = async (ms: number, signal: AbortSignal): Promise<void> => {
    let wasThere = await isThere();
    for (let leftMs = ms; leftMs > 0; leftMs -= LOOK_MS) {
      await delay(Math.min(LOOK_MS, leftMs), signal, timers);
      const isNow = await isThere();
      if (isNow && !wasThere) return;
      wasThere = isNow;
    }
  };
  const replug = async (): Promise<boolean> => lastPath !== undefined && ports.replug(lastPath);
  return Object.assign(open, { untilBack, replug });
}
