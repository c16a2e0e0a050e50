import { readFile } from 'node:fs/promises';
import type { Clock, Timers } from '../common/clock.js';
import { aborted, Resources } from '../common/lifecycle.js';
import type { Log } from '../common/log.js';
import { Metrics } from '../common/metrics.js';
import type { HostHello } from '../protocol/api/md-manager.js';
import type { StoreHealth } from '../protocol/api/vmd.js';
import { bothFamilies } from '../protocol/coap/both-families.js';
import { secureRandom } from '../protocol/coap/secure-random.js';
import type { DatagramPort } from '../protocol/coap/types.js';
import { openUdpPort } from '../protocol/coap/udp-port.js';
import { METRICS_OF, type MetricName } from '../protocol/metrics.js';
import { openTwinStore } from '../store/open.js';
import { storeOf, type VmdConfig } from './config.js';
import { sayHello } from './hello.js';
import { openVmdHost } from './host.js';
import type { ProofsDeps } from './ingest/proofs.js';
import type { SdnClient } from './ingest/sdn-client.js';

export interface RunDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  /** Called once, when the host serves. */
  readonly ready: (address: string) => void;
}

/** Opens what a host stands on, serves until the signal is aborted, and closes all of it, last first. */
export async function runVmd(config: VmdConfig, deps: RunDeps, signal: AbortSignal): Promise<void> {
  const { clock, timers, log } = deps;
  const metrics = new Metrics<MetricName>(METRICS_OF.vmd, { processMetrics: true });
  await using resources = new Resources();
  let health: StoreHealth | undefined =
    config['store.kind'] === 'lmdb' ? undefined : { state: 'connecting', sinceMs: clock.nowMs(), replication: [] };
  const store = resources.use(
    await openTwinStore(storeOf(config), {
      ...{ clock, timers, random: Math.random, log, metrics },
      onState: ({ at: state, ...rest }) => (health = { replication: health?.replication ?? [], state, ...rest }),
      onLags: lags => {
        if (health !== undefined) health = { ...health, replication: [...lags] };
      },
    }),
  );
  const port = await openPort(config);
  const identity = { pid: process.pid, startTicks: await ownStartTicks() };
  const sdnUrls = config['sdn.url'];
  let sdn: Promise<SdnClient> | undefined;
  const confirm: ProofsDeps['confirm'] = async (vehicle, request) => {
    sdn ??= openSdn(sdnUrls).then(client => resources.use(client));
    return (await sdn).confirm(vehicle, request);
  };
  const host = resources.use(
    await openVmdHost(config, {
      store,
      port,
      clock,
      timers,
      random: secureRandom,
      log,
      metrics,
      ...identity,
      storeHealth: () => health,
      ...(sdnUrls.length === 0 ? {} : { confirm }),
    }),
  );
  log.info({ event: 'service.started', host: config.host, coap: host.coap.local, control: host.ref.control });
  deps.ready(`coap://${host.coap.local.address}:${host.coap.local.port}`);
  const { manager, enrolmentToken: enrolment } = config;
  const hello = { host: host.ref, slots: config.slots, ...identity, ...(enrolment === undefined ? {} : { enrolment }) };
  const told = manager.length === 0 ? Promise.resolve() : tellManager(manager, hello, deps, signal);
  await aborted(signal);
  log.info({ event: 'service.stopping', host: config.host });
  await told;
}

/** One ingest for both families: vehicles may come by either, and by one after the other. */
async function openPort({ address, address6, port }: VmdConfig): Promise<DatagramPort> {
  const ipv4 = await openUdpPort({ address, port });
  if (address6 === undefined) return ipv4;
  try {
    return bothFamilies(ipv4, await openUdpPort({ address: address6, port: ipv4.local.port }));
  } catch (error) {
    await ipv4[Symbol.asyncDispose]();
    throw error;
  }
}

/** Loaded with the first proof: a host starts without a client, and most need none. */
const openSdn = async (urls: readonly string[]): Promise<SdnClient> =>
  (await import('./ingest/sdn-client.js')).openSdnClient(urls);

async function tellManager(
  urls: readonly string[],
  hello: HostHello,
  deps: RunDeps,
  signal: AbortSignal,
): Promise<void> {
  // Loaded now: a host serves before it has anybody to tell.
  const { ManagerClient } = await import('../protocol/api/manager-client.js');
  await using client = new ManagerClient(urls, { connections: 1 });
  const post = (body: HostHello, until: AbortSignal): Promise<void> =>
    client.call('POST', '/v1/hosts', { body, signal: until });
  await sayHello(hello, { post, timers: deps.timers, random: secureRandom, log: deps.log }, signal);
}

/** Field 22 of /proc/self/stat: when this process started, in clock ticks since boot; 0 where there is no /proc. */
async function ownStartTicks(): Promise<number> {
  const stat = await readFile('/proc/self/stat', 'utf8').catch(() => '');
  // The command's name (field 2) may hold spaces and parentheses: fields are counted from its end.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[19] ?? 0);
}
