import { compareCells, joinCells } from '../join.js';
import {
  decodeLiveCell,
  decodeLiveKey,
  encodeLiveCell,
  encodeLiveKey,
  liveKeyEnd,
  liveKeyStart,
} from '../rows/live-row.js';
import type { LiveCell } from '../types.js';
import { readFrom, type Environment, type Table } from './environment.js';

/** `twin_live` in one table: a cell per (vehicle, signal). */
export class LiveTable {
  readonly #environment: Environment;
  readonly #table: Table;

  constructor(environment: Environment, table: Table) {
    this.#environment = environment;
    this.#table = table;
  }

  /** Inside a transaction: writes the cells that are newer than those held. Gives whether any was. */
  merge(vehicle: string, cells: readonly LiveCell[]): boolean {
    let changed = false;
    for (const cell of joinCells(cells)) {
      const key = encodeLiveKey(vehicle, cell.signal);
      const held = this.#table.get(key);
      if (held !== undefined && compareCells(cell, decodeLiveCell(cell.signal, held)) <= 0) continue;
      void this.#table.put(key, encodeLiveCell(cell));
      changed = true;
    }
    return changed;
  }

  ofVehicle(vehicle: string): LiveCell[] {
    this.#environment.refresh();
    return readFrom('live cells', () =>
      Array.from(this.#table.getRange({ start: liveKeyStart(vehicle), end: liveKeyEnd(vehicle) }), ({ key, value }) =>
        decodeLiveCell(decodeLiveKey(key).signal, value),
      ),
    );
  }

  /** One seek per vehicle. */
  vehicles(): string[] {
    this.#environment.refresh();
    return readFrom('live cells', () => {
      const vehicles: string[] = [];
      for (let start: Uint8Array = Buffer.alloc(1); ;) {
        const [key] = this.#table.getKeys({ start, limit: 1 });
        if (key === undefined) return vehicles;
        const { vehicle } = decodeLiveKey(key);
        vehicles.push(vehicle);
        start = liveKeyEnd(vehicle);
      }
    });
  }
}
