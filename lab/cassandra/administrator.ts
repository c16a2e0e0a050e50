import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, types } from 'cassandra-driver';
import { delay } from '../../common/clock.js';
import { codeOf, messageOf } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';
import { readPems, type ClientKeys } from './cql-probe.js';
import type { CassandraNode } from './node.js';

export interface Login {
  readonly user: string;
  readonly password: string;
}

const FILE = 'administrator.json';
const USER = 'lab_administrator';
/** As every new Cassandra has it. */
const FIRST: Login = { user: 'cassandra', password: 'cassandra' };
const READY_MS = 30_000;
const POLL_MS = 250;

/**
 * A superuser with a password of its own, made once: first the keyspace of roles goes to all datacentres, or a domain that is cut
 * off would know nobody. The one that every Cassandra begins with may log in no more.
 */
export async function openAdministrator(
  folder: string,
  node: CassandraNode,
  datacentres: readonly string[],
  tls: ClientKeys | undefined,
): Promise<Login> {
  const file = join(folder, FILE);
  const known = await readLogin(file);
  if (known !== undefined) return known;
  const login: Login = { user: USER, password: randomBytes(18).toString('base64url') };
  const replication = datacentres.map(one => `, '${one}': 1`).join('');
  await asUser(FIRST, node, tls, async client => {
    await client.execute(
      `ALTER KEYSPACE system_auth WITH replication = {'class': 'NetworkTopologyStrategy'${replication}}`,
    );
    await client.execute(
      `CREATE ROLE IF NOT EXISTS ${USER} WITH SUPERUSER = true AND LOGIN = true AND PASSWORD = '${login.password}'`,
    );
  });
  await asUser(login, node, tls, client =>
    client.execute(`ALTER ROLE ${FIRST.user} WITH SUPERUSER = false AND LOGIN = false`),
  );
  await writeFile(file, JSON.stringify(login), { mode: 0o600 });
  return login;
}

/** The first login waits for the node to have made it. */
async function asUser(
  { user, password }: Login,
  node: CassandraNode,
  tls: ClientKeys | undefined,
  work: (client: Client) => Promise<unknown>,
): Promise<void> {
  const sslOptions = tls === undefined ? undefined : await readPems(tls);
  for (const endMs = performance.now() + READY_MS; ;) {
    const client = new Client({
      contactPoints: [node.contactPoint],
      localDataCenter: node.domain,
      credentials: { username: user, password },
      queryOptions: { consistency: types.consistencies.localOne },
      ...(sslOptions === undefined ? {} : { sslOptions }),
    });
    try {
      await client.connect();
      await work(client);
      return;
    } catch (error) {
      if (performance.now() > endMs) throw fault('LAB_FAILED', `as ${user}: ${messageOf(error)}`, { cause: error });
    } finally {
      await client.shutdown();
    }
    await delay(POLL_MS);
  }
}

async function readLogin(file: string): Promise<Login | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Login;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
