import type { AccessPoint, Topology } from '../../protocol/topology.js';
import { driveTimeMs, type DriveClock } from '../drive/drive-clock.js';
import type { Drive } from '../drive/drive.js';
import type { Position } from '../drive/geo.js';
import { nextAccessPoint, type AttachmentRule } from './attachment.js';

/** What decides on a car's access point: where it is, or whoever forced one on it (`null`: a radio outage). */
export type Wish = { readonly by: 'position' } | { readonly by: 'force'; readonly accessPoint: string | null };

/** Where a car enters the network. */
export interface Place {
  readonly accessPoint: string;
  readonly domain: string;
  readonly port: number;
}

export interface CarOnAir {
  readonly car: number;
  readonly position: Position;
  readonly wish: Wish;
  /** Absent: out of reach. */
  readonly place?: Place;
  /** Unix milliseconds of the last change. */
  readonly changedMs: number;
}

export interface Change {
  readonly car: number;
  readonly atMs: number;
  readonly from?: Place;
  readonly to?: Place;
}

/** Where all cars of a drive are and what they are attached to: time is an argument of `update`. */
export class Fleet {
  readonly #drive: Drive;
  readonly #clock: DriveClock;
  readonly #accessPoints: readonly AccessPoint[];
  readonly #rule: AttachmentRule;
  readonly #places = new Map<string, Place>();
  readonly #cars: CarOnAir[];

  constructor(drive: Drive, clock: DriveClock, cars: number, topology: Topology, rule: AttachmentRule) {
    this.#drive = drive;
    this.#clock = clock;
    this.#accessPoints = topology.accessPoints;
    this.#rule = rule;
    for (const { ports } of topology.switches)
      for (const port of ports)
        if (port.role === 'access')
          this.#places.set(port.accessPoint, { accessPoint: port.accessPoint, domain: port.domain, port: port.port });
    this.#cars = Array.from({ length: cars }, (_, car) => ({
      car,
      position: drive.whereabouts(0),
      wish: { by: 'position' },
      changedMs: 0,
    }));
  }

  get cars(): readonly CarOnAir[] {
    return this.#cars;
  }

  car(index: number): CarOnAir | undefined {
    return this.#cars[index];
  }

  knows(accessPoint: string): boolean {
    return this.#places.has(accessPoint);
  }

  /** Moves every car to where it is at `nowMs`; gives the changes of access point. */
  update(nowMs: number): readonly Change[] {
    return this.#cars.flatMap(({ car, wish }) => this.#settle(car, wish, nowMs));
  }

  /** Forces an access point on a car, or gives it back to its position. */
  wish(car: number, wish: Wish, nowMs: number): readonly Change[] {
    return this.#settle(car, wish, nowMs);
  }

  #settle(car: number, wish: Wish, nowMs: number): readonly Change[] {
    const before = this.#cars[car];
    if (before === undefined) return [];
    const position = this.#drive.whereabouts(driveTimeMs(this.#clock, car, nowMs));
    const { place: from } = before;
    const id =
      wish.by === 'force'
        ? wish.accessPoint
        : nextAccessPoint(from?.accessPoint, position, this.#accessPoints, this.#rule);
    const to = id === null || id === undefined ? undefined : this.#places.get(id);
    const changed = from?.accessPoint !== to?.accessPoint;
    const changedMs = changed ? nowMs : before.changedMs;
    this.#cars[car] = { car, position, wish, changedMs, ...(to === undefined ? {} : { place: to }) };
    if (!changed) return [];
    return [{ car, atMs: nowMs, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) }];
  }
}
