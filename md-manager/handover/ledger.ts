import type { Log } from '../../common/log.js';
import { messageOf } from '../../common/errors.js';
import type { Metrics } from '../../common/metrics.js';
import type { Timers } from '../../common/clock.js';
import { PHASES } from '../../protocol/api/common.js';
import { handoverRecord, type HandoverCounts, type HandoverRecord } from '../../protocol/api/md-manager.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { ControlStore, HandoverRow } from '../../store/types.js';
import { STATE_SCHEMA, type VehicleState } from './state.js';

/** Longer than a hand-over takes until its twin acts: its intent and its claim do not wait for a commit of these. */
const GROUP_MS = 250;
/** Later phases of one that runs go into one of so many groups: its intent is on disk, and most have ended before that. */
const RUNNING_EACH = 4;
const RETRY_MS = 500;
/** Rows of one commit: intents and claims come between two of them. */
const AT_ONCE = 128;

/** As many as messages may be repeated of; a new leader reads no more before it serves, however long the ledger is. */
const RECENT = 10_000;

/** What a ledger row holds: the record that people see and, while it is open, the machine's state. */
interface Kept {
  readonly record: HandoverRecord;
  readonly state?: VehicleState;
}

export interface LedgerDeps {
  readonly store: ControlStore;
  readonly metrics: Metrics<MetricName>;
  readonly log: Log;
  readonly timers: Timers;
}

export const NO_HANDOVERS: HandoverCounts = {
  running: 0,
  completed: 0,
  failed: 0,
  cancelled: 0,
  first: 0,
  sameDomain: 0,
  hostLost: 0,
};

/** What happened to every hand-over. Intents are written at once; everything else after, in groups. */
export class Ledger implements AsyncDisposable {
  readonly #deps: LedgerDeps;
  readonly #running = new Map<string, HandoverRecord>();
  readonly #unwritten = new Map<string, HandoverRow>();
  readonly #listeners = new Set<(record: HandoverRecord) => void>();
  #counts = NO_HANDOVERS;
  /** Ids of those that are counted, until all are. */
  #counted: Set<string> | undefined = new Set();
  #cancel: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();
  #groups = 0;

  constructor(deps: LedgerDeps) {
    this.#deps = deps;
  }

  /** Counts the newest hand-overs that the store holds; returns their ids by vehicle, newest first. */
  async load(): Promise<Map<string, string[]>> {
    const ids = new Map<string, string[]>();
    const rows = await this.#deps.store.handovers({ limit: RECENT });
    for (const row of rows) {
      ids.set(row.vehicle, [...(ids.get(row.vehicle) ?? []), row.id].slice(0, 16));
      this.#countRow(row);
    }
    if (rows.length < RECENT) this.#counted = undefined;
    return ids;
  }

  /** Counts the rest, however many they are: nobody waits for that. */
  async countRest(): Promise<void> {
    if (this.#counted === undefined) return;
    try {
      for (const row of await this.#deps.store.handovers({ limit: Number.MAX_SAFE_INTEGER })) this.#countRow(row);
      this.#counted = undefined;
    } catch (error) {
      this.#deps.log.error({ event: 'manager.effect.failed', effect: 'ledger', error: messageOf(error) });
    }
  }

  #countRow({ id, open, state }: HandoverRow): void {
    const { record } = state as Partial<Kept>;
    if (open || record === undefined || this.#counted?.has(id)) return;
    this.#counted?.add(id);
    this.#count(record);
  }

  /** Resolves once the intent is on disk. */
  async putIntent(record: HandoverRecord, state: VehicleState): Promise<void> {
    const row = rowOf(record, state);
    // A row that waits to be written is older than this one.
    this.#unwritten.delete(row.id);
    await this.#deps.store.putHandover(row);
  }

  /** A running hand-over reached something. Before its intent nothing is kept on disk. */
  update(record: HandoverRecord, state: VehicleState, keep: boolean): void {
    this.#running.set(record.id, record);
    if (keep) this.#later(rowOf(record, state));
    this.#publish(record);
  }

  end(record: HandoverRecord): void {
    const { id, kind, result, reason, way, phases, startedAtMs } = record;
    const { metrics, log } = this.#deps;
    this.#running.delete(id);
    this.#counted?.add(id);
    this.#count(record);
    this.#later(rowOf(record));
    metrics.count('handover_total', { result, kind, reason: reason?.split(' ')[0] ?? 'none', way: way ?? 'none' });
    if (result === 'completed' && way !== undefined) {
      const from = phases.detected ?? startedAtMs;
      for (const phase of PHASES) {
        const at = phases[phase];
        if (at !== undefined) metrics.observe('handover_duration_seconds', (at - from) / 1_000, { phase, way });
      }
    }
    const { vehicle, fromHost, toHost, attempt, epoch } = record;
    const what = { handover: id, vehicle, kind, result, reason, way, fromHost, toHost, attempt, epoch };
    log.info({ event: 'manager.handover.ended', ...what });
    this.#publish(record);
  }

  async get(id: string): Promise<HandoverRecord | undefined> {
    const known = this.#running.get(id) ?? this.#pending(id);
    if (known !== undefined) return known;
    const row = await this.#deps.store.handover(id);
    return row === undefined ? undefined : recordOf(row);
  }

  /** Newest first. */
  async list(query: { readonly vehicle?: string; readonly limit: number }): Promise<HandoverRecord[]> {
    await this.flush();
    const rows = await this.#deps.store.handovers(query);
    const stored = rows.flatMap(row => recordOf(row) ?? []);
    const newer = new Map(stored.map(record => [record.id, record]));
    for (const record of this.#running.values())
      if (query.vehicle === undefined || query.vehicle === record.vehicle) newer.set(record.id, record);
    return [...newer.values()].sort((a, b) => b.startedAtMs - a.startedAtMs).slice(0, query.limit);
  }

  counts(): HandoverCounts {
    return { ...this.#counts, running: this.#running.size };
  }

  listen(listener: (record: HandoverRecord) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves once everything told so far is on disk, or was tried. */
  flush(): Promise<void> {
    return this.#writeGroup('all');
  }

  #writeGroup(which: 'all' | 'ended'): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#writing = this.#writing.then(() => this.#write(which));
    return this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
    this.#cancel?.();
  }

  #later(row: HandoverRow): void {
    this.#unwritten.set(row.id, row);
    this.#arm(GROUP_MS);
  }

  #arm(afterMs: number): void {
    this.#cancel ??= this.#deps.timers.after(afterMs, () => {
      void this.#writeGroup(++this.#groups % RUNNING_EACH === 0 ? 'all' : 'ended');
    });
  }

