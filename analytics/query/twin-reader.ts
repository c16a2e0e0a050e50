import type { HttpClient } from '../../protocol/api/http-client.js';
import type { HostRef } from '../../protocol/api/common.js';
import { vehicleRecord } from '../../protocol/api/md-manager.js';
import { signalAnswer, type SignalAnswer } from '../../protocol/api/vmd.js';
import type { CoapEndpoint } from '../../protocol/coap/types.js';
import { fault } from '../../protocol/errors.js';
import { KeyedSlots } from './keyed-slots.js';

/** What the next level needs of a read. */
export interface TwinAsk {
  readonly vehicle: string;
  readonly path: string;
  readonly maxAgeMs: number | undefined;
  readonly timeoutMs: number;
}

export type TwinAnswer = SignalAnswer & { readonly host: string };

/**
 * The second level of a read: asks the twin at its host's own address. Rejects with VEHICLE_UNKNOWN, UPSTREAM_AWAY,
 * UPSTREAM_REFUSED, SIGNAL_NO_VALUE, DRAINING, DEADLINE, or an error of the CoAP endpoint.
 */
export interface TwinReader {
  read(ask: TwinAsk): Promise<TwinAnswer>;
}

/** The twin answers a little before its caller gives up, so that its own words arrive. */
const ANSWER_SHARE = 0.8;
/** Questions to one host at once; an endpoint of ours takes 16 of one peer. */
const PER_HOST = 12;
const MAX_WAITING = 5_000;

/** What became of a question: an answer, or that the twin is not (or no longer) there. */
type Outcome = { readonly answer: TwinAnswer } | { readonly moved: Error };

export class CoapTwinReader implements TwinReader {
  readonly #manager: Pick<HttpClient, 'call'>;
  readonly #coap: CoapEndpoint;
  readonly #knownHost: (vehicle: string) => HostRef | undefined;
  readonly #slots = new KeyedSlots(PER_HOST, MAX_WAITING);

  /** `knownHost`: where md-manager last said that the twin is; where that proves wrong, or nothing is known, it is asked. */
  constructor(
    manager: Pick<HttpClient, 'call'>,
    coap: CoapEndpoint,
    knownHost: (vehicle: string) => HostRef | undefined,
  ) {
    this.#manager = manager;
    this.#coap = coap;
    this.#knownHost = knownHost;
  }

  async read(ask: TwinAsk): Promise<TwinAnswer> {
    const known = this.#knownHost(ask.vehicle);
    if (known !== undefined) {
      const outcome = await this.#ask(known, ask);
      // One that does not act may have a successor.
      if ('answer' in outcome && !outcome.answer.provisional) return outcome.answer;
      const now = await this.#hostOf(ask);
      if ('answer' in outcome && now.address === known.address && now.port === known.port) return outcome.answer;
      return resultOf(await this.#ask(now, ask));
    }
    return resultOf(await this.#ask(await this.#hostOf(ask), ask));
  }

  async #hostOf({ vehicle, timeoutMs }: TwinAsk): Promise<HostRef> {
    const { host } = await this.#manager.call('GET', `/v1/vehicles/${vehicle}`, { answer: vehicleRecord, timeoutMs });
    if (host === undefined) throw fault('UPSTREAM_AWAY', `${vehicle} has no host`);
    return host;
  }

  #ask(host: HostRef, ask: TwinAsk): Promise<Outcome> {
    return this.#slots.run(`${host.address}:${host.port}`, () => this.#request(host, ask));
  }

  async #request(host: HostRef, { vehicle, path, maxAgeMs, timeoutMs }: TwinAsk): Promise<Outcome> {
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
    if (response.code === '4.04' && text.startsWith('VEHICLE_UNKNOWN'))
      return { moved: fault('UPSTREAM_REFUSED', text) };
    if (response.code === '5.03') return { moved: fault('DRAINING', where) };
    if (response.code === '4.04') throw fault('SIGNAL_NO_VALUE', where);
    if (response.code === '5.04') throw fault('COAP_TIMEOUT', `the car: ${text}`);
    if (response.code !== '2.05') throw fault('UPSTREAM_REFUSED', `${where} answered ${response.code} ${text}`.trim());
    const found = signalAnswer.safeParse(jsonOrNothing(text));
    if (!found.success) throw fault('UPSTREAM_REFUSED', `${where} answered in another form`);
    return { answer: { ...found.data, host: host.host } };
  }
}

function resultOf(outcome: Outcome): TwinAnswer {
  if ('answer' in outcome) return outcome.answer;
  throw outcome.moved;
}

function jsonOrNothing(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
