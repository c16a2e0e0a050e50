import { messageOf, codeOf } from '../../common/errors.js';
import type { Clock, Timers } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import type { Route } from '../../protocol/api/route.js';
import type { MetricName } from '../../protocol/metrics.js';
import type { ControlStore, OrderRow } from '../../store/types.js';

export interface OrdersDeps {
  readonly store: Pick<ControlStore, 'addOrders' | 'orders'>;
  readonly term: number;
  readonly newId: () => string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
}

const GROUP_MS = 100;
const RETRY_MS = 500;
/** Orders that wait for a store that is away; beyond it the oldest is in the log alone. */
const MAX_UNWRITTEN = 10_000;
/** Their story is told elsewhere: each move by its hand-over in the ledger, each change of a lease's holder by its term. */
const NOT_HERE: ReadonlySet<string> = new Set([
  'POST /v1/attachments',
  'PUT /v1/leases/sdn-app',
  'POST /v1/rehearsals',
]);

/**
 * The audit log (docs/decisions/leadership.md): whatever is asked of the leader that is no reading, by whom, and what came of it. It is
 * written behind the answer, in groups.
 */
export class Orders implements AsyncDisposable {
  readonly #deps: OrdersDeps;
  #unwritten: OrderRow[] = [];
  #cancel: (() => void) | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(deps: OrdersDeps) {
    this.#deps = deps;
  }

  /** The same routes, each order of which is written down. */
  audited(routes: readonly Route[]): Route[] {
    return routes.map(row => {
      if (row.method === 'GET' || NOT_HERE.has(`${row.method} ${row.path}`)) return row;
      return {
        ...row,
        handle: async input => {
          const { request } = input;
          const told = header(request.headers['x-edgetwin-by']);
          const key = header(request.headers['idempotency-key']);
          const order = {
            who: told === undefined ? request.ip : `${told} ${request.ip}`,
            what: `${request.method} ${request.url}`,
            ...(key === undefined ? {} : { key }),
          };
          try {
            const answer = await row.handle(input);
            this.#add({ ...order, outcome: String(row.status ?? (row.answer === undefined ? 204 : 200)) });
            return answer;
          } catch (error) {
            this.#add({ ...order, outcome: codeOf(error) });
            throw error;
          }
        },
      };
    });
  }

  async list(day: number, limit: number): Promise<OrderRow[]> {
    await this.#flush();
    return this.#deps.store.orders(day, limit);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#flush();
    this.#cancel?.();
  }

  #add(order: Omit<OrderRow, 'id' | 'atMs' | 'term'>): void {
    const { newId, clock, term, log, metrics } = this.#deps;
    const row = { id: newId(), atMs: clock.nowMs(), term, ...order };
    log.info({ event: 'manager.ordered', ...row });
    this.#unwritten.push(row);
    if (this.#unwritten.length > MAX_UNWRITTEN) {
      this.#unwritten.shift();
      metrics.count('manager_orders_unwritten_total');
    }
    this.#arm(GROUP_MS);
  }

  #arm(afterMs: number): void {
    this.#cancel ??= this.#deps.timers.after(afterMs, () => void this.#flush());
  }

  #flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const rows = this.#unwritten;
    if (rows.length === 0) return;
    this.#unwritten = [];
    try {
      await this.#deps.store.addOrders(rows);
    } catch (error) {
      this.#deps.log.error({ event: 'manager.effect.failed', effect: 'orders', error: messageOf(error) });
      this.#unwritten = [...rows, ...this.#unwritten];
      this.#arm(RETRY_MS);
    }
  }
}

/** What a caller says of himself: short, and of one line. */
const header = (value: string | string[] | undefined): string | undefined => {
  const text = String(value ?? '')
    .replaceAll(/[^\x20-\x7e]/g, '')
    .slice(0, 128);
  return text === '' ? undefined : text;
};
