import { delay } from '../../common/clock.js';
import { fault } from '../../protocol/errors.js';
import type { CassandraSession } from '../../store/cassandra/session.js';

export type Loss =
  /** It never reaches the cluster. */
  | 'request'
  /** It is carried out, and nobody hears of it. */
  | 'answer'
  /** It is given up, and reaches the cluster after that: as from a coordinator that was paused. */
  | 'late';

export interface LossyOptions {
  /** Shares of all requests, 0 to 1. */
  readonly share: Readonly<Record<Loss, number>>;
  /** A late request is at most so late. */
  readonly lateMs: number;
  /** Uniform in [0, 1). */
  readonly random: () => number;
}

/** A session over which requests and answers are lost, each counted: outcomes become unknown, both ways, without waiting for it. */
export class LossySession implements Pick<CassandraSession, 'run' | 'pages'>, AsyncDisposable {
  readonly lost: Record<Loss, number> = { request: 0, answer: 0, late: 0 };
  readonly #session: CassandraSession;
  readonly #options: LossyOptions;
  readonly #late = new Set<Promise<unknown>>();

  constructor(session: CassandraSession, options: LossyOptions) {
    this.#session = session;
    this.#options = options;
  }

  async run(...[statement, params]: Parameters<CassandraSession['run']>): ReturnType<CassandraSession['run']> {
    const loss = this.#draw();
    if (loss === undefined) return this.#session.run(statement, params);
    this.lost[loss]++;
    if (loss === 'answer') await this.#session.run(statement, params).catch(() => undefined);
    if (loss === 'late') {
      const late = delay(this.#options.random() * this.#options.lateMs)
        .then(() => this.#session.run(statement, params))
        .catch(() => undefined);
      this.#late.add(late);
      void late.then(() => this.#late.delete(late));
    }
    throw fault('STORE_AWAY', `${statement.name}: its ${loss} is lost`);
  }

  pages(...args: Parameters<CassandraSession['pages']>): ReturnType<CassandraSession['pages']> {
    return this.#session.pages(...args);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#late);
    await this.#session[Symbol.asyncDispose]();
  }

  #draw(): Loss | undefined {
    const { share, random } = this.#options;
    let at = random();
    for (const loss of ['request', 'answer', 'late'] as const) if ((at -= share[loss]) < 0) return loss;
    return undefined;
  }
}
