import { sameClaim } from '../../rows/control-rows.js';
import type { CasOutcome, OwnerRow } from '../../types.js';
import { statement } from '../consistency.js';
import type { Row } from '../driver.js';
import { compareAndSet, readSerial, type CasDeps } from './cas.js';
import { bigintOf, intOf, textOf } from './columns.js';

const COLUMNS = 'vehicle, epoch, handover, attempt, host, domain, claimed_at';
const INSERT = statement(
  'owner.insert',
  `INSERT INTO {control}.owner (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS`,
);
const CLAIM = statement(
  'owner.claim',
  `UPDATE {control}.owner SET epoch = ?, handover = ?, attempt = ?, host = ?, domain = ?, claimed_at = ?
    WHERE vehicle = ? IF epoch < ?`,
);
const READ = statement('owner.read', `SELECT ${COLUMNS} FROM {control}.owner WHERE vehicle = ?`);
const LIST = statement('owner.list', `SELECT ${COLUMNS} FROM {control}.owner`);

/**
 * Who acts as the twin of each vehicle. A claim names its hand-over and attempt, so that its client can tell from the row whether
 * it was its own: whatever goes wrong with a claim, the row is read back at SERIAL and compared.
 */
export class OwnerTable {
  readonly #deps: CasDeps;

  constructor(deps: CasDeps) {
    this.#deps = deps;
  }

  async insert(row: OwnerRow): Promise<CasOutcome> {
    const { vehicle, epoch, handover, attempt, host, domain, claimedAtMs } = row;
    const params = [vehicle, BigInt(epoch), handover, attempt, host, domain, whole(claimedAtMs)];
    const cas = await compareAndSet(this.#deps, INSERT, params);
    if (cas.is === 'applied') return 'applied';
    if (cas.is === 'refused') return sameClaim(ownerOf(cas.held), row) ? 'applied' : 'refused';
    return this.#settle(row);
  }

  async claim(row: OwnerRow): Promise<CasOutcome> {
    const { vehicle, epoch, handover, attempt, host, domain, claimedAtMs } = row;
    const params = [BigInt(epoch), handover, attempt, host, domain, whole(claimedAtMs), vehicle, BigInt(epoch)];
    const cas = await compareAndSet(this.#deps, CLAIM, params);
    if (cas.is === 'applied') return 'applied';
    // Of one epoch: perhaps this very claim, made before.
    if (cas.is === 'refused' && (cas.held['epoch'] === undefined || bigintOf(cas.held, 'epoch') !== epoch))
      return 'refused';
    return this.#settle(row);
  }

  async read(vehicle: string): Promise<OwnerRow | undefined> {
    const row = await readSerial(this.#deps, READ, [vehicle]);
    return row === undefined ? undefined : ownerOf(row);
  }

  async list(): Promise<OwnerRow[]> {
    const rows: OwnerRow[] = [];
    for await (const row of this.#deps.session.pages(LIST, [])) rows.push(ownerOf(row));
    return rows.sort((a, b) => (a.vehicle < b.vehicle ? -1 : 1));
  }

  /**
   * A claim that is not there while the row is below it may still come: a paused coordinator goes on when it wakes. Where the row
   * is above it, it may have been applied before that one.
   */
  async #settle(row: OwnerRow): Promise<CasOutcome> {
    const held = await this.read(row.vehicle).catch(() => undefined);
    if (held === undefined) return 'unknown';
    if (sameClaim(held, row)) return 'applied';
    return held.epoch === row.epoch ? 'refused' : 'unknown';
  }
}

const whole = (ms: number): bigint => BigInt(Math.floor(ms));

function ownerOf(row: Row): OwnerRow {
  return {
    vehicle: textOf(row, 'vehicle'),
    epoch: bigintOf(row, 'epoch'),
    handover: textOf(row, 'handover'),
    attempt: intOf(row, 'attempt'),
    host: textOf(row, 'host'),
    domain: textOf(row, 'domain'),
    claimedAtMs: bigintOf(row, 'claimed_at'),
  };
}
