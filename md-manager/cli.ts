import { join } from 'node:path';
import { systemClock, systemTimers } from '../common/clock.js';
import { configHelp, loadConfig } from '../common/config.js';
import { Resources } from '../common/lifecycle.js';
import { openLog } from '../common/log.js';
import { Metrics } from '../common/metrics.js';
import { fault } from '../protocol/errors.js';
import { METRICS_OF, type MetricName } from '../protocol/metrics.js';
import { openControlStore, openTwinStore, type StoreDeps, type TwinStoreSettings } from '../store/open.js';
import type { ControlStore } from '../store/types.js';
import type { SessionState } from '../store/cassandra/session.js';
import { cassandraSettings, storeFlags } from '../store/settings.js';
import { storeAnswers } from './await-store.js';
import { controlStoreOf, DOMAIN, hostLogin, planOf, SETTINGS, SWEEP_SETTINGS, type ManagerConfig } from './config.js';
import { openMano } from './mano/open.js';
import { highestBoot } from './registration/next-boot.js';
import { runManager } from './service.js';
import { ANSWERS_WITHIN_MS, sweep } from './sweep.js';

export const help = `edgetwin md-manager: registers vehicles, keeps pools of vMD hosts, runs hand-overs

usage: edgetwin md-manager [--flag value …]
       edgetwin md-manager sweep --control-store DIR (or the settings of Cassandra)    ends every vMD host of a control store

settings:
${configHelp(SETTINGS)}
`;

export async function run(argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  if (argv[0] === 'sweep') {
    const config = loadConfig(SWEEP_SETTINGS, { argv: argv.slice(1), env });
    const log = openLog('md-manager', 'warn');
    const deps: StoreDeps = { clock: systemClock, timers: systemTimers, random: Math.random, log };
    await using store = await openControlStore(controlStoreOf(config), deps);
    await answersSoon(store, deps, signal);
    const ended = await sweep(store, deps);
    process.stdout.write(`${ended} vMD host${ended === 1 ? '' : 's'} ended\n`);
    return 0;
  }
  const config = loadConfig(SETTINGS, { argv, env });
  process.title = 'edgetwin-md-manager';
  await using open = new Resources();
  const domains = config['pool.size'].map(([domain]) => domain);
  planOf(config);
  // A domain without an address is a fault now, not later.
  for (const domain of domains) for (const from of [config['hosts.from'], config['hosts.from6']]) from?.(domain);
  const control = controlStoreOf(config);
  const flagsOfHosts = hostStoreFlags(config);
  const log = openLog('md-manager', config['log.level']);
  const deps: StoreDeps = { clock: systemClock, timers: systemTimers, random: Math.random, log };
  const stores = await Promise.all(twinStores(config, domains).map(settings => openTwinStore(settings, deps)));
  for (const store of stores) open.use(store);
  const metrics = new Metrics<MetricName>(METRICS_OF['md-manager'], { processMetrics: true });
  let session: SessionState | undefined;
  await runManager(
    config,
    {
      openStore: async () => {
        const onState = (state: SessionState): void => void (session = state);
        const store = await openControlStore(control, { ...deps, metrics, onState });
        await storeAnswers(store, deps, signal);
        return store;
      },
      storeAway: () => (session === undefined || session.at === 'ready' ? undefined : 'the control store'),
      openMano: store => openMano(config, { store, env, log, storeFlags: flagsOfHosts }),
      highestBoot: vehicle => highestBoot(vehicle, stores),
      ...{ clock: systemClock, timers: systemTimers, random: Math.random, log, metrics },
      onReady: url => process.stdout.write(`ready ${url}\n`),
    },
    signal,
  );
  return 0;
}

/** STORE_AWAY where the control store does not answer in time: whoever sweeps is told, and does not wait for a cluster that is gone. */
async function answersSoon(store: ControlStore, deps: StoreDeps, signal: AbortSignal): Promise<void> {
  const late = new AbortController();
  const words = `the control store did not answer within ${ANSWERS_WITHIN_MS} ms`;
  const cancel = deps.timers.after(ANSWERS_WITHIN_MS, () => late.abort(fault('STORE_AWAY', words)));
  try {
    await storeAnswers(store, deps, AbortSignal.any([signal, late.signal]));
  } finally {
    cancel();
  }
}

/** Where the highest boots of vehicles are looked for: the embedded store of each domain, or a cluster's copy in the manager's own. */
function twinStores(config: ManagerConfig, domains: readonly string[]): TwinStoreSettings[] {
  if (config['store.kind'] === 'cassandra')
    return [{ kind: 'cassandra', domain: DOMAIN, cassandra: cassandraSettings(config, DOMAIN) }];
  const root = rootOf(config);
  return domains.map(domain => ({ kind: 'lmdb', domain, path: join(root, domain), journal: false }));
}

/** What hosts of a domain are told of its store. CONFIG_INVALID where the settings name none. */
function hostStoreFlags(config: ManagerConfig): (domain: string) => readonly string[] {
  if (config['store.kind'] === 'cassandra') {
    const flags = [...storeFlags(config, hostLogin(config)), '--ack', config.ack];
    return () => flags;
  }
  if (config.ack === 'replicated') throw fault('CONFIG_INVALID', 'ack=replicated needs store.kind=cassandra');
  const root = rootOf(config);
  return domain => ['--store', join(root, domain)];
}

function rootOf({ 'store.root': root }: ManagerConfig): string {
  if (root === undefined) throw fault('CONFIG_INVALID', 'store.root is required where store.kind is lmdb');
  return root;
}
