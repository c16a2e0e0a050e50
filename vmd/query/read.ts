import type { Clock } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import type { Metrics } from '../../common/metrics.js';
import type { SignalAnswer } from '../../protocol/api/vmd.js';
import { sameTag } from '../../protocol/coap/body-tag.js';
import { FORMAT, type CoapRequest, type CoapResponse } from '../../protocol/coap/types.js';
import type { MetricName } from '../../protocol/metrics.js';
import { signalByPath, type SignalRow } from '../../protocol/signals.js';
import type { TwinStore } from '../../store/types.js';
import { refusal } from '../refusal.js';
import type { Resident, Residents } from '../residents.js';
import { acts } from '../twin/slot.js';
import type { Slots, Taken } from '../twin/slots.js';
import { answerFromCar, answerFromCell, etagOf, maxAgeOf, type Standing } from './answer.js';
import type { AskCar } from './ask-car.js';
import { observableOf } from './observable.js';
import { askOf, type Ask } from './read-query.js';

/** When someone who is told that a twin is draining may ask again. */
const DRAINING_RETRY_S = 1;

export interface ReadDeps {
  readonly slots: Slots;
  readonly residents: Residents;
  readonly store: Pick<TwinStore, 'live'>;
  readonly car: AskCar;
  readonly clock: Clock;
  readonly metrics: Metrics<MetricName>;
  /** How long the car is waited for where the question does not say. */
  readonly carTimeoutMs: number;
  /** Called where the store could not be asked for what it has of a vehicle. */
  readonly onUnread: (vehicle: string, error: unknown) => void;
}

/**
 * GET /v/{vehicle}/s/{vss path}: the twin answers, or asks its car where `maxAge` demands it (DESIGN §8). With Observe (RFC
 * 7641) each report that bears the signal is told, and the end of the twin here.
 */
export class Reads {
  readonly #deps: ReadDeps;

  constructor(deps: ReadDeps) {
    this.#deps = deps;
  }

  /** `path`: the segments behind `/v`. */
  async handle(request: CoapRequest, path: readonly string[]): Promise<CoapResponse> {
    const [vehicle = '', s, ...rest] = path;
    if (s !== 's' || rest.length === 0) return this.#refuse('4.04', 'NOT_FOUND: /v/{vehicle}/s/{vss path}');
    const ask = askOf(request.query ?? []);
    if (typeof ask === 'string') return this.#refuse('4.00', `REQUEST_INVALID: ${ask}`);
    const row = signalByPath(rest.join('.'));
    const held = this.#deps.slots.get(vehicle);
    const resident = this.#deps.residents.ofVehicle(vehicle);
    if (held === undefined || resident === undefined)
      return this.#refuse('4.04', `VEHICLE_UNKNOWN: ${vehicle} has no slot here; ask the manager for its twin`);
    if (held.slot.at === 'draining')
      return this.#refuse('5.03', 'DRAINING: ask the manager for the twin again', DRAINING_RETRY_S);
    if (row === undefined) return this.#refuse('4.04', `SIGNAL_UNKNOWN: ${rest.join('.')}`);
    await this.joinStore(resident);
    return this.#answer(request, row, resident, held.slot, ask);
  }

  /**
   * Cells that the store got in other ways (a host that was lost, replication) count until the twin is complete. While the store
   * is away the twin answers from what it has, which says its age and source.
   */
  async joinStore(resident: Resident): Promise<void> {
    if (resident.storeRead && resident.twin.complete) return;
    try {
      resident.twin.applyStored(await this.#deps.store.live(resident.vehicle));
      resident.storeRead = true;
    } catch (error) {
      this.#deps.onUnread(resident.vehicle, error);
    }
  }

  async #answer(
    request: CoapRequest,
    row: SignalRow,
    resident: Resident,
    slot: Taken,
    ask: Ask,
  ): Promise<CoapResponse> {
    const { clock, car, carTimeoutMs } = this.#deps;
    const { twin, vehicle } = resident;
    const nowMs = clock.nowMs();
    const acting = acts(slot, clock.monotonicMs());
    const standing: Standing = {
      provisional: slot.at !== 'assigned',
      stale: slot.at === 'assigned' && !acting,
      complete: twin.complete && resident.storeRead,
    };
    const held = twin.cell(row.wire);
    const cached = held && answerFromCell(row, held, standing, nowMs);
    const fresh = cached !== undefined && cached.ageMs !== null && cached.ageMs <= (ask.maxAgeMs ?? Infinity);
    if (ask.maxAgeMs === undefined || fresh) return this.#send(request, vehicle, row, slot, cached);
    if (!acting)
      return this.#send(request, vehicle, row, slot, cached, standing.stale ? 'the lease has run out' : 'provisional');
    try {
      const { value, timeMs } = await car.ask(resident, row.path, ask.timeoutMs ?? carTimeoutMs);
      return this.#send(request, vehicle, row, slot, answerFromCar(value, timeMs, standing, clock.nowMs()));
    } catch (error) {
      if (cached === undefined && codeOf(error) === 'COAP_TIMEOUT') return this.#refuse('5.04', messageOf(error));
      return this.#send(request, vehicle, row, slot, cached, messageOf(error));
    }
  }

  #send(
    request: CoapRequest,
    vehicle: string,
    row: SignalRow,
    slot: Taken,
    answer: SignalAnswer | undefined,
    explain?: string,
  ): CoapResponse {
    if (answer === undefined)
      return this.#refuse('4.04', `SIGNAL_NO_VALUE: ${row.path}${explain === undefined ? '' : `; ${explain}`}`);
    const etag = etagOf(answer.value, answer.timeMs, slot.seen);
    const maxAgeS = maxAgeOf(row, answer);
    const observable = observableOf(vehicle, row.wire);
    if (request.etags?.some(known => sameTag(known, etag)) === true) {
      this.#deps.metrics.count('vmd_reads_total', { result: 'valid' });
      return { code: '2.03', etag, maxAgeS, observable };
    }
    this.#deps.metrics.count('vmd_reads_total', { result: answer.source });
    const body: SignalAnswer = explain === undefined ? answer : { ...answer, explain };
    const payload = Buffer.from(JSON.stringify(body));
    return { code: '2.05', payload, contentFormat: FORMAT.json, etag, maxAgeS, observable };
  }

  #refuse(code: string, words: string, maxAgeS?: number): CoapResponse {
    this.#deps.metrics.count('vmd_reads_total', { result: 'refused' });
    return refusal(code, words, maxAgeS);
  }
}
