import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock, systemTimers } from '../common/clock.js';
import { configHelp, loadConfig } from '../common/config.js';
import { Resources } from '../common/lifecycle.js';
import { openLog } from '../common/log.js';
import { Metrics } from '../common/metrics.js';
import { packageRoot } from '../common/package-root.js';
import { inUrl } from '../protocol/ipv6.js';
import { METRICS } from '../protocol/metrics.js';
import { openLmdbControlStore } from '../store/lmdb/control-store.js';
import { SETTINGS, SWEEP_SETTINGS, planOf, type ManagerConfig } from './config.js';
import { LocalMano } from './mano/local.js';
import { highestBoot, openStores } from './registration/next-boot.js';
import { runManager } from './service.js';
import { sweep } from './sweep.js';

export const help = `edgetwin md-manager: registers vehicles, keeps pools of vMD hosts, runs hand-overs

usage: edgetwin md-manager [--flag value …]
       edgetwin md-manager sweep --control-store DIR    ends every vMD host of a control store

settings:
${configHelp(SETTINGS)}
`;

export async function run(argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  if (argv[0] === 'sweep') {
    const config = loadConfig(SWEEP_SETTINGS, { argv: argv.slice(1), env });
    await using store = await openLmdbControlStore({ path: config['control.store'] });
    const ended = await sweep(store);
    process.stdout.write(`${ended} vMD host${ended === 1 ? '' : 's'} ended\n`);
    return 0;
  }
  const config = loadConfig(SETTINGS, { argv, env });
  process.title = 'edgetwin-md-manager';
  await using open = new Resources();
  const domains = config['pool.size'].map(([domain]) => domain);
  planOf(config);
  const from6 = config['hosts.from6'];
  // A domain without an address is a fault now, not later.
  for (const domain of domains) for (const from of [config['hosts.from'], from6]) from?.(domain);
  const stores = await openStores(config['store.root'], domains);
  for (const store of stores) open.use(store);
  await runManager(
    config,
    {
      openStore: () => openLmdbControlStore({ path: config['control.store'] }),
      openMano: store =>
        new LocalMano({
          store,
          command: vmdCommand(),
          flags: domain => vmdFlags(config, domain),
          addressesFrom: config['hosts.from'],
          ...(from6 === undefined ? {} : { addresses6From: from6 }),
          ...(config['hosts.launcher'] === undefined ? {} : { launcher: config['hosts.launcher'] }),
          logDir: config['host.logDir'],
          env: withoutSettings(env),
          clock: systemClock,
          timers: systemTimers,
        }),
      highestBoot: vehicle => highestBoot(vehicle, stores),
      clock: systemClock,
      timers: systemTimers,
      random: Math.random,
      log: openLog('md-manager', config['log.level']),
      metrics: new Metrics(METRICS, { processMetrics: true }),
      onReady: url => process.stdout.write(`ready ${url}\n`),
    },
    signal,
  );
  return 0;
}

/** The same program as this one, run the same way: built (and bundled, which halves the start of a host) or from source. */
export function vmdCommand(): string[] {
  const source = extname(fileURLToPath(import.meta.url)) === '.ts';
  const bin = join(packageRoot(), source ? 'cli/edgetwin.ts' : 'dist/bin/edgetwin.js');
  return [process.execPath, ...process.execArgv, bin, 'vmd'];
}

function vmdFlags(config: ManagerConfig, domain: string): string[] {
  const { address, port } = config.listen;
  return [
    ...['--store', join(config['store.root'], domain)],
    ...['--manager', config['hosts.manager'] ?? `http://${inUrl(address)}:${port}`],
    ...['--sdn-url', config['hosts.sdn'].join(',') || config['sdn.url']],
    ...['--slots', String(config['pool.slots'])],
    ...['--alias-prefix', config['plan.aliasPrefix']],
    ...(config['plan.alias6'] === undefined ? [] : ['--alias6', config['plan.alias6']]),
    ...['--lease-ms', String(Math.max(100, Math.min(600_000, config.leaseMs)))],
    ...['--log-level', config['log.level']],
  ];
}

/** Settings of this part are not those of the hosts. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('EDGETWIN_')));
}
