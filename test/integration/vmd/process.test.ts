import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { silentLog } from '../../../common/log.js';
import { Metrics } from '../../../common/metrics.js';
import { packageRoot } from '../../../common/package-root.js';
import { claimBlock } from '../../../lab/network/loopback-block.js';
import { addressAt, LOOPBACK_PLAN } from '../../../protocol/addresses.js';
import { openHttp } from '../../../protocol/api/http-server.js';
import { route } from '../../../protocol/api/route.js';
import { hostHello, type HostHello } from '../../../protocol/api/md-manager.js';
import { METRICS } from '../../../protocol/metrics.js';
import { encodeReport } from '../../../protocol/report.js';
import { openLmdbTwinStore } from '../../../store/lmdb/twin-store.js';
import { endpointAt } from './scene.js';

describe('vmd as a process', function () {
  this.timeout(60_000);
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'edgetwin-vmd-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('says hello to a manager that comes late, stores durably, and ends cleanly on SIGTERM', async () => {
    await using block = await claimBlock();
    const address = block.hostAddress(2);
    const number = block.firstNumber;
    const vehicle = `car-${number}`;
    const row = { vehicle, number, key: '0'.repeat(32), registeredAtMs: 1 };
    await using store = await openLmdbTwinStore({ path: folder, domain: 'edge-1' });
    await store.putDevices([row]);

    const managerPort = 7_001;
    const managerAddress = block.serviceAddress(0);
    const flags = ['--host', 'edge-1/2', '--domain', 'edge-1', '--address', address, '--store', folder];
    const child = start([...flags, '--manager', `http://${managerAddress}:${managerPort}`, '--log-level', 'error']);
    try {
      assert.equal(await firstLine(child), `ready coap://${address}:5683`);
      let heard: (hello: HostHello) => void = () => undefined;
      const hello = new Promise<HostHello>(resolve => (heard = resolve));
      await using _manager = await openHttp({
        part: 'manager',
        listen: { address: managerAddress, port: managerPort },
        routes: [
          route({ method: 'POST', path: '/v1/hosts', summary: '', body: hostHello, handle: ({ body }) => heard(body) }),
        ],
        log: silentLog,
        metrics: new Metrics(METRICS),
      });
      const said = await hello;
      const stat = await readFile(`/proc/${child.pid}/stat`, 'utf8');
      const startTicks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
      assert.deepEqual(
        [said.host.host, said.host.address, said.slots, said.startTicks],
        ['edge-1/2', address, 64, startTicks],
      );

      await using car = await endpointAt(addressAt(LOOPBACK_PLAN.aliasPrefix, number), 2_049);
      const payload = encodeReport({
        vehicle,
        boot: 1,
        seq: 1,
        timeMs: Date.now(),
        samples: [{ name: 'spd', value: 3, timeMs: Date.now() }],
      });
      const answer = await car.request(
        { address, port: 5_683 },
        { method: 'POST', path: ['r'], query: ['v=1'], contentFormat: 112, payload },
      );
      assert.equal(answer.code, '2.04');
      child.kill('SIGTERM');
      assert.deepEqual(await once(child, 'exit'), [0, null]);
    } finally {
      child.kill('SIGKILL');
    }
    const rows = [];
    for await (const { boot, seq } of store.scan()) rows.push([boot, seq]);
    assert.deepEqual(rows, [[1, 1]]);
    assert.deepEqual(
      (await store.live(vehicle)).map(({ signal, value }) => [signal, value]),
      [['spd', 3]],
    );
  });

  it('names every fault of its settings at once and exits with 2', async () => {
    const child = start(['--host', 'nonsense', '--slots', '0', '--colour', 'red']);
    let said = '';
    child.stderr?.on('data', (bytes: Buffer) => (said += bytes.toString()));
    assert.deepEqual(await once(child, 'close'), [2, null]);
    for (const part of ['CONFIG_INVALID', '--colour is unknown', 'host must be', 'domain is required', 'slots must be'])
      assert.ok(said.includes(part), said);
  });
});

/** The code that runs these tests, started by hand: from source with tsx, from dist without. */
function start(words: readonly string[]): ChildProcess {
  const built = import.meta.url.endsWith('.js');
  const bin = join(packageRoot(), built ? 'dist/cli/edgetwin.js' : 'cli/edgetwin.ts');
  const env = { ...process.env, EDGETWIN_CONFIG: undefined };
  return spawn(process.execPath, [...(built ? [] : ['--import', 'tsx']), bin, 'vmd', ...words], {
    argv0: 'edgetwin-vmd edge-1/2',
    cwd: packageRoot(),
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

async function firstLine(child: ChildProcess): Promise<string> {
  assert.ok(child.stdout);
  for await (const line of createInterface({ input: child.stdout })) return line;
  return '';
}
