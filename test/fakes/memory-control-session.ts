import { fault } from '../../protocol/errors.js';
import type { CassandraSession } from '../../store/cassandra/session.js';
import type { Row } from '../../store/cassandra/driver.js';
import type { OperationName, Statement } from '../../store/cassandra/consistency.js';

type Values = readonly unknown[];

/** What becomes of one request on its way. */
export type Fate = 'done' | 'request lost' | 'answer lost' | 'late' | 'not durable';

interface Rows {
  readonly owner: Map<string, Row>;
  readonly epoch: Map<string, Row>;
  readonly device: Map<string, Row>;
  readonly number: Map<number, Row>;
  readonly lease: Map<string, Row>;
  readonly settings: Map<string, Row>;
  readonly openHandover: Map<string, Row>;
  readonly handover: Map<string, Row>;
  readonly hour: Map<number, Row>;
  /** By hour or vehicle, then by start and id. */
  readonly listed: Map<number | string, Map<string, Row>>;
}

const APPLIED: Row = { '[applied]': true };
const refused = (held: Row = {}): Row => ({ '[applied]': false, ...held });

function insert<K>(table: Map<K, Row>, key: K, row: Row): Row {
  const held = table.get(key);
  if (held !== undefined) return refused(held);
  table.set(key, row);
  return APPLIED;
}

const setLease = (
  rows: Rows,
  [holder, url, term, ttl, beat, service]: Values,
  condition: (held: Row) => boolean,
): Row => {
  const held = rows.lease.get(service as string);
  if (held === undefined || !condition(held)) return refused(held === undefined ? {} : { term: held['term'] });
  rows.lease.set(service as string, { service, holder, url, term, ttl, beat });
  return APPLIED;
};

const setSettings = (rows: Rows, [version, id, settings, vehicle]: Values, condition: (held: Row) => boolean): Row => {
  const held = rows.settings.get(vehicle as string);
  if (held === undefined || !condition(held)) return refused(held === undefined ? {} : { version: held['version'] });
  rows.settings.set(vehicle as string, { version, id, settings });
  return APPLIED;
};

function list(rows: Rows, [of, started, id, handover]: Values): undefined {
  const listed = rows.listed.get(of as number | string) ?? new Map<string, Row>();
  rows.listed.set(
    of as number | string,
    listed.set(`${String(started).padStart(20, '0')} ${String(id)}`, { handover }),
  );
}

const newest = (rows: Rows, [of, limit]: Values): Row[] =>
  [...(rows.listed.get(of as number | string) ?? [])]
    .sort(([a], [b]) => (a < b ? 1 : -1))
    .slice(0, limit as number)
    .map(([, row]) => row);

/** The answers that are of many rows. */
const LISTS: Partial<Record<OperationName, (rows: Rows, values: Values) => Row[]>> = {
  'settings.list': rows => [...rows.settings.values()],
  'handover.open-list': rows => [...rows.openHandover.values()],
  'handover.hours': rows => [...rows.hour].sort(([a], [b]) => b - a).map(([, row]) => row),
  'handover.by-hour': newest,
  'handover.by-vehicle': newest,
};

