import { every, type Clock, type Timers } from '../../common/clock.js';
import { messageOf } from '../../common/errors.js';
import type { Log } from '../../common/log.js';
import { backoff } from '../../common/retry.js';
import { fault } from '../../protocol/errors.js';
import { inKeyspaces, type Statement } from './consistency.js';
import { connectDriver, type CassandraSettings, type Driver, type ExecuteOptions, type Row } from './driver.js';
import { durabilityFault } from './durability.js';
import { storeFault } from './failures.js';
import { InFlight } from './in-flight.js';

export type SessionState =
  /** No node of the local datacentre has been reached yet. */
  | { readonly at: 'connecting'; readonly sinceMs: number; readonly reason?: string }
  | { readonly at: 'ready'; readonly sinceMs: number }
  /** It was reached before; what failed last. */
  | { readonly at: 'away'; readonly sinceMs: number; readonly reason: string }
  /** It is there, but loses what it has acknowledged: reads go on, nothing is written. */
  | { readonly at: 'refusing'; readonly sinceMs: number; readonly reason: string }
  | { readonly at: 'closed'; readonly sinceMs: number };

/** Requests with the cluster, and those that wait for a place. */
export interface SessionLoad {
  readonly running: number;
  readonly waiting: number;
}

export interface SessionDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  /** Called with each change. */
  readonly onState?: (state: SessionState) => void;
  /** Called every second. */
  readonly onLoad?: (load: SessionLoad) => void;
  /** Tests bring a driver of their own. */
  readonly connect?: (settings: CassandraSettings) => Promise<Driver>;
}

/** What every adapter on Cassandra stands on. */
export interface CassandraSession extends AsyncDisposable {
  readonly settings: CassandraSettings;
  readonly state: SessionState;
  readonly load: SessionLoad;
  /**
   * The rows of one answer: for writes, and for reads whose answer is small. STORE_AWAY where no node or too few are there,
   * STORE_NOT_DURABLE for a write to a cluster with periodic commit logs, STORE_FAILED otherwise and at the bound of
   * what waits. After any of them but STORE_NOT_DURABLE a write may have been applied.
   */
  run(statement: Statement, params: readonly unknown[]): Promise<readonly Row[]>;
  /** One write of several rows of **one partition**, with the outcomes of `run`: the cluster syncs its log once for all. */
  together(statement: Statement, rows: readonly (readonly unknown[])[]): Promise<void>;
  /** The same page by page; an iteration that is given up asks for no more pages. */
  pages(statement: Statement, params: readonly unknown[]): AsyncIterable<Row>;
  /** Replicas per datacentre of a keyspace as the cluster tells; `undefined` while it is not known. */
  replication(keyspace: 'twin' | 'control'): Readonly<Record<string, number>> | undefined;
  /** Resolves once it is connected, or after `ms` whatever the state is then. */
  settled(ms: number): Promise<void>;
}

/** Requests with the cluster at once. A node under `batch` answers no more of them with more at once, but later, and at last too late. */
const MAX_RUNNING = 256;
const MAX_WAITING = 100_000;
const PAGE_ROWS = 1_000;
const RECONNECT = { firstMs: 250, maxMs: 5_000, jitter: 0.2 } as const;
/** How long opening waits for the first attempt: a cluster that is there is ready when a service says that it is. */
const FIRST_WAIT_MS = 3_000;
/** A cluster that must not be written to is looked at this often: rights are granted, nodes restarted with another setting. */
const LOOK_AGAIN_MS = 2_000;
const LOAD_MS = 1_000;
const NOT_KNOWN = 'commitlog_sync is not known yet';

/**
 * Opens a session; resolves though the cluster is away and goes on trying. CONFIG_INVALID where a file of the settings
 * cannot be read.
 */
