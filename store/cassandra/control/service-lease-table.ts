import type { CasOutcome, ServiceLeaseRow } from '../../types.js';
import { statement } from '../consistency.js';
import type { Row } from '../driver.js';
import { compareAndSet, readSerial, type Cas, type CasDeps } from './cas.js';
import { bigintOf, textOf } from './columns.js';

const COLUMNS = 'service, holder, url, term, ttl, beat';
const SET = 'UPDATE {control}.service_lease SET holder = ?, url = ?, term = ?, ttl = ?, beat = ? WHERE service = ?';
const FIRST = statement(
  'lease.first',
  `INSERT INTO {control}.service_lease (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?) IF NOT EXISTS`,
);
const GRANT = statement('lease.grant', `${SET} IF term < ?`);
const RENEW = statement('lease.renew', `${SET} IF term = ? AND holder = ?`);
const READ = statement('lease.read', `SELECT ${COLUMNS} FROM {control}.service_lease WHERE service = ?`);

/** Leases of services: a term is granted once, and only its holder's record changes under it. */
export class ServiceLeaseTable {
  readonly #deps: CasDeps;

  constructor(deps: CasDeps) {
    this.#deps = deps;
  }

  async put(row: ServiceLeaseRow): Promise<CasOutcome> {
    const held = await this.read(row.service);
    const cas = await this.#set(row, held);
    if (cas.is === 'applied') return 'applied';
    // What it met may be this one's own write. Of another term, it may have been applied before that or may still come.
    const now = await this.read(row.service).catch(() => undefined);
    if (now !== undefined && isSame(now, row)) return 'applied';
    return now?.term === row.term && now.holder !== row.holder ? 'refused' : cas.is;
  }

  async read(service: string): Promise<ServiceLeaseRow | undefined> {
    const row = await readSerial(this.#deps, READ, [service]);
    return row === undefined ? undefined : leaseOf(row);
  }

  #set(row: ServiceLeaseRow, held: ServiceLeaseRow | undefined): Promise<Cas> {
    const { service, holder, url, term, ttlMs, beat = 0 } = row;
    const termIs = BigInt(term);
    const record = [holder, url, termIs, BigInt(ttlMs), BigInt(beat)];
    const set = [...record, service];
    if (held === undefined) return compareAndSet(this.#deps, FIRST, [service, ...record]);
    if (held.term === term) return compareAndSet(this.#deps, RENEW, [...set, termIs, holder]);
    return compareAndSet(this.#deps, GRANT, [...set, termIs]);
  }
}

const isSame = (a: ServiceLeaseRow, b: ServiceLeaseRow): boolean =>
  a.holder === b.holder &&
  a.url === b.url &&
  a.term === b.term &&
  a.ttlMs === b.ttlMs &&
  (a.beat ?? 0) === (b.beat ?? 0);

function leaseOf(row: Row): ServiceLeaseRow {
  // a row of the release before has none
  const beat = row['beat'] === null ? 0 : bigintOf(row, 'beat');
  return {
    service: textOf(row, 'service'),
    holder: textOf(row, 'holder'),
    url: textOf(row, 'url'),
    term: bigintOf(row, 'term'),
    ttlMs: bigintOf(row, 'ttl'),
    ...(beat === 0 ? {} : { beat }),
  };
}
