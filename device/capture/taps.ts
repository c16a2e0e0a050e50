import { messageOf } from '../../common/errors.js';
import type { CoapEndpoint, CoapHandler, CoapResponse, Peer } from '../../protocol/coap/types.js';
import type { GpsSource } from '../gps/gps-source.js';
import type { OpenSerialInput } from '../gps/nmea-serial.js';
import type { Link, OpenLink } from '../obd/types.js';
import { settingsIn } from '../uplink/remarks.js';
import type { CaptureLine } from './lines.js';

/** Takes what happens, at the moment when it happens. */
export type Note = (line: CaptureLine) => void;

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

/** The same way to the adapter; whatever goes over it is noted. */
export function tapLink(open: OpenLink, note: Note): OpenLink {
  const tapped = async (signal: AbortSignal): Promise<Link> => {
    note({ link: 'opening' });
    let link: Link;
    try {
      link = await open(signal);
    } catch (error) {
      if (!signal.aborted) note({ link: 'failed', say: messageOf(error) });
      throw error;
    }
    note({ link: 'open', ...(link.name === undefined ? {} : { name: link.name }) });
    let isOurs = false;
    void link.closed.then(reason => {
      if (!isOurs) note({ link: 'closed', ...(reason === undefined ? {} : { say: messageOf(reason) }) });
    });
    return {
      ...(link.name === undefined ? {} : { name: link.name }),
      closed: link.closed,
      write: said => {
        note({ dir: 'tx', data: said });
        link.write(said);
      },
      onData: listener =>
        link.onData(chunk => {
          note({ dir: 'rx', data: text(chunk) });
          listener(chunk);
        }),
      [Symbol.asyncDispose]: () => {
        isOurs = true;
        return Promise.resolve(link[Symbol.asyncDispose]());
      },
    };
  };
  const { untilBack, replug } = open;
  return Object.assign(tapped, {
    ...(untilBack === undefined ? {} : { untilBack }),
    ...(replug === undefined ? {} : { replug }),
  });
}

/** A gpsd whose lines are noted by itself (`onLine`); here its comings and goings. */
export const tapGpsd = (source: GpsSource, note: Note): GpsSource => ({
  follow: async (handlers, signal) => {
    note({ gps: 'opening' });
    try {
      return await source.follow(handlers, signal);
    } catch (error) {
      if (!signal.aborted) note({ gps: 'gone', say: messageOf(error) });
      throw error;
    }
  },
});

/** The same port of a receiver; what it says is noted. */
export const tapSerialInput =
  (open: OpenSerialInput, note: Note): OpenSerialInput =>
  async (path, baud) => {
    note({ gps: 'opening' });
    const gone = (error: unknown): void => note({ gps: 'gone', say: messageOf(error) });
    const port = await open(path, baud).catch((error: unknown) => {
      gone(error);
      throw error;
    });
    let isOurs = false;
    void port.closed.then(reason => {
      if (!isOurs) gone(reason);
    });
    return {
      closed: port.closed,
      onText: listener =>
        port.onText(said => {
          note({ nmea: said });
          listener(said);
        }),
      close: () => {
        isOurs = true;
        return port.close();
      },
    };
  };

type OpenEndpoint = (bind: Peer, handler: CoapHandler) => Promise<CoapEndpoint>;

/** The same socket; what the twin asks of the car, and what it says that the vehicle is to be set to, is noted. */
export const tapEndpoint =
  (open: OpenEndpoint, note: Note): OpenEndpoint =>
  async (bind, handler) => {
    const endpoint = await open(bind, (request, exchange) => {
      const { method, path, query } = request;
      if (method === 'GET' && path[0] === 's')
        note({ asked: { path: [...path], ...(query === undefined ? {} : { query: [...query] }) } });
      return handler(request, exchange);
    });
    const heard = (response: CoapResponse): CoapResponse => {
      const told = settingsIn(response);
      if (told !== undefined) note({ told });
      return response;
    };
    return {
      local: endpoint.local,
      request: async (peer, request, options) => heard(await endpoint.request(peer, request, options)),
      observe: (peer, request, options) => endpoint.observe(peer, request, options),
      changed: observable => endpoint.changed(observable),
      get isObserved() {
        return endpoint.isObserved;
      },
      [Symbol.asyncDispose]: () => Promise.resolve(endpoint[Symbol.asyncDispose]()),
    };
  };

/** The answer of whoever knows whether the system's clock is synchronised; noted with that clock, when either is another. */
export function tapClock(
  isSynchronised: () => Promise<boolean>,
  clock: { nowMs(): number; monotonicMs(): number },
  note: Note,
): () => Promise<boolean> {
  let last: { readonly offsetMs: number; readonly synchronised: boolean } | undefined;
  const look = (synchronised: boolean): void => {
    const [utcMs, monoMs] = [clock.nowMs(), clock.monotonicMs()];
    const offsetMs = utcMs - monoMs;
    if (last?.synchronised === synchronised && Math.abs(offsetMs - last.offsetMs) < WORTH_A_LINE_MS) return;
    last = { offsetMs, synchronised };
    note({ clock: { utcMs: Math.round(utcMs), synchronised } });
  };
  look(false);
  return async () => {
    const synchronised = await isSynchronised();
    look(synchronised);
    return synchronised;
  };
}

/** What time servers move a clock by, bit by bit, is noted in pieces of this size. */
const WORTH_A_LINE_MS = 20;
