import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { Clock, Timers } from '../../common/clock.js';
import { codeOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import { COAP_PORT, LOOPBACK_PLAN, numberOfAddress, twinAddress } from '../../protocol/addresses.js';
import type { MetricName } from '../../protocol/metrics.js';
import { decodeFrame, encodeFrame } from '../network/frame.js';
import { LAB_PREFIX } from '../network/loopback-block.js';
import type { Fleet } from './fleet.js';
import { NO_FAULTS, fateOf, type Direction, type Faults } from './impairment.js';
import { seededRandom } from '../seeded-random.js';

interface Endpoint {
  readonly address: string;
  readonly port: number;
}

export interface RouterOptions {
  readonly fleet: Fleet;
  readonly block: number;
  readonly cars: number;
  readonly firstNumber: number;
  /** Where the switch takes frames. */
  readonly switch: Endpoint;
  /** Where frames from the switch come in. */
  readonly listen: Endpoint;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

export interface Traffic {
  readonly up: number;
  readonly down: number;
  /** By faults, by want of an access point, or because the car had left the frame's port. */
  readonly lost: number;
}

type Result = 'carried' | 'lost' | 'unattached' | 'foreign' | 'malformed' | 'overflow';

/** Frames that wait for their delay, over all cars; more are dropped and counted. */
const MAX_DELAYED = 10_000;
/** Twin addresses that are bound beyond one for each car: numbers of registrations that failed are not given out again. */
const SPARE_NUMBERS = 128;
const BUFFER_BYTES = 4_194_304;

/**
 * The mobile routers of all cars. An agent sends plain UDP to its twin address, which is bound here; the car is known by
 * the datagram's source. Upwards a datagram becomes a frame of the port that the car is attached to; downwards a frame
 * reaches the car only at the port that it is attached to now.
 */
export class Routers implements AsyncDisposable {
  readonly #options: RouterOptions;
  readonly #frames: Socket;
  readonly #twins = new Map<string, Socket>();
  readonly #traffic: { up: number; down: number; lost: number }[];
  readonly #delayed = new Set<() => void>();
  #faults: Faults = NO_FAULTS;
  #random = seededRandom(NO_FAULTS.seed);

  private constructor(options: RouterOptions) {
    this.#options = options;
    this.#frames = createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES, sendBufferSize: BUFFER_BYTES });
    this.#traffic = Array.from({ length: options.cars }, () => ({ up: 0, down: 0, lost: 0 }));
  }

  static async open(options: RouterOptions): Promise<Routers> {
    const routers = new Routers(options);
    try {
      await routers.#bind();
    } catch (error) {
      await routers[Symbol.asyncDispose]();
      throw error;
    }
    return routers;
  }

  get faults(): Faults {
    return this.#faults;
  }

  /** Faults from now on; the sequence of chances begins anew with the seed. */
  setFaults(faults: Faults): void {
    this.#faults = faults;
    this.#random = seededRandom(faults.seed);
    this.#options.log.info({ event: 'radio.faults-set', ...faults });
  }

  traffic(car: number): Traffic {
    return this.#traffic[car] ?? { up: 0, down: 0, lost: 0 };
  }

  async #bind(): Promise<void> {
    const { listen, cars, firstNumber } = this.#options;
    this.#frames.on('message', bytes => this.#down(bytes));
    await this.#bound(this.#frames, listen);
    for (let index = 0; index < cars + SPARE_NUMBERS; index++) {
      const address = twinAddress(LOOPBACK_PLAN, firstNumber + index);
      const socket = createSocket({ type: 'udp4', recvBufferSize: BUFFER_BYTES });
      this.#twins.set(address, socket);
      socket.on('message', (payload, from) => this.#up(address, payload, from));
      await this.#bound(socket, { address, port: COAP_PORT });
    }
  }

  async #bound(socket: Socket, at: Endpoint): Promise<void> {
    socket.bind({ address: at.address, port: at.port, exclusive: true });
    await once(socket, 'listening');
    socket.on('error', error =>
      this.#options.log.warn({ event: 'radio.socket-failed', address: at.address, error: error.message }),
    );
  }

  #carOf(address: string): number | undefined {
    const number = numberOfAddress(LAB_PREFIX, address);
    const car = number === undefined ? -1 : number - this.#options.block - 1;
    return car >= 0 && car < this.#options.cars ? car : undefined;
  }

  #up(twin: string, payload: Buffer, from: RemoteInfo): void {
    const car = this.#carOf(from.address);
    if (car === undefined) return this.#count('up', 'foreign');
    const place = this.#options.fleet.car(car)?.place;
    if (place === undefined) return this.#lose(car, 'up', 'unattached');
    const bytes = encodeFrame({
      port: place.port,
      srcIp: from.address,
      srcPort: from.port,
      dstIp: twin,
      dstPort: COAP_PORT,
      payload,
    });
    const to = this.#options.switch;
    // The frame left by the port that the car had then, however long it is under way.
    this.#carry(car, 'up', () => this.#send(this.#frames, bytes, to));
  }

  #down(bytes: Buffer): void {
    const frame = decodeFrame(bytes);
    if (frame === undefined) return this.#count('down', 'malformed');
    const car = this.#carOf(frame.dstIp);
    const twin = this.#twins.get(frame.srcIp);
    if (car === undefined || twin === undefined || frame.dstPort === 0) return this.#count('down', 'foreign');
    const isHere = (): boolean => this.#options.fleet.car(car)?.place?.port === frame.port;
    if (!isHere()) return this.#lose(car, 'down', 'unattached');
    this.#carry(car, 'down', () => {
      if (!isHere()) return this.#lose(car, 'down', 'unattached');
      this.#send(twin, frame.payload, { address: frame.dstIp, port: frame.dstPort });
    });
  }

  #carry(car: number, direction: Direction, send: () => void): void {
    const { clock, timers, fleet } = this.#options;
    const sinceMoveMs = clock.nowMs() - (fleet.car(car)?.changedMs ?? 0);
    const fate = fateOf(this.#faults, direction, sinceMoveMs, this.#random);
    if (fate.length === 0) return this.#lose(car, direction, 'lost');
    this.#count(direction, 'carried');
    const traffic = this.#traffic[car];
    if (traffic !== undefined) traffic[direction]++;
    for (const delayMs of fate) {
      if (delayMs <= 0) send();
      else if (this.#delayed.size >= MAX_DELAYED) this.#lose(car, direction, 'overflow');
      else {
        const cancel = timers.after(delayMs, () => {
          this.#delayed.delete(cancel);
          send();
        });
        this.#delayed.add(cancel);
      }
    }
  }

  #send(socket: Socket, bytes: Uint8Array, to: Endpoint): void {
    // Nobody there (a part that is being restarted) is loss on the way, as on any network.
    socket.send(bytes, to.port, to.address, error => {
      if (error !== null)
        this.#options.log.debug({ event: 'radio.socket-failed', address: to.address, error: codeOf(error) });
    });
  }

  #lose(car: number, direction: Direction, result: Result): void {
    this.#count(direction, result);
    const traffic = this.#traffic[car];
    if (traffic !== undefined) traffic.lost++;
  }

  #count(direction: Direction, result: Result): void {
    this.#options.metrics.count('radio_frames_total', { direction, result });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const cancel of this.#delayed) cancel();
    this.#delayed.clear();
    await Promise.all(
      [this.#frames, ...this.#twins.values()].map(
        socket => new Promise<void>(resolve => socket.close(() => resolve())),
      ),
    );
  }
}
