import type { HttpClient } from '../../protocol/api/http-client.js';
import { vehicleRecord } from '../../protocol/api/md-manager.js';
import { signalAnswer, type SignalAnswer } from '../../protocol/api/vmd.js';
import type { CoapEndpoint } from '../../protocol/coap/types.js';
import { fault } from '../../protocol/errors.js';

/** What the next level needs of a read. */
export interface TwinAsk {
  readonly vehicle: string;
  readonly path: string;
  readonly maxAgeMs: number | undefined;
  readonly timeoutMs: number;
}

/**
 * The second level of a read: asks the manager who the twin is, and the twin at its host's own address. Rejects with
 * VEHICLE_UNKNOWN, UPSTREAM_AWAY, UPSTREAM_REFUSED, SIGNAL_NO_VALUE, DEADLINE, or an error of the CoAP endpoint.
 */
export interface TwinReader {
  read(ask: TwinAsk): Promise<SignalAnswer & { readonly host: string }>;
}

/** The twin answers a little before its caller gives up, so that its own words arrive. */
const ANSWER_SHARE = 0.8;

export class CoapTwinReader implements TwinReader {
  readonly #manager: Pick<HttpClient, 'call'>;
  readonly #coap: CoapEndpoint;

  constructor(manager: Pick<HttpClient, 'call'>, coap: CoapEndpoint) {
    this.#manager = manager;
    this.#coap = coap;
  }

  async read({ vehicle, path, maxAgeMs, timeoutMs }: TwinAsk): Promise<SignalAnswer & { readonly host: string }> {
    const record = await this.#manager.call('GET', `/v1/vehicles/${vehicle}`, { answer: vehicleRecord, timeoutMs });
    const { host } = record;
    if (host === undefined) throw fault('UPSTREAM_AWAY', `${vehicle} has no host`);
    const response = await this.#coap.request(
      { address: host.address, port: host.port },
      {
        method: 'GET',
        path: ['v', vehicle, 's', path],
        query: [
          ...(maxAgeMs === undefined ? [] : [`maxAge=${maxAgeMs / 1000}`]),
          `timeout=${Math.max(1, Math.floor(timeoutMs * ANSWER_SHARE))}`,
        ],
      },
      { timeoutMs },
    );
    const where = `${host.host} for ${vehicle} ${path}`;
    const text = response.payload === undefined ? '' : Buffer.from(response.payload).toString();
    if (response.code === '4.04') throw fault('SIGNAL_NO_VALUE', where);
    if (response.code !== '2.05') throw fault('UPSTREAM_REFUSED', `${where} answered ${response.code} ${text}`.trim());
    const found = signalAnswer.safeParse(jsonOrNothing(text));
    if (!found.success) throw fault('UPSTREAM_REFUSED', `${where} answered in another form`);
    return { ...found.data, host: host.host };
  }
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
