import { systemClock, systemTimers } from '../../common/clock.js';
import { loadConfig } from '../../common/config.js';
import { openLog } from '../../common/log.js';
import { runMain } from '../../common/main.js';
import { Metrics } from '../../common/metrics.js';
import { SETTINGS } from '../../md-manager/config.js';
import type { Instance, Mano } from '../../md-manager/mano/mano.js';
import { runManager } from '../../md-manager/service.js';
import { fault } from '../../protocol/errors.js';
import { METRICS } from '../../protocol/metrics.js';
import { openLmdbControlStore } from '../../store/lmdb/control-store.js';
import { DOMAINS, hostRefOf } from './hosts.js';

/** md-manager as it is, but for its hosts: those of bench/manager/hosts.ts run already. Words: its flags. Prints its URL once it serves. */
const instances: readonly Instance[] = DOMAINS.map(domain => ({ ...hostRefOf(`${domain}/1`), pid: 1, startTicks: 1 }));

const mano: Mano = {
  adopt: () => Promise.resolve(instances),
  list: () => instances,
  placeOf: hostRefOf,
  start: domain => Promise.reject(fault('MANO_FAILED', `${domain} has the host that it has`)),
  stop: () => Promise.resolve(),
  reconcile: () => Promise.resolve([]),
  onGone: () => () => undefined,
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

await runMain(async signal => {
  const config = loadConfig(SETTINGS, { argv: process.argv.slice(2), env: {} });
  await runManager(
    config,
    {
      openStore: () => openLmdbControlStore({ path: config['control.store'] ?? '' }),
      openMano: () => mano,
      highestBoot: () => Promise.resolve(0),
      ...{ clock: systemClock, timers: systemTimers, random: Math.random },
      log: openLog('md-manager', config['log.level']),
      metrics: new Metrics(METRICS, { processMetrics: true }),
      onReady: url => process.stdout.write(`${url}\n`),
    },
    signal,
  );
  return 0;
});
