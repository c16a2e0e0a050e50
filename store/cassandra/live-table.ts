import { joinCells } from '../join.js';
import { decodeLiveCell, encodeLiveCell } from '../rows/live-row.js';
import type { LiveCell } from '../types.js';
import { statement } from './consistency.js';
import type { CassandraSession } from './session.js';
import { writeTimeOf } from './write-time.js';

const PUT = statement(
  'live.put',
  `INSERT INTO {twin}.twin_live (vehicle, signal, cell) VALUES (?, ?, ?) USING TIMESTAMP ?`,
);
const READ = statement('live.read', `SELECT signal, cell FROM {twin}.twin_live WHERE vehicle = ?`);
const VEHICLES = statement('live.vehicles', `SELECT DISTINCT vehicle FROM {twin}.twin_live`);

/** About 2 KiB: a node warns of batches of more than 5. */
const ROWS_TOGETHER = 32;

/**
 * `twin_live`: a blind write, one for the cells of a vehicle; each cell’s own write time orders it. Two receipts of one report have one write time; then the
 * greater of their bytes wins everywhere, which is the later receipt: the value is the same.
 */
export class LiveTable {
  readonly #session: CassandraSession;

  constructor(session: CassandraSession) {
    this.#session = session;
  }

  async put(vehicle: string, cells: readonly LiveCell[]): Promise<void> {
    const rows = joinCells(cells).map(cell => {
      // First what refuses by name a cell that cannot be kept.
      const writeTime = writeTimeOf(cell);
      return [vehicle, cell.signal, encodeLiveCell(cell), writeTime];
    });
    const writes: Promise<void>[] = [];
    for (let from = 0; from < rows.length; from += ROWS_TOGETHER)
      writes.push(this.#session.together(PUT, rows.slice(from, from + ROWS_TOGETHER)));
    await Promise.all(writes);
  }

  async ofVehicle(vehicle: string): Promise<LiveCell[]> {
    const rows = await this.#session.run(READ, [vehicle]);
    return rows.map(row => decodeLiveCell(String(row['signal']), row['cell'] as Buffer));
  }

  async vehicles(): Promise<string[]> {
    const found: string[] = [];
    for await (const row of this.#session.pages(VEHICLES, [])) found.push(String(row['vehicle']));
    return found;
  }
}
