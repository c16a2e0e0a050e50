import { codeOf } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';
import { FORMAT, type CoapHandler, type CoapRequest, type CoapResponse } from '../../protocol/coap/types.js';
import { signalByPath } from '../../protocol/signals.js';
import type { ObdSource } from '../obd/types.js';
import type { Reading } from '../sampling/reading.js';

export interface TwinServerOptions {
  /** The car while it is connected. */
  readonly car: () => ObdSource | undefined;
  readonly newest: (wire: string) => Reading | undefined;
  /** A reading that was made for the twin goes into a report, too. */
  readonly onReading: (reading: Reading) => void;
  readonly utcMs: (monoMs: number) => number;
  readonly nowMs: () => number;
  readonly signal: AbortSignal;
}

const MAX_AGE_LIMIT_S = 86_400;

/**
 * What the device answers to its twin: `GET /s/<vss path>[?maxAge=<seconds>]` → 2.05 JSON `{value, timeMs}`, from the
 * newest sample where that is at most `maxAge` old (default 0), else from the car. 4.04 where there is no such signal
 * or no value, 5.03 where the car cannot be asked, 5.04 where it does not answer in time.
 */
export function twinHandler(options: TwinServerOptions): CoapHandler {
  return async request => {
    const [root, path, ...rest] = request.path;
    if (root !== 's' || path === undefined || rest.length > 0) throw fault('NOT_FOUND', `/${request.path.join('/')}`);
    if (request.method !== 'GET') return { code: '4.05' };
    return answer(path, maxAgeMs(request), options);
  };
}

async function answer(path: string, maxAgeMs: number, options: TwinServerOptions): Promise<CoapResponse> {
  const row = signalByPath(path);
  if (row === undefined) throw fault('SIGNAL_UNKNOWN', path);
  const known = options.newest(row.wire);
  if (known !== undefined && options.nowMs() - known.monoMs <= maxAgeMs) return content(known, options);
  if (row.obd === undefined) {
    // The receiver and what is derived speak by themselves: the newest sample is all there is, with its time.
    if (known === undefined) throw fault('SIGNAL_NO_VALUE', path);
    return content(known, options);
  }
  const car = options.car();
  if (car === undefined) return { code: '5.03', maxAgeS: 1 };
  if (!car.supported.has(row.obd.pid)) throw fault('SIGNAL_NO_VALUE', path);
  let value: number | undefined;
  try {
    value = (await car.read([row.obd.pid], options.signal)).get(row.wire);
  } catch (error) {
    return codeOf(error) === 'OBD_TIMEOUT' ? { code: '5.04' } : { code: '5.03', maxAgeS: 1 };
  }
  if (value === undefined) throw fault('SIGNAL_NO_VALUE', path);
  const reading = { name: row.wire, value, monoMs: options.nowMs() };
  options.onReading(reading);
  return content(reading, options);
}

function content(reading: Reading, options: TwinServerOptions): CoapResponse {
  const body = JSON.stringify({ value: reading.value, timeMs: Math.round(options.utcMs(reading.monoMs)) });
  return { code: '2.05', contentFormat: FORMAT.json, payload: Buffer.from(body), maxAgeS: 0 };
}

function maxAgeMs(request: CoapRequest): number {
  const item = request.query?.find(query => query.startsWith('maxAge='));
  if (item === undefined) return 0;
  const seconds = Number(item.slice('maxAge='.length));
  if (item === 'maxAge=' || !Number.isFinite(seconds) || seconds < 0 || seconds > MAX_AGE_LIMIT_S)
    throw fault('REQUEST_INVALID', item);
  return seconds * 1000;
}
