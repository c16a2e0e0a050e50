import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { systemClock } from '../../../common/clock.js';
import { Resources } from '../../../common/lifecycle.js';
import { packageRoot } from '../../../common/package-root.js';
import { claimBlock, type LoopbackBlock } from '../../../lab/network/loopback-block.js';
import type { Vim } from '../../../lab/nbi/lcm.js';
import { openNbi, type Nbi } from '../../../lab/nbi/server.js';
import { Login } from '../../../md-manager/mano/osm/login.js';
import { Northbound } from '../../../md-manager/mano/osm/northbound.js';
import { onboard } from '../../../md-manager/mano/osm/onboard.js';
import { vxfOf } from '../../../md-manager/mano/osm/packages/vxf.js';
import { NbiTransport } from '../../../md-manager/mano/osm/transport.js';
import { HttpClient } from '../../../protocol/api/http-client.js';
import { handoverRecord, registration, vehicleRecord } from '../../../protocol/api/md-manager.js';
import { poolList } from '../../../protocol/api/pools.js';
import { eventually, until } from '../../fakes/eventually.js';
import { FakeSdnApp } from '../../fakes/fake-sdn-app.js';
import { Gate } from '../../fakes/gate.js';
import { attachmentIn } from '../../fakes/host-refs.js';
import { migratedStores } from './migrated-stores.js';
import { needsCluster } from './shared-cluster.js';

const source = extname(fileURLToPath(import.meta.url)) === '.ts';
const program = source
  ? ['--import=tsx', join(packageRoot(), 'cli', 'edgetwin.ts')]
  : [join(packageRoot(), 'dist', 'cli', 'edgetwin.js')];
