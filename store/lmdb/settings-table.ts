import { decodeSettings, encodeSettings, textKey } from '../rows/control-rows.js';
import type { CasOutcome, SettingsRow } from '../types.js';
import type { Environment, Table } from './environment.js';

const FIRST = Buffer.alloc(1);

/** What vehicles are to be set to. Called inside the store's transactions and reads. */
export class SettingsTable {
  readonly #rows: Table;

  constructor(environment: Environment) {
    this.#rows = environment.table('settings');
  }

  put(row: SettingsRow): CasOutcome {
    const held = this.read(row.vehicle);
    if (held !== undefined && held.version > row.version) return 'refused';
    if (held?.version === row.version && held.id !== row.id) return 'refused';
    void this.#rows.put(textKey(row.vehicle), encodeSettings(row));
    return 'applied';
  }

  read(vehicle: string): SettingsRow | undefined {
    const found = this.#rows.get(textKey(vehicle));
    return found === undefined ? undefined : decodeSettings(found);
  }

  list(): SettingsRow[] {
    return Array.from(this.#rows.getRange({ start: FIRST }), ({ value }) => decodeSettings(value));
  }
}
