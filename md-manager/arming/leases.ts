import type { StandbyRow } from '../../store/types.js';
import { isKept, isLeaving, type Lease } from './lease.js';

/** All leases of standby slots, oldest first, by what is asked of them. They are replaced, never changed. */
export class Leases {
  readonly #leases = new Map<string, Lease>();
  readonly #ofVehicle = new Map<string, Set<string>>();
  readonly #tickets = new Set<string>();

  get(id: string): Lease | undefined {
    return this.#leases.get(id);
  }

  all(): IterableIterator<Lease> {
    return this.#leases.values();
  }

  kept(): Lease[] {
    return [...this.#leases.values()].filter(isKept);
  }

  leaving(): Lease[] {
    return [...this.#leases.values()].filter(isLeaving);
  }

  /** Those of a vehicle, used ones included; without a vehicle the tickets that nobody has used. */
  of(vehicle: string | undefined): Lease[] {
    const ids = vehicle === undefined ? this.#tickets : (this.#ofVehicle.get(vehicle) ?? new Set<string>());
    return [...ids].flatMap(id => this.#leases.get(id) ?? []);
  }

  put(lease: Lease): void {
    const { lease: id, vehicle } = lease.row;
    this.#leases.set(id, lease);
    if (vehicle === undefined) this.#tickets.add(id);
    else {
      this.#tickets.delete(id);
      this.#ofVehicle.set(vehicle, (this.#ofVehicle.get(vehicle) ?? new Set()).add(id));
    }
  }

  /** Nothing where it is over already. */
  change(id: string, change: Partial<Omit<Lease, 'row'>> & { readonly row?: StandbyRow }): void {
    const lease = this.#leases.get(id);
    if (lease !== undefined) this.put({ ...lease, ...change });
  }

  delete(id: string): void {
    const vehicle = this.#leases.get(id)?.row.vehicle;
    this.#leases.delete(id);
    this.#tickets.delete(id);
    if (vehicle === undefined) return;
    this.#ofVehicle.get(vehicle)?.delete(id);
    if (this.#ofVehicle.get(vehicle)?.size === 0) this.#ofVehicle.delete(vehicle);
  }
}
