import { decodeSettings, encodeSettings } from '../../rows/control-rows.js';
import type { CasOutcome, SettingsRow } from '../../types.js';
import { statement } from '../consistency.js';
import { compareAndSet, readSerial, type Cas, type CasDeps } from './cas.js';
import { blobOf } from './columns.js';

const SET = 'UPDATE {control}.settings SET version = ?, id = ?, settings = ? WHERE vehicle = ?';
const FIRST = statement(
  'settings.first',
  'INSERT INTO {control}.settings (vehicle, version, id, settings) VALUES (?, ?, ?, ?) IF NOT EXISTS',
);
const CHANGE = statement('settings.change', `${SET} IF version < ?`);
const ANSWER = statement('settings.answer', `${SET} IF version = ? AND id = ?`);
const READ = statement('settings.read', 'SELECT settings FROM {control}.settings WHERE vehicle = ?');
const LIST = statement('settings.list', 'SELECT settings FROM {control}.settings');

/** What vehicles are to be set to: a version is one change, under which only what the device said of it is written. */
export class SettingsTable {
  readonly #deps: CasDeps;

  constructor(deps: CasDeps) {
    this.#deps = deps;
  }

  async put(row: SettingsRow): Promise<CasOutcome> {
    const held = await this.read(row.vehicle);
    const bytes = encodeSettings(row);
    const cas = await this.#set(row, held, bytes);
    if (cas.is === 'applied') return 'applied';
    // What it met may be this one's own write; of an unknown outcome it may still come.
    const now = await this.read(row.vehicle).catch(() => undefined);
    if (now !== undefined && encodeSettings(now).equals(bytes)) return 'applied';
    const isAnothers =
      now !== undefined && (now.version > row.version || (now.version === row.version && now.id !== row.id));
    return isAnothers ? 'refused' : cas.is;
  }

  async read(vehicle: string): Promise<SettingsRow | undefined> {
    const row = await readSerial(this.#deps, READ, [vehicle]);
    return row === undefined ? undefined : decodeSettings(blobOf(row, 'settings'));
  }

  async list(): Promise<SettingsRow[]> {
    const rows: SettingsRow[] = [];
    for await (const row of this.#deps.session.pages(LIST, [])) rows.push(decodeSettings(blobOf(row, 'settings')));
    return rows.sort((a, b) => (a.vehicle < b.vehicle ? -1 : 1));
  }

  #set({ vehicle, version, id }: SettingsRow, held: SettingsRow | undefined, bytes: Buffer): Promise<Cas> {
    const versionIs = BigInt(version);
    if (held === undefined) return compareAndSet(this.#deps, FIRST, [vehicle, versionIs, id, bytes]);
    const set = [versionIs, id, bytes, vehicle];
    if (held.version === version) return compareAndSet(this.#deps, ANSWER, [...set, versionIs, id]);
    return compareAndSet(this.#deps, CHANGE, [...set, versionIs]);
  }
}
