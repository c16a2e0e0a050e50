import { step, UNSEEN, type Command, type Outcome, type Slot } from './slot.js';

/** Vehicles without a slot whose highest epoch is remembered; the one longest ago goes first. */
const MAX_REMEMBERED = 10_000;

export type Taken = Exclude<Slot, { at: 'free' }>;

/** The slots of a host: which vehicle holds which, and the highest epoch seen of those that held one. */
export class Slots {
  readonly count: number;
  readonly #ofVehicle = new Map<string, { readonly index: number; slot: Taken }>();
  readonly #remembered = new Map<string, Slot>();
  readonly #free: number[];

  constructor(count: number) {
    this.count = count;
    this.#free = Array.from({ length: count }, (_, index) => count - 1 - index);
  }

  /** Applies a command to the slot of a vehicle. `full`: a slot is needed and none is free. */
  apply(vehicle: string, command: Command, nowMs: number): Outcome | 'full' {
    const held = this.#ofVehicle.get(vehicle);
    const before = held?.slot ?? this.#remembered.get(vehicle) ?? UNSEEN;
    const [after, outcome] = step(before, command, nowMs);
    if (after.at !== 'free') {
      if (held !== undefined) {
        held.slot = after;
        return outcome;
      }
      const index = this.#free.pop();
      if (index === undefined) return 'full';
      this.#remembered.delete(vehicle);
      this.#ofVehicle.set(vehicle, { index, slot: after });
      return outcome;
    }
    if (held !== undefined) {
      this.#ofVehicle.delete(vehicle);
      this.#free.push(held.index);
    }
    if (after !== UNSEEN) this.#remember(vehicle, after);
    return outcome;
  }

  #remember(vehicle: string, slot: Slot): void {
    this.#remembered.delete(vehicle);
    this.#remembered.set(vehicle, slot);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > MAX_REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest);
  }

  get(vehicle: string): { readonly index: number; readonly slot: Taken } | undefined {
    return this.#ofVehicle.get(vehicle);
  }

  /** Of every vehicle that holds a slot. */
  taken(): IterableIterator<[string, { readonly index: number; readonly slot: Taken }]> {
    return this.#ofVehicle.entries();
  }

  /** How many slots are in each state. */
  counts(): [state: 'ready' | Taken['at'], count: number][] {
    const counts = { ready: this.count - this.#ofVehicle.size, reserved: 0, assigned: 0, draining: 0 };
    for (const { slot } of this.#ofVehicle.values()) counts[slot.at]++;
    return Object.entries(counts) as [keyof typeof counts, number][];
  }
}
