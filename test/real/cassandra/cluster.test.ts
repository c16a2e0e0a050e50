import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import cassandra from 'cassandra-driver';
import type { Login } from '../../../lab/cassandra/administrator.js';
import { clusterMissing, openCluster, type ClusterOptions } from '../../../lab/cassandra/cluster.js';
import { answersCql, readPems, type ClientKeys } from '../../../lab/cassandra/cql-probe.js';
import { sweepClusters } from '../../../lab/cassandra/sweep.js';
import { eventually } from '../../fakes/eventually.js';

interface Told {
  readonly folder: string;
  readonly tls: ClientKeys;
  readonly admin: Login;
  readonly nodes: readonly { readonly contactPoint: string; readonly pid: number }[];
}

describe('a lab cluster with TLS and logins', function () {
  let owner: ChildProcess;
  let told: Told;

  before(async function () {
    const missing = clusterMissing();
    if (missing !== undefined) {
      process.stdout.write(`      skipped: ${missing}\n`);
      this.skip();
    }
    const options: ClusterOptions = { datacentres: ['core', 'edge-1'], tls: true, password: true };
    const compiled = import.meta.url.endsWith('.js');
    const script = fileURLToPath(new URL(`./cluster-child.${compiled ? 'js' : 'ts'}`, import.meta.url));
    const words = [...(compiled ? [] : ['--import', 'tsx']), script, JSON.stringify(options)];
    owner = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'inherit'] });
    const [line] = (await once(createInterface({ input: owner.stdout! }), 'line')) as [string];
    told = JSON.parse(line) as Told;
  });
  after(() => owner?.kill('SIGKILL'));

  const asked = async (login: Login | undefined, keys: boolean): Promise<string> =>
    String((await rowsOf(login, keys, 'SELECT data_center FROM system.local'))[0]?.['data_center']);
  const rowsOf = async (login: Login | undefined, keys: boolean, cql: string): Promise<cassandra.types.Row[]> => {
    const client = new cassandra.Client({
      contactPoints: [told.nodes[0]!.contactPoint],
      localDataCenter: 'core',
      ...(login === undefined ? {} : { credentials: { username: login.user, password: login.password } }),
      ...(keys ? { sslOptions: { ...(await readPems(told.tls)), rejectUnauthorized: true } } : {}),
    });
    try {
      return (await client.execute(cql)).rows;
    } finally {
      await client.shutdown();
    }
  };

  it('serves who has a certificate and a login', async () => {
    assert.equal(await asked(told.admin, true), 'core');
  });

  it('serves nobody without TLS, without a certificate, or with a wrong password', async () => {
    await assert.rejects(asked(told.admin, false));
    const [host = '', port = ''] = told.nodes[0]!.contactPoint.split(':');
    const { ca } = await readPems(told.tls);
    assert.equal(await answersCql(host, Number(port), { ca, cert: '', key: '' }, 2_000).catch(() => false), false);
    await assert.rejects(asked({ ...told.admin, password: 'wrong' }, true));
  });

  it('does not serve the superuser whose password everybody knows', async () => {
    // Nodes remember for 2 s what a role may do.
    await eventually('it is refused', () =>
      asked({ user: 'cassandra', password: 'cassandra' }, true).then(
        () => false,
        () => true,
      ),
    );
  });

  it('speaks TLS between its nodes, and lets no node in that has a certificate of another authority, or speaks without', async () => {
    const log = (): string => readFileSync(join(told.folder, 'core', 'node.log'), 'utf8');
    const [seed = ''] = told.nodes[0]!.contactPoint.split(':');
    // One that gets no answer of its seed ends.
    const joining = (tls: boolean): Promise<unknown> =>
      openCluster({
        ...{ datacentres: ['edge-2'], tls },
        yaml: {
          cluster_name: /^cluster_name: (\S+)$/m.exec(
            readFileSync(join(told.folder, 'core', 'conf', 'cassandra.yaml'), 'utf8'),
          )?.[1],
          seed_provider: [
            { class_name: 'org.apache.cassandra.locator.SimpleSeedProvider', parameters: [{ seeds: seed }] },
          ],
        },
      });
    const refused = { code: 'LAB_FAILED', message: /did not start/ };
    await Promise.all([assert.rejects(joining(true), refused), assert.rejects(joining(false), refused)]);
    assert.match(log(), /Failed to properly handshake with peer[^]*SslHandshakeException/);
    assert.match(log(), /not an SSL\/TLS record/);
    const peers = await rowsOf(told.admin, true, 'SELECT data_center FROM system.peers');
    assert.deepEqual(
      peers.map(row => String(row['data_center'])),
      ['edge-1'],
    );
  });

  it('leaves neither a process nor a folder when its owner is killed', async () => {
    const pids = told.nodes.map(({ pid }) => pid);
    assert.ok(pids.every(isThere));
    const ended = once(owner, 'exit');
    owner.kill('SIGKILL');
    await ended;
    await eventually('the nodes are gone', () => !pids.some(isThere), 10_000);
    sweepClusters();
    assert.equal(existsSync(told.folder), false);
  });
});

function isThere(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false; // it is gone: the answer
  }
}
