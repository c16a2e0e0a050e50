import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemTimers } from '../common/clock.js';
import { Resources } from '../common/lifecycle.js';
import { silentLog } from '../common/log.js';
import { Metrics } from '../common/metrics.js';

import { quantilesOf } from '../common/quantiles.js';
import { claimBlock } from '../lab/network/loopback-block.js';
import { vmdCommand } from '../md-manager/mano/open.js';
import { LocalMano } from '../md-manager/mano/local.js';
import { openHttp } from '../protocol/api/http-server.js';
import { route } from '../protocol/api/route.js';
import { hostHello } from '../protocol/api/md-manager.js';
import { METRICS } from '../protocol/metrics.js';
import { openLmdbControlStore } from '../store/lmdb/control-store.js';
import { cpuMeter, type BenchRow } from './harness.js';

const STARTS = 20;

/**
 * From an empty pool to a vMD host that is ready: the order at MANO until the host's hello is heard. In the same run a bare
 * `node -e 0` from its start to its end, in turns with the hosts. The first host also makes its store.
 */
export async function benchColdStart(signal: AbortSignal): Promise<BenchRow[]> {
  await using open = new Resources();
  const folder = await mkdtemp(join(tmpdir(), 'edgetwin-'));
  open.defer(() => rm(folder, { recursive: true }));
  const block = open.use(await claimBlock());
  let heard: () => void = () => undefined;
  const listen = { address: block.serviceAddress(0), port: 7_001 };
  const hello = route({
    ...{ method: 'POST', path: '/v1/hosts', summary: 'a host is ready', body: hostHello },
    handle: () => heard(),
  });
  const http = open.use(
    await openHttp({
      ...{ part: 'md-manager', listen, routes: [hello], log: silentLog, metrics: new Metrics(METRICS) },
    }),
  );
  const store = open.use(await openLmdbControlStore({ path: join(folder, 'control') }));
  const mano = open.use(
    new LocalMano({
      store,
      command: vmdCommand(),
      flags: () => ['--store', join(folder, 'edge-1'), '--manager', http.url],
      addressesFrom: () => block.hostAddress(0),
      logDir: join(folder, 'log'),
      env: process.env,
      clock: systemClock,
      timers: systemTimers,
    }),
  );
  const meter = cpuMeter();
  const ready: number[] = [];
  const exists: number[] = [];
  const bare: number[] = [];
  for (let n = 0; n <= STARTS; n++) {
    signal.throwIfAborted();
    const orderedMs = performance.now();
    const said = new Promise<void>(resolve => (heard = resolve));
    const { host } = await mano.start('edge-1');
    const existsMs = performance.now() - orderedMs;
    await said;
    const readyMs = performance.now() - orderedMs;
    await mano.stop(host, 'now');
    if (n > 0) {
      exists.push(existsMs);
      ready.push(readyMs);
      bare.push(await bareStartMs());
    }
  }
  const cpuIdle = meter.idle();
  const row = (name: string, metric: string, values: readonly number[]): BenchRow => ({
    ...{ case: name, metric, unit: 'ms', ...quantilesOf(values), cpuIdle },
  });
  return [
    row('vMD host, empty pool', 'order to process', exists),
    row('vMD host, empty pool', 'order to hello', ready),
    row('node -e 0', 'start to end', bare),
  ];
}

async function bareStartMs(): Promise<number> {
  const startedMs = performance.now();
  const child = spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' });
  await once(child, 'exit');
  return performance.now() - startedMs;
}