const start = (words: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess =>
  spawn(process.execPath, [...program, ...words], {
    cwd: packageRoot(),
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** Machines that boot by their cloud-init: its environment file, and the unit that it starts, as a process. */
class ProcessVim implements Vim, AsyncDisposable {
  readonly machines = new Map<string, ChildProcess>();

  boot(nsId: string, _vim: string, cloudInit: string): Promise<string> {
    const { write_files: files, runcmd } = parse(cloudInit) as {
      write_files: { path: string; content: string }[];
      runcmd: string[][];
    };
    assert.deepEqual(runcmd, [['systemctl', 'enable', '--now', 'edgetwin@vmd.service']]);
    const lines =
      files
        .find(({ path }) => path === '/etc/edgetwin/vmd.env')
        ?.content.trim()
        .split('\n') ?? [];
    const env = Object.fromEntries(lines.map(line => line.split(/=(.*)/s).slice(0, 2) as [string, string]));
    this.machines.set(nsId, start(['vmd', '--log-level', 'warn'], env));
    return Promise.resolve(env['EDGETWIN_ADDRESS'] ?? '');
  }

  async end(nsId: string): Promise<void> {
    const machine = this.machines.get(nsId);
    if (machine !== undefined) await end(machine);
    this.machines.delete(nsId);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.machines.values()].map(end));
  }
}

describe('a pool of machines that Open Source MANO starts', function () {
  this.timeout(240_000);
  const open = new Resources();
  let vim: ProcessVim;
  let nbi: Nbi;
  let block: LoopbackBlock;
  let sdn: FakeSdnApp;
  let api: HttpClient;
  let manager: ChildProcess;
  let words: string[];
  const vehicle = `car-${process.pid}`;

  before(needsCluster);
  before(async () => {
    const stores = await migratedStores();
    await stores.empty();
    const folder = await mkdtemp(join(tmpdir(), 'edgetwin-'));
    open.defer(() => rm(folder, { recursive: true }));
    block = open.use(await claimBlock());
    vim = open.use(new ProcessVim());
    nbi = open.use(await openNbi({ release: 'R19', vim, endingOf: () => ({ ms: 50, state: 'COMPLETED' }) }));
    sdn = open.use(await FakeSdnApp.open(new Gate()));
    const transport = open.use(await NbiTransport.open({ url: nbi.url, tls: { kind: 'system' } }));
    const northbound = new Northbound(
      new Login(transport, { user: 'admin', password: 'admin', project: 'admin' }, systemClock),
    );
    const account = {
      vim_type: 'openstack',
      vim_url: 'http://10.0.0.1:5000/v3',
      vim_tenant_name: 't',
      vim_user: 'u',
      vim_password: 'p',
    };
    for (const name of ['openstack-0', 'openstack-1', 'openstack-2']) await northbound.addVim({ name, ...account });
    nbi.enableVims();
    const vmd = vxfOf('vmd');
    assert.ok(vmd);
    await onboard(northbound, vmd);
    const passwordFile = join(folder, 'password');
    await writeFile(passwordFile, 'admin');
    const listen = `${block.serviceAddress(0)}:7001`;
    const points = Object.entries(stores.points).map(([domain, point]) => `${domain}=${point}`);
    words = [
      ...['md-manager', '--listen', listen, '--sdn-url', sdn.url, '--log-level', 'warn', '--probe-ms', '2000'],
      ...[
        '--store-kind',
        'cassandra',
        '--cassandra-contact-points',
        points.join(','),
        '--cassandra-keyspace',
        stores.prefix,
      ],
      ...[
        '--mano',
        'osm',
        '--osm-url',
        nbi.url,
        '--osm-password-file',
        passwordFile,
        '--osm-deployment',
        stores.prefix,
      ],
      ...['--osm-vims', 'core=openstack-0,edge-1=openstack-1,edge-2=openstack-2', '--hosts-from', block.hostAddress(0)],
      ...[
        '--pool-size',
        'core=1,edge-1=1,edge-2=1',
        '--pool-twins-per-host',
        '2',
        '--dwell-ms',
        '1',
        '--grace-ms',
        '100',
      ],
    ];
    manager = start(words);
    open.defer(() => end(manager));
    api = open.use(new HttpClient(`http://${listen}`));
  });
  after(() => open[Symbol.asyncDispose]());

  const filled = async (): Promise<boolean> => {
    const { pools } = await api.call('GET', '/v1/pools', { answer: poolList });
    return pools.every(({ hosts, size }) => {
      const slots = hosts.flatMap(host => host.slots);
      return slots.filter(({ state }) => state === 'ready').length >= size;
    });
  };
  const pids = (): number[] => [...vim.machines.values()].map(({ pid }) => pid ?? 0).sort((a, b) => a - b);

  it('is filled with hosts that boot by our packages and enrol by the token of their order', async () => {
    await until(() =>
      filled()
        .catch(() => undefined)
        .then(done => (done === true ? true : undefined)),
    );
    assert.equal(vim.machines.size, 3);
    assert.equal(nbi.lcm.machines.size, 3);
  });

  it('gives twins to vehicles, and takes their hand-overs', async () => {
    const body = { vehicle, key: 'ab'.repeat(16), nextBootFloor: 1 };
    await until(() => api.call('POST', '/v1/registrations', { body, answer: registration }).catch(() => undefined));
    const id = randomUUID();
    const before = await api.call('GET', `/v1/vehicles/${vehicle}`, { answer: vehicleRecord });
    const domain = before.acting?.domain === 'edge-1' ? 'edge-2' : 'edge-1';
    const to = attachmentIn(domain, domain === 'edge-2' ? 2 : 1);
    sdn.attach(vehicle, to);
    const times = { detectedAtMs: 1, validatedAtMs: 2, reroutedAtMs: 3 };
    await api.call('POST', '/v1/attachments', { body: { term: 1, handover: id, vehicle, to, ...times } });
    await eventually('it has ended', async () => {
      const { result } = await api.call('GET', `/v1/handovers/${id}`, { answer: handoverRecord });
      return result !== 'running';
    });
    const after = await api.call('GET', `/v1/vehicles/${vehicle}`, { answer: vehicleRecord });
    assert.equal(after.acting?.domain, domain);
  });

  it('goes on with the same machines when the manager is killed and comes back', async () => {
    await eventually('the pool is full again', () => filled());
    const running = pids();
    await end(manager);
    manager = start(words);
    await until(() =>
      filled()
        .catch(() => undefined)
        .then(done => (done === true ? true : undefined)),
    );
    assert.deepEqual(pids(), running);
  });

  it('replaces a machine that dies, and leaves nothing of it on either side', async () => {
    const [nsId, machine] = [...vim.machines][0] ?? [];
    assert.ok(nsId !== undefined && machine !== undefined);
    await end(machine);
    await eventually(
      'its service is gone',
      () => !nbi.lcm.machines.has(nsId) && nbi.world.find('nsrs', nsId) === undefined,
    );
    await eventually('the pool is full again', () => filled());
    assert.equal(nbi.world.all('nsrs').length, nbi.lcm.machines.size);
    assert.equal(nbi.lcm.machines.size, vim.machines.size);
  });
});
