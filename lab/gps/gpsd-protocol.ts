import type { DriveMoment } from '../drive/drive.js';

/** gpsd's JSON protocol 3.14 (gpsd_json(5)), as much of it as one receiver needs: pure. */
export const RELEASE = '3.22';
export const MAX_REQUEST = 80;
export const DEVICE = '/dev/ttyACM0';

export type GpsdObject = Readonly<Record<string, unknown>> & { readonly class: string };

export interface Watch {
  readonly enable: boolean;
  readonly json: boolean;
}

export type GpsdRequest =
  | { readonly ask: 'VERSION' | 'DEVICES' | 'DEVICE' | 'POLL' }
  | { readonly ask: 'WATCH'; readonly change: Partial<Watch> }
  | { readonly ask: 'refused'; readonly message: string };

export const VERSION: GpsdObject = {
  class: 'VERSION',
  release: RELEASE,
  rev: RELEASE,
  proto_major: 3,
  proto_minor: 14,
};

/** Estimated range error of a receiver without correction data, in metres (gpsd: H_UERE_NO_DGPS, V_UERE_NO_DGPS). */
const HORIZONTAL_ERROR_M = 15;
const VERTICAL_ERROR_M = 23;
/** Share of a new fix in what the receiver's clock may be off by, in seconds. */
const TIME_ERROR_S = 0.005;

export const errorObject = (message: string): GpsdObject => ({ class: 'ERROR', message });

/** Reads one request without its `;`, e.g. `?WATCH={"enable":true,"json":true}`. Never throws. */
export function parseRequest(text: string): GpsdRequest {
  const refused = (message: string): GpsdRequest => ({ ask: 'refused', message });
  if (text.length > MAX_REQUEST) return refused(`Request of ${text.length} characters is longer than ${MAX_REQUEST}.`);
  const found = /^\?([A-Z]+)(?:=(.*))?$/s.exec(text.trim());
  const name = found?.[1];
  switch (name) {
    case 'VERSION':
    case 'DEVICES':
    case 'DEVICE':
    case 'POLL':
      return { ask: name };
    case 'WATCH':
      return found?.[2] === undefined ? { ask: 'WATCH', change: {} } : parseWatch(found[2]);
    default:
      return refused(`Unrecognized request '${text.slice(0, 60)}'`);
  }
}

function parseWatch(text: string): GpsdRequest {
  let tree: unknown;
  try {
    tree = JSON.parse(text);
  } catch {
    return { ask: 'refused', message: 'Invalid WATCH: not JSON.' };
  }
  if (typeof tree !== 'object' || tree === null || Array.isArray(tree))
    return { ask: 'refused', message: 'Invalid WATCH: not an object.' };
  const fields = new Map<string, unknown>(Object.entries(tree));
  const device = fields.get('device');
  if (device !== undefined && device !== DEVICE)
    return { ask: 'refused', message: `Invalid WATCH: no such device as ${String(device).slice(0, 40)}` };
  for (const name of ['enable', 'json']) {
    const value = fields.get(name);
    if (value !== undefined && typeof value !== 'boolean')
      return { ask: 'refused', message: `Invalid WATCH: ${name} is true or false.` };
  }
  const enable = fields.get('enable');
  const json = fields.get('json');
  return {
    ask: 'WATCH',
    // gpsd: a WATCH that does not say `enable` enables.
    change: { enable: enable !== false, ...(typeof json === 'boolean' ? { json } : {}) },
  };
}

export const watchObject = (watch: Watch): GpsdObject => ({
  class: 'WATCH',
  enable: watch.enable,
  json: watch.json,
  nmea: false,
  raw: 0,
  scaled: false,
  timing: false,
  split24: false,
  pps: false,
});

export const deviceObject = (activated: string): GpsdObject => ({
  class: 'DEVICE',
  path: DEVICE,
  driver: 'u-blox',
  activated,
  flags: 1,
  native: 1,
  bps: 9_600,
  parity: 'N',
  stopbits: 1,
  cycle: 1,
});

export const devicesObject = (activated: string): GpsdObject => ({
  class: 'DEVICES',
  devices: [deviceObject(activated)],
});

/** Time, position and velocity of a moment. `time` is the clock's, not the recording's; without a fix there is no more. */
export function tpvObject(moment: DriveMoment, time: string): GpsdObject {
  const { position, altitudeM, headingDeg, speedKmh, hdop } = moment;
  const base = { class: 'TPV', device: DEVICE, mode: position === undefined ? 1 : moment.fix, time, ept: TIME_ERROR_S };
  if (position === undefined) return base;
  return {
    ...base,
    status: 1,
    lat: rounded(position.latitude, 9),
    lon: rounded(position.longitude, 9),
    ...(altitudeM === undefined ? {} : { altMSL: rounded(altitudeM, 3), alt: rounded(altitudeM, 3) }),
    ...(headingDeg === undefined ? {} : { track: rounded(headingDeg, 4) }),
    ...(speedKmh === undefined ? {} : { speed: rounded(speedKmh / 3.6, 3) }),
    ...(hdop === undefined ? {} : { eph: rounded(hdop * HORIZONTAL_ERROR_M, 3) }),
    ...(hdop === undefined || altitudeM === undefined ? {} : { epv: rounded(hdop * VERTICAL_ERROR_M, 3) }),
  };
}

export function skyObject(moment: DriveMoment, time: string): GpsdObject {
  const { hdop, satellites } = moment;
  return {
    class: 'SKY',
    device: DEVICE,
    time,
    ...(hdop === undefined ? {} : { hdop: rounded(hdop, 2) }),
    ...(satellites === undefined ? {} : { nSat: satellites, uSat: satellites }),
  };
}

export const pollObject = (time: string, tpv: GpsdObject, sky: GpsdObject): GpsdObject => ({
  class: 'POLL',
  time,
  active: 1,
  tpv: [tpv],
  gst: [],
  sky: [sky],
});

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));
