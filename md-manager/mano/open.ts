import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemClock, systemTimers } from '../../common/clock.js';
import type { Log } from '../../common/log.js';
import { packageRoot } from '../../common/package-root.js';
import { fault } from '../../protocol/errors.js';
import { inUrl } from '../../protocol/ipv6.js';
import type { ControlStore } from '../../store/types.js';
import { cassandraSettings } from '../../store/settings.js';
import type { ManagerConfig } from '../config.js';
import { LocalMano } from './local.js';
import type { Mano } from './mano.js';

export interface OpenManoDeps {
  readonly store: ControlStore;
  readonly env: NodeJS.ProcessEnv;
  readonly log: Log;
  /** What hosts of a domain are told of its store, as flags. */
  readonly storeFlags: (domain: string) => readonly string[];
}

/** What starts vMD hosts, as the settings say. CONFIG_INVALID where they do not fit. */
export async function openMano(config: ManagerConfig, deps: OpenManoDeps): Promise<Mano> {
  return config.mano === 'osm' ? orchestrated(config, deps) : local(config, deps);
}

function local(config: ManagerConfig, { store, env, storeFlags }: OpenManoDeps): Mano {
  const { 'hosts.from6': from6, 'hosts.launcher': launcher } = config;
  return new LocalMano({
    store,
    command: vmdCommand(),
    flags: domain => [...storeFlags(domain), ...vmdFlags(config)],
    addressesFrom: config['hosts.from'],
    ...(from6 === undefined ? {} : { addresses6From: from6 }),
    ...(launcher === undefined ? {} : { launcher }),
    logDir: config['host.logDir'],
    env: withoutSettings(env),
    ...{ clock: systemClock, timers: systemTimers },
  });
}

async function orchestrated(config: ManagerConfig, { store, log }: OpenManoDeps): Promise<Mano> {
  if (config['store.kind'] !== 'cassandra')
    throw fault('CONFIG_INVALID', 'mano=osm needs store.kind=cassandra: a folder of this machine is none of another');
  const { openOsmMano } = await import('./osm/open.js');
  return openOsmMano(config, {
    store,
    log,
    domains: config['pool.size'].map(([domain]) => domain),
    addressesFrom: config['hosts.from'],
    words: domain => ({
      manager_url: managerUrls(config),
      sdn_url: sdnUrl(config),
      slots: String(config['pool.twinsPerHost']),
      alias_prefix: config['plan.aliasPrefix'],
      lease_ms: leaseMs(config),
      reports_per_s: String(config['limits.reportsPerS']),
      bytes_per_s: String(config['limits.bytesPerS']),
      observers: String(config['limits.observers']),
      db_contact_points: cassandraSettings(config, domain).contactPoints.join(','),
    }),
    ...{ clock: systemClock, timers: systemTimers },
  });
}

/** The same program as this one, run the same way: built (and bundled, which halves the start of a host) or from source. */
export function vmdCommand(): string[] {
  const source = extname(fileURLToPath(import.meta.url)) === '.ts';
  const bin = join(packageRoot(), source ? 'cli/edgetwin.ts' : 'dist/bin/edgetwin.js');
  return [process.execPath, ...process.execArgv, bin, 'vmd'];
}

/** Where hosts say hello: at any of the managers, whichever leads then. */
const managerUrls = (config: ManagerConfig): string => {
  const { listen, 'hosts.manager': urls, 'leader.url': own, 'leader.peers': peers } = config;
  const known = urls.length > 0 ? urls : [own ?? `http://${inUrl(listen.address)}:${listen.port}`, ...peers];
  return known.join(',');
};
const sdnUrl = (config: ManagerConfig): string => config['hosts.sdn'].join(',') || config['sdn.url'];
const leaseMs = (config: ManagerConfig): string => String(Math.max(100, Math.min(600_000, config.leaseMs)));

function vmdFlags(config: ManagerConfig): string[] {
  return [
    ...['--manager', managerUrls(config)],
    ...['--sdn-url', sdnUrl(config)],
    ...['--slots', String(config['pool.twinsPerHost'])],
    ...['--alias-prefix', config['plan.aliasPrefix']],
    ...(config['plan.alias6'] === undefined ? [] : ['--alias6', config['plan.alias6']]),
    ...['--lease-ms', leaseMs(config)],
    ...['--limits-reports-per-s', String(config['limits.reportsPerS'])],
    ...['--limits-bytes-per-s', String(config['limits.bytesPerS'])],
    ...['--limits-observers', String(config['limits.observers'])],
    ...['--log-level', config['log.level']],
  ];
}

/** Settings of this part are not those of the hosts. */
function withoutSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('EDGETWIN_')));
}