/** What Cassandra answers to the control store about one partition, by the names of the requests. */
const ANSWERS: Partial<Record<OperationName, (rows: Rows, values: Values) => Row | undefined>> = {
  'owner.insert': (rows, [vehicle, epoch, handover, attempt, host, domain, claimed_at]) =>
    insert(rows.owner, vehicle as string, { vehicle, epoch, handover, attempt, host, domain, claimed_at }),
  'owner.claim': (rows, [epoch, handover, attempt, host, domain, claimed_at, vehicle, below]) => {
    const held = rows.owner.get(vehicle as string);
    // What a condition names is all that a refusal tells.
    if (held === undefined) return refused();
    if ((held['epoch'] as bigint) >= (below as bigint)) return refused({ epoch: held['epoch'] });
    rows.owner.set(vehicle as string, { vehicle, epoch, handover, attempt, host, domain, claimed_at });
    return APPLIED;
  },
  'owner.read': (rows, [vehicle]) => rows.owner.get(vehicle as string),
  'epoch.first': (rows, [vehicle, burnt, burn]) => insert(rows.epoch, vehicle as string, { burnt, burn }),
  'epoch.burn': (rows, [burnt, burn, vehicle, ifBurnt, ifBurn]) => {
    const held = rows.epoch.get(vehicle as string);
    if (held?.['burnt'] !== ifBurnt || held?.['burn'] !== ifBurn) return refused(held);
    rows.epoch.set(vehicle as string, { burnt, burn });
    return APPLIED;
  },
  'epoch.look': (rows, [vehicle]) => rows.epoch.get(vehicle as string),
  'epoch.claimed': (rows, [vehicle]) => rows.owner.get(vehicle as string),
  'epoch.read': (rows, [vehicle]) => rows.epoch.get(vehicle as string),
  'device.take-number': (rows, [number, vehicle]) => insert(rows.number, number as number, { number, vehicle }),
  'device.free-number': (rows, [number, vehicle]) => {
    const held = rows.number.get(number as number);
    if (held?.['vehicle'] !== vehicle) return refused(held);
    rows.number.delete(number as number);
    return APPLIED;
  },
  'device.number': (rows, [number]) => rows.number.get(number as number),
  'device.insert': (rows, [vehicle, device]) => insert(rows.device, vehicle as string, { vehicle, device }),
  'device.read': (rows, [vehicle]) => rows.device.get(vehicle as string),
  'lease.first': (rows, [service, holder, url, term, ttl, beat]) =>
    insert(rows.lease, service as string, { service, holder, url, term, ttl, beat }),
  'lease.grant': (rows, values) => setLease(rows, values, held => (held['term'] as bigint) < (values[6] as bigint)),
  'lease.renew': (rows, values) =>
    setLease(rows, values, held => held['term'] === values[6] && held['holder'] === values[7]),
  'lease.read': (rows, [service]) => rows.lease.get(service as string),
  'settings.first': (rows, [vehicle, version, id, settings]) =>
    insert(rows.settings, vehicle as string, { version, id, settings }),
  'settings.change': (rows, values) =>
    setSettings(rows, values, held => (held['version'] as bigint) < (values[4] as bigint)),
  'settings.answer': (rows, values) =>
    setSettings(rows, values, held => held['version'] === values[4] && held['id'] === values[5]),
  'settings.read': (rows, [vehicle]) => rows.settings.get(vehicle as string),
  'handover.open': (rows, [id, handover]) => void rows.openHandover.set(id as string, { handover }),
  'handover.close': (rows, [id]) => void rows.openHandover.delete(id as string),
  'handover.end': (rows, [id, handover]) => void rows.handover.set(id as string, { handover }),
  'handover.hour': (rows, [hour]) => void rows.hour.set(hour as number, { hour }),
  'handover.list-by-hour': list,
  'handover.list-by-vehicle': list,
  'handover.read': (rows, [id]) => rows.handover.get(id as string),
  'handover.read-open': (rows, [id]) => rows.openHandover.get(id as string),
};

/** A cluster in memory for the control store's transactions, on whose ways requests and answers are lost or late. */
export class MemoryControlSession implements Pick<CassandraSession, 'run' | 'pages'>, AsyncDisposable {
  readonly rows: Rows = {
    owner: new Map(),
    epoch: new Map(),
    device: new Map(),
    number: new Map(),
    lease: new Map(),
    settings: new Map(),
    openHandover: new Map(),
    handover: new Map(),
    hour: new Map(),
    listed: new Map(),
  };
  /** Names of all requests that reached the cluster, in order. */
  readonly reached: OperationName[] = [];
  fate: (statement: Statement) => Fate = () => 'done';
  /** How many turns of the event loop a request takes, there and back. */
  turns: (statement: Statement) => number = () => 1;
  readonly #late: (() => void)[] = [];

  async run(statement: Statement, params: Values): Promise<readonly Row[]> {
    await this.#travel(statement);
    const fate = this.fate(statement);
    if (fate === 'not durable') throw fault('STORE_NOT_DURABLE', statement.name);
    if (fate === 'late') this.#late.push(() => void this.#answer(statement, params));
    const answer = fate === 'done' || fate === 'answer lost' ? this.#answer(statement, params) : [];
    if (fate !== 'done') await this.#travel(statement);
    if (fate !== 'done') throw fault('STORE_AWAY', `${statement.name}: ${fate}`);
    await this.#travel(statement);
    return answer;
  }

  async #travel(statement: Statement): Promise<void> {
    for (let turns = this.turns(statement); turns > 0; turns--) await new Promise(resolve => setImmediate(resolve));
  }

  async *pages(statement: Statement, params: Values): AsyncGenerator<Row> {
    await this.#travel(statement);
    const fate = this.fate(statement);
    if (fate !== 'done') throw fault('STORE_AWAY', `${statement.name}: ${fate}`);
    yield* LISTS[statement.name]?.(this.rows, params) ?? [];
  }

  /** The oldest of the late requests reaches the cluster. */
  deliverLate(): void {
    this.#late.shift()?.();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }

  #answer(statement: Statement, params: Values): readonly Row[] {
    const answer = ANSWERS[statement.name];
    if (answer === undefined) throw fault('STORE_FAILED', `${statement.name} is not known here`);
    this.reached.push(statement.name);
    const row = answer(this.rows, params);
    return row === undefined ? [] : [row];
  }
}
