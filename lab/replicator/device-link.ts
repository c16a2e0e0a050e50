import type { Clock } from '../../common/clock.js';
import type { LmdbControlStore } from '../../store/lmdb/control-store.js';
import type { LmdbTwinStore } from '../../store/lmdb/twin-store.js';
import type { DeviceRow } from '../../store/types.js';
import type { Link } from './link.js';

/** How the control store is called as the source of a link. */
export const CONTROL = 'control';
const STEP_ROWS = 500;

/**
 * Copies device rows from the control store to a domain. They never change, so that the order of registration is the
 * whole position; after a restart all are copied again.
 */
export class DeviceLink implements Link {
  readonly from = CONTROL;
  readonly to: string;
  cut = false;
  lagMs: number;
  readonly #control: LmdbControlStore;
  readonly #target: LmdbTwinStore;
  readonly #clock: Clock;
  #position = 0;
  #waiting: { readonly rows: readonly DeviceRow[]; readonly seenAtMs: number } | undefined;

  constructor(control: LmdbControlStore, target: LmdbTwinStore, options: { lagMs: number; clock: Clock }) {
    this.to = target.domain;
    this.lagMs = options.lagMs;
    this.#control = control;
    this.#target = target;
    this.#clock = options.clock;
  }

  get behindMs(): number {
    return this.#waiting === undefined ? 0 : this.#clock.monotonicMs() - this.#waiting.seenAtMs;
  }

  async step(): Promise<number | undefined> {
    this.#waiting ??= this.#next();
    const waiting = this.#waiting;
    if (waiting === undefined || this.cut || waiting.seenAtMs + this.lagMs > this.#clock.monotonicMs())
      return undefined;
    await this.#target.putDevices(waiting.rows);
    this.#position += waiting.rows.length;
    this.#waiting = undefined;
    return 0;
  }

  #next(): { readonly rows: readonly DeviceRow[]; readonly seenAtMs: number } | undefined {
    const rows = this.#control.devicesFrom(this.#position, STEP_ROWS);
    return rows.length === 0 ? undefined : { rows, seenAtMs: this.#clock.monotonicMs() };
  }
}
