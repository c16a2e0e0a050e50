import { fault } from '../../protocol/errors.js';
import { decodeServiceLease, decodeStandby, encodeServiceLease, encodeStandby, textKey } from '../rows/control-rows.js';
import type { CasOutcome, ServiceLeaseRow, StandbyRow } from '../types.js';
import type { Environment, Table } from './environment.js';

const FIRST = Buffer.alloc(1);

/** Leases of standby slots and of services. Called inside the store's transactions and reads. */
export class LeaseTables {
  readonly #standbys: Table;
  readonly #services: Table;

  constructor(environment: Environment) {
    this.#standbys = environment.table('standby');
    this.#services = environment.table('service-lease');
  }

  write(put: readonly StandbyRow[], ended: readonly string[]): void {
    for (const row of put) void this.#standbys.put(textKey(row.lease), encodeStandby(row));
    for (const lease of ended) void this.#standbys.remove(textKey(lease));
  }

  standbys(): StandbyRow[] {
    return Array.from(this.#standbys.getRange({ start: FIRST }), ({ value }) => decodeStandby(value));
  }

  putService(row: ServiceLeaseRow): CasOutcome {
    const held = this.service(row.service);
    if (held !== undefined && held.term > row.term) return 'refused';
    if (held?.term === row.term && held.holder !== row.holder) return 'refused';
    void this.#services.put(textKey(row.service), encodeServiceLease(row));
    return 'applied';
  }

  /** TERM_STALE where a newer term was granted. */
  checkTerm(service: string, term: number): void {
    const held = this.service(service)?.term ?? 0;
    if (held > term) throw fault('TERM_STALE', `${service} has term ${held}, not ${term}`);
  }

  service(name: string): ServiceLeaseRow | undefined {
    const found = this.#services.get(textKey(name));
    return found === undefined ? undefined : decodeServiceLease(found);
  }
}
