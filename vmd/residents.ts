import type { Peer } from '../protocol/coap/types.js';
import { CarSettings } from './twin/settings.js';
import { Twin } from './twin/twin.js';

/** A vehicle that holds a slot of this host, and what was heard of it. */
export interface Resident {
  readonly vehicle: string;
  readonly number: number;
  /** The addresses that its datagrams come from: one of each family. */
  readonly aliases: readonly string[];
  readonly twin: Twin;
  readonly settings: CarSettings;
  /** Alias and tag of its newest datagram that had no unconfirmed bit: where this host's own requests go (DESIGN §5). */
  lastPeer: Peer | undefined;
  /** Monotonic milliseconds of its newest datagram. */
  heardAtMs: number;
  /** Reports stored since the slot was last prepared. */
  reports: number;
  lastReportAtMs: number | undefined;
  /** Whether cells of the store were joined already. */
  storeRead: boolean;
}

/** The residents of a host, by name and by address. */
export class Residents {
  readonly #byVehicle = new Map<string, Resident>();
  readonly #byAlias = new Map<string, Resident>();

  add(vehicle: string, number: number, aliases: readonly string[], messageId: number, nowMs: number): Resident {
    const resident: Resident = {
      vehicle,
      number,
      aliases,
      twin: new Twin(vehicle, messageId),
      settings: new CarSettings(),
      lastPeer: undefined,
      heardAtMs: nowMs,
      reports: 0,
      lastReportAtMs: undefined,
      storeRead: false,
    };
    this.#byVehicle.set(vehicle, resident);
    for (const alias of aliases) this.#byAlias.set(alias, resident);
    return resident;
  }

  remove(vehicle: string): void {
    const resident = this.#byVehicle.get(vehicle);
    if (resident === undefined) return;
    this.#byVehicle.delete(vehicle);
    for (const alias of resident.aliases) this.#byAlias.delete(alias);
  }

  ofVehicle(vehicle: string): Resident | undefined {
    return this.#byVehicle.get(vehicle);
  }

  ofAlias(alias: string): Resident | undefined {
    return this.#byAlias.get(alias);
  }

  all(): IterableIterator<Resident> {
    return this.#byVehicle.values();
  }
}
