import { z } from 'zod';
import { messageOf } from '../../common/errors.js';
import type { CoapEndpoint } from '../../protocol/coap/types.js';
import { fault } from '../../protocol/errors.js';
import type { Resident } from '../residents.js';

/** What the device answers to GET /s/{vss path}. */
const carAnswer = z.object({ value: z.union([z.number(), z.string(), z.boolean()]), timeMs: z.number() });
export type CarAnswer = z.infer<typeof carAnswer>;

/** Questions to the cars. Those for one signal of one car that come meanwhile share its answer. */
export class AskCar {
  readonly #endpoint: () => Pick<CoapEndpoint, 'request'>;
  readonly #open = new Map<string, Promise<CarAnswer>>();

  constructor(endpoint: () => Pick<CoapEndpoint, 'request'>) {
    this.#endpoint = endpoint;
  }

  /**
   * Asks where the car was last heard. What it says is not stored here: the device reports it as well. Rejects with
   * COAP_TIMEOUT, COAP_BUSY and the like, UPSTREAM_REFUSED where the car has no such signal or answers nonsense.
   */
  ask(resident: Resident, path: string, timeoutMs: number): Promise<CarAnswer> {
    const key = `${resident.vehicle} ${path}`;
    const open = this.#open.get(key);
    if (open !== undefined) return open;
    const asked = this.#request(resident, path, timeoutMs).finally(() => this.#open.delete(key));
    this.#open.set(key, asked);
    return asked;
  }

  async #request({ lastPeer }: Resident, path: string, timeoutMs: number): Promise<CarAnswer> {
    if (lastPeer === undefined) throw fault('COAP_TIMEOUT', 'the car was not heard since this slot was prepared');
    const response = await this.#endpoint().request(lastPeer, { method: 'GET', path: ['s', path] }, { timeoutMs });
    if (response.code !== '2.05') throw fault('UPSTREAM_REFUSED', `the car answered ${response.code}`);
    try {
      return carAnswer.parse(JSON.parse(Buffer.from(response.payload ?? []).toString()));
    } catch (cause) {
      throw fault('UPSTREAM_REFUSED', `the car's answer: ${messageOf(cause)}`, { cause });
    }
  }
}
