import { inKeyspaces } from '../consistency.js';
import { connectDriver, type Driver, type DriverNode, type DriverSettings, type Row } from '../driver.js';
import { storeFault } from '../failures.js';

/** Statements of administration: as they stand, at any node, with time for what touches every node. */
export interface Admin extends AsyncDisposable {
  readonly driver: Driver;
  readonly prefix: string;
  /** `{twin}` and `{control}` stand for the keyspaces; `node` for a table that each node has for itself. */
  run(cql: string, params?: readonly unknown[], at?: AdminOptions): Promise<readonly Row[]>;
  /** How many rows there are; they are read page by page and not kept. */
  count(cql: string, params: readonly unknown[], at?: AdminOptions): Promise<number>;
  nodes(): readonly DriverNode[];
}

export interface AdminOptions {
  readonly node?: string;
  readonly consistency?: 'LOCAL_ONE' | 'QUORUM' | 'ALL';
  /** What an error says instead of the statement, which may hold a secret. */
  readonly say?: string;
}

/** A change of the schema waits for every node. */
const TIMEOUT_MS = 60_000;
const PAGE_ROWS = 500;

/** Connects; STORE_AWAY where no node answers, STORE_FAILED where the role may not. */
export async function openAdmin(settings: DriverSettings, prefix: string): Promise<Admin> {
  let driver: Driver;
  try {
    driver = await connectDriver(settings);
  } catch (error) {
    throw storeFault('connecting', error);
  }
  return adminOf(driver, prefix);
}

export function adminOf(driver: Driver, prefix: string): Admin {
  async function* pages(
    cql: string,
    params: readonly unknown[],
    { node, consistency = 'LOCAL_ONE', say }: AdminOptions,
  ): AsyncGenerator<readonly Row[]> {
    const text = inKeyspaces(cql, prefix);
    const options = {
      ...{ consistency, timeoutMs: TIMEOUT_MS, prepare: params.length > 0, repeatable: false, pageRows: PAGE_ROWS },
      ...(node === undefined ? {} : { node }),
    } as const;
    try {
      for (let pageState: string | undefined; ;) {
        const page = await driver.execute(text, params, {
          ...options,
          ...(pageState === undefined ? {} : { pageState }),
        });
        yield page.rows;
        if (page.pageState === undefined || page.pageState === null) return;
        pageState = page.pageState;
      }
    } catch (error) {
      throw storeFault(say ?? text.split('\n', 1)[0] ?? text, error);
    }
  }
  return {
    driver,
    prefix,
    nodes: () => driver.nodes(),
    async run(cql, params = [], at = {}) {
      const rows: Row[] = [];
      for await (const page of pages(cql, params, at)) for (const row of page) rows.push(row);
      return rows;
    },
    async count(cql, params, at = {}) {
      let count = 0;
      for await (const page of pages(cql, params, at)) count += page.length;
      return count;
    },
    [Symbol.asyncDispose]: () => driver.close(),
  };
}