export async function openSession(settings: CassandraSettings, deps: SessionDeps): Promise<CassandraSession> {
  const session = new Session(settings, deps);
  try {
    await session.begin();
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
  return session;
}

class Session implements CassandraSession {
  readonly settings: CassandraSettings;
  readonly #deps: SessionDeps;
  readonly #flight = new InFlight(MAX_RUNNING, MAX_WAITING);
  readonly #texts = new Map<Statement, string>();
  readonly #waiters = new Set<() => void>();
  #state: SessionState;
  #driver: Driver | undefined;
  /** Why nothing may be written; asked anew whenever a node comes. */
  #notDurable: string | undefined = NOT_KNOWN;
  #looking: 'no' | 'once' | 'again' = 'no';
  #cancelRetry = (): void => undefined;
  readonly #stopLoad: () => void;
  #closed = false;

  constructor(settings: CassandraSettings, deps: SessionDeps) {
    this.settings = settings;
    this.#deps = deps;
    this.#state = { at: 'connecting', sinceMs: deps.clock.nowMs() };
    const { onLoad } = deps;
    this.#stopLoad = onLoad === undefined ? () => undefined : every(deps.timers, LOAD_MS, () => onLoad(this.load));
  }

  get state(): SessionState {
    return this.#state;
  }

  get load(): SessionLoad {
    return { running: this.#flight.running, waiting: this.#flight.waiting };
  }

  async begin(): Promise<void> {
    const delays = backoff(RECONNECT, this.#deps.random);
    let failed: (error: unknown) => void = () => undefined;
    const invalid = new Promise<never>((_, reject) => (failed = reject));
    const attempt = async (): Promise<void> => {
      try {
        await this.#connect();
      } catch (error) {
        if (this.#closed) return;
        const known = storeFault('connecting', error);
        if (known.code === 'CONFIG_INVALID') failed(known);
        this.#become({ at: 'connecting', sinceMs: this.#state.sinceMs, reason: known.message });
        this.#cancelRetry = this.#deps.timers.after(delays.next().value, () => void attempt());
      }
    };
    const first = attempt();
    await Promise.race([first, invalid, this.settled(FIRST_WAIT_MS)]);
  }

  async #connect(): Promise<void> {
    const driver = await (this.#deps.connect ?? connectDriver)(this.settings);
    if (this.#closed) {
      await driver.close();
      return;
    }
    this.#driver = driver;
    driver.onNodes(() => void this.#look(driver));
    await this.#look(driver);
  }

  /**
   * Which nodes are there, and whether they may be written to: a node that came may have another setting than it had before.
   * Until the first look is done, nothing is written.
   */
  async #look(driver: Driver): Promise<void> {
    if (this.#looking !== 'no') {
      this.#looking = 'again';
      return;
    }
    do {
      this.#looking = 'once';
      this.#notDurable = await durabilityFault(driver, this.settings.datacentre);
    } while (this.#looking === ('again' as string));
    this.#looking = 'no';
    if (this.#closed) return;
    this.#cancelRetry();
    if (driver.nodes().some(node => node.up && node.datacentre === this.settings.datacentre)) this.#say();
    else {
      // The one that comes back may have another setting than it had.
      this.#notDurable = NOT_KNOWN;
      this.#failed('no node of the local datacentre is up');
      return;
    }
    if (this.#notDurable !== undefined)
      this.#cancelRetry = this.#deps.timers.after(LOOK_AGAIN_MS, () => void this.#look(driver));
  }

  #say(): void {
    const reason = this.#notDurable;
    if (reason !== undefined) this.#become({ at: 'refusing', sinceMs: this.#deps.clock.nowMs(), reason });
    else this.#become({ at: 'ready', sinceMs: this.#deps.clock.nowMs() });
  }

  #failed(reason: string): void {
    if (this.#state.at === 'ready' || this.#state.at === 'refusing')
      this.#become({ at: 'away', sinceMs: this.#deps.clock.nowMs(), reason });
  }

  #become(state: SessionState): void {
    const before = this.#state;
    if (before.at === 'closed') return;
    const reasonOf = (one: SessionState): string | undefined => ('reason' in one ? one.reason : undefined);
    if (before.at === state.at && reasonOf(before) === reasonOf(state)) return;
    this.#state = before.at === state.at ? { ...state, sinceMs: before.sinceMs } : state;
    const fields = { event: 'store.session.changed', state: state.at, reason: reasonOf(state) };
    if (state.at === 'ready' || state.at === 'closed') this.#deps.log.info(fields);
    else this.#deps.log.warn(fields);
    this.#deps.onState?.(this.#state);
    if (state.at !== 'connecting') this.#release();
  }

  #release(): void {
    for (const waiter of this.#waiters) waiter();
    this.#waiters.clear();
  }

  settled(ms: number): Promise<void> {
    if (this.#state.at !== 'connecting') return Promise.resolve();
    return new Promise(resolve => {
      const cancel = this.#deps.timers.after(ms, () => {
        this.#waiters.delete(done);
        resolve();
      });
      const done = (): void => {
        cancel();
        resolve();
      };
      this.#waiters.add(done);
    });
  }

  async run(statement: Statement, params: readonly unknown[]): Promise<readonly Row[]> {
    return (await this.#execute(statement, params)).rows;
  }

  async *pages(statement: Statement, params: readonly unknown[]): AsyncGenerator<Row> {
    for (let pageState: string | undefined; ;) {
      const page = await this.#execute(statement, params, {
        pageRows: PAGE_ROWS,
        ...(pageState === undefined ? {} : { pageState }),
      });
      yield* page.rows;
      if (page.pageState === undefined || page.pageState === null) return;
      pageState = page.pageState;
    }
  }

  async #execute(
    statement: Statement,
    params: readonly unknown[],
    page: Pick<ExecuteOptions, 'pageRows' | 'pageState'> = {},
  ): ReturnType<Driver['execute']> {
    return this.#ask(statement, (driver, text, options) => driver.execute(text, params, { ...options, ...page }));
  }

  together(statement: Statement, rows: readonly (readonly unknown[])[]): Promise<void> {
    return this.#ask(statement, (driver, text, options) => driver.together(text, rows, options));
  }

  async #ask<T>(
    statement: Statement,
    ask: (driver: Driver, text: string, options: ExecuteOptions) => Promise<T>,
  ): Promise<T> {
    const driver = this.#driver;
    if (this.#closed) throw fault('STORE_AWAY', `${statement.name}: the session is closed`);
    if (driver === undefined) throw fault('STORE_AWAY', `${statement.name}: not connected yet${this.#because()}`);
    if (statement.kind !== 'read' && this.#notDurable !== undefined)
      throw fault(
        this.#notDurable === NOT_KNOWN ? 'STORE_AWAY' : 'STORE_NOT_DURABLE',
        `${statement.name}: ${this.#notDurable}`,
      );
    const { consistency, serial, timeoutMs, kind } = statement;
    const options: ExecuteOptions = {
      consistency,
      timeoutMs,
      prepare: true,
      repeatable: kind !== 'cas',
      ...(serial === undefined ? {} : { serial }),
    };
    try {
      const result = await this.#flight.run(() => ask(driver, this.#text(statement), options));
      if (this.#state.at === 'away' && this.#notDurable !== NOT_KNOWN) this.#say();
      return result;
    } catch (error) {
      const known = storeFault(statement.name, error);
      if (known.code === 'STORE_AWAY' && !this.#closed) this.#failed(messageOf(error));
      throw known;
    }
  }

  #because(): string {
    return this.#state.at === 'connecting' && this.#state.reason !== undefined ? ` (${this.#state.reason})` : '';
  }

  #text(statement: Statement): string {
    let text = this.#texts.get(statement);
    if (text === undefined) this.#texts.set(statement, (text = inKeyspaces(statement.cql, this.settings.keyspace)));
    return text;
  }

  replication(keyspace: 'twin' | 'control'): Readonly<Record<string, number>> | undefined {
    return this.#driver?.replication(`${this.settings.keyspace}_${keyspace}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelRetry();
    this.#stopLoad();
    this.#become({ at: 'closed', sinceMs: this.#deps.clock.nowMs() });
    await this.#driver?.close();
  }
}
