import type { TwinStore } from '../../store/types.js';
import { aliasReader, type AliasPlan } from '../alias-of.js';
import type { Residents } from '../residents.js';

/** Addresses whose vehicle is remembered; the one asked for longest ago goes first. */
const MAX_REMEMBERED = 65_536;

/** Which vehicle an alias belongs to: of a slot, or of any vehicle whose registration reached this domain. */
export class KnownVehicles {
  readonly #numberOf: (address: string) => number | undefined;
  readonly #residents: Residents;
  readonly #store: Pick<TwinStore, 'deviceByNumber'>;
  /** Only what is known is remembered: an unknown vehicle may be registered the next moment. */
  readonly #remembered = new Map<string, string>();

  constructor(
    aliasPrefix: AliasPlan['aliasPrefix'],
    residents: Residents,
    store: Pick<TwinStore, 'deviceByNumber'>,
    alias6?: AliasPlan['alias6'],
  ) {
    this.#numberOf = aliasReader({ aliasPrefix, ...(alias6 === undefined ? {} : { alias6 }) });
    this.#residents = residents;
    this.#store = store;
  }

  /** At once where it is remembered. */
  atAddress(address: string): string | undefined {
    return this.#residents.ofAlias(address)?.vehicle ?? this.#remembered.get(address);
  }

  /** Asks the domain's device rows; `undefined` where no registered vehicle has this alias. */
  async find(address: string): Promise<string | undefined> {
    const number = this.#numberOf(address);
    if (number === undefined) return undefined;
    const row = await this.#store.deviceByNumber(number);
    if (row === undefined) return undefined;
    this.#remembered.set(address, row.vehicle);
    const [oldest] = this.#remembered.keys();
    if (this.#remembered.size > MAX_REMEMBERED && oldest !== undefined) this.#remembered.delete(oldest);
    return row.vehicle;
  }
}