  async #write(which: 'all' | 'ended'): Promise<void> {
    let failed = false;
    const put = async (row: HandoverRow): Promise<void> => {
      try {
        await this.#deps.store.putHandover(row);
        // Read from here until it is on disk, and kept where a newer one came meanwhile.
        if (this.#unwritten.get(row.id) === row) this.#unwritten.delete(row.id);
      } catch (error) {
        this.#deps.log.error({ event: 'manager.effect.failed', effect: 'ledger', error: messageOf(error) });
        failed = true;
      }
    };
    const rows = [...this.#unwritten.values()].filter(({ open }) => which === 'all' || !open);
    for (let from = 0; from < rows.length; from += AT_ONCE)
      await Promise.all(rows.slice(from, from + AT_ONCE).map(put));
    if (failed || this.#unwritten.size > 0) this.#arm(failed ? RETRY_MS : GROUP_MS);
  }

  #pending(id: string): HandoverRecord | undefined {
    const row = this.#unwritten.get(id);
    return row === undefined ? undefined : recordOf(row);
  }

  #publish(record: HandoverRecord): void {
    for (const listener of this.#listeners) listener(record);
  }

  #count({ kind, result, way }: HandoverRecord): void {
    if (result === 'running') return;
    const counts = { ...this.#counts };
    if (kind === 'first') counts.first++;
    else if (kind === 'same-domain') counts.sameDomain++;
    else {
      counts[result]++;
      if (kind === 'host-lost') counts.hostLost++;
      if (result === 'completed' && way !== undefined)
        counts.ways = { ...counts.ways, [way]: (counts.ways?.[way] ?? 0) + 1 };
    }
    this.#counts = counts;
  }
}

export function rowOf(record: HandoverRecord, state?: VehicleState): HandoverRow {
  const { id, vehicle, startedAtMs } = record;
  const kept: Kept = state === undefined ? { record } : { record, state: withoutDigest(state) };
  return { id, vehicle, open: record.result === 'running', startedAtMs, schema: STATE_SCHEMA, state: kept };
}

export function recordOf(row: HandoverRow): HandoverRecord | undefined {
  const found = handoverRecord.safeParse((row.state as Partial<Kept>).record);
  return found.success ? found.data : undefined;
}

/** The machine's state in an open row of this release. */
export function stateOf(row: HandoverRow): VehicleState | undefined {
  return row.schema === STATE_SCHEMA && row.open ? (row.state as Kept).state : undefined;
}

/** Digests are asked for again; they are too large to be written at each phase. */
function withoutDigest(state: VehicleState): VehicleState {
  const stage = state.run?.stage;
  if (state.run === undefined || stage?.at !== 'activating') return state;
  return { ...state, run: { ...state.run, stage: { at: 'activating', epoch: stage.epoch, sent: stage.sent } } };
}
