import type { Flow } from './switch/flow-switch.js';
import type { VehicleView } from './redirect/view.js';

/** Vehicles whose flows are kept; with all that belongs to them about 10 kB each. */
const MOST = 1_024;

/**
 * Flows of views that were made last. What a re-route replaces is mostly what the one before installed, and making it again
 * takes as long as making what is new. By the view itself: it never changes.
 */
export class RecentFlows {
  readonly #make: (datapath: number, view: VehicleView) => Flow[];
  readonly #most: number;
  /** The oldest first. */
  readonly #made = new Map<VehicleView, Map<number, readonly Flow[]>>();

  constructor(make: (datapath: number, view: VehicleView) => Flow[], most = MOST) {
    this.#make = make;
    this.#most = most;
  }

  of(datapath: number, view: VehicleView): readonly Flow[] {
    const known = this.#made.get(view);
    const found = known?.get(datapath) ?? this.#make(datapath, view);
    const here = (known ?? new Map<number, readonly Flow[]>()).set(datapath, found);
    this.#made.delete(view);
    this.#made.set(view, here);
    if (this.#made.size > this.#most) this.#made.delete(this.#made.keys().next().value ?? view);
    return found;
  }

  /** A switch may come back with other abilities. */
  clear(): void {
    this.#made.clear();
  }
}
