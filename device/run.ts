import { randomBytes } from 'node:crypto';
import { uptime } from 'node:os';
import { systemClock, systemTimers } from '../common/clock.js';
import { Resources } from '../common/lifecycle.js';
import { openLog } from '../common/log.js';
import { Metrics } from '../common/metrics.js';
import { openHttp } from '../protocol/api/http-server.js';
import { ManagerClient } from '../protocol/api/manager-client.js';
import { countInto } from '../protocol/coap/counts.js';
import { openCoapEndpoint } from '../protocol/coap/endpoint.js';
import { secureRandom } from '../protocol/coap/secure-random.js';
import type { CoapHandler, Peer } from '../protocol/coap/types.js';
import { openUdpPort } from '../protocol/coap/udp-port.js';
import { METRICS_OF, type MetricName } from '../protocol/metrics.js';
import type { AgentStatus } from './agent-deps.js';
import { runAgent } from './agent.js';
import { openRecorder } from './capture/record.js';
import { replayLive } from './capture/replay-live.js';
import { tapClock, tapEndpoint, tapLink, type Note } from './capture/taps.js';
import type { DeviceConfig } from './config.js';
import { systemClockWatch } from './clock/system-clock.js';
import { gpsOf } from './gps/open-gps.js';
import { openLinkOf } from './obd/open-link.js';
import { deviceRoutes } from './routes.js';
import { serviceNotify } from './service-notify.js';
import { openNodeDisk } from './uplink/node-disk.js';
import { openWitnessFile } from './uplink/witness.js';

const KEY_BYTES = 16;

/**
 * Runs the agents of one process, each with a socket, a folder and a car of its own, until the signal is aborted.
 * `onReady` is called once, when every socket is bound; by `env` it is told to systemd, too. One agent that fails ends all: whoever started us restarts us.
 */
export async function runDevices(
  configs: readonly DeviceConfig[],
  signal: AbortSignal,
  onReady: (addresses: readonly string[]) => void,
  env: NodeJS.ProcessEnv = {},
): Promise<void> {
  await using resources = new Resources();
  const [first] = configs;
  const metrics = new Metrics<MetricName>(METRICS_OF.device, { processMetrics: first?.['process.metrics'] ?? true });
  const stop = new AbortController();
  const running = AbortSignal.any([signal, stop.signal]);
  const statuses = new Map<string, () => AgentStatus>();
  const addresses: string[] = [];
  const notify = serviceNotify({
    env,
    timers: systemTimers,
    log: openLog('device', first?.['log.level']),
  });
  let isSampling = true;
  const listen = first?.['http.listen'];
  if (listen !== undefined) {
    const routes = deviceRoutes({
      statuses: () => [...statuses.values()].map(tell => tell()),
      setSampling: on => (isSampling = on),
    });
    const log = openLog('device', first?.['log.level']);
    resources.use(await openHttp({ part: 'device', listen, routes, log, metrics }));
  }
  const agents = configs.map(config =>
    openAgent(config, metrics, running, {
      onReady: address => {
        addresses.push(address);
        if (addresses.length < configs.length) return;
        notify.ready();
        onReady(addresses);
      },
      onStatus: status => statuses.set(config.vehicle, status),
      isSampling: () => isSampling,
    }),
  );
  try {
    await Promise.all(agents);
  } finally {
    notify.stop();
    stop.abort(new Error('another agent of this process failed'));
    await Promise.allSettled(agents);
  }
}

async function openAgent(
  config: DeviceConfig,
  metrics: Metrics<MetricName>,
  signal: AbortSignal,
  hooks: NonNullable<Parameters<typeof runAgent>[3]>,
): Promise<void> {
  await using resources = new Resources();
  const clock = systemClock;
  const timers = systemTimers;
  const random = secureRandom;
  const log = openLog(`device/${config.vehicle}`, config['log.level']);
  const { witness } = config;
  const onCount = countInto(metrics);
  const disk = resources.use(await openNodeDisk(config.state));
  const around = {
    random,
    log,
    metrics,
    newKey: () => randomBytes(KEY_BYTES).toString('hex'),
    disk,
    manager: resources.use(new ManagerClient(config['manager.url'], { connections: 1 })),
    openEndpoint: async (bind: Peer, handler: CoapHandler) => {
      const port = await openUdpPort({ ...bind, onError: () => onCount('socketError') });
      return openCoapEndpoint({ port, handler, clock, timers, random, log, onCount });
    },
    ...(witness === undefined ? {} : { witness: resources.use(await openWitnessFile(witness)) }),
  };
  if (config.replay !== undefined) {
    await replayLive(
      config,
      (world, until, watched) => runAgent(config, { ...around, ...world }, until, watched),
      signal,
      hooks,
    );
    return;
  }
  const recorder = await openRecorder(config, { clock, timers, log, disk });
  if (recorder !== undefined) resources.use(recorder);
  const note: Note | undefined = recorder === undefined ? undefined : line => recorder.note(line);
  const openLink = openLinkOf(config, timers);
  const openObdLink = openLink === undefined || note === undefined ? openLink : tapLink(openLink, note);
  const gps = await gpsOf(config, clock, timers, note);
  const watch = systemClockWatch(clock);
  await runAgent(
    config,
    {
      ...around,
      clock,
      timers,
      openEndpoint: note === undefined ? around.openEndpoint : tapEndpoint(around.openEndpoint, note),
      isSystemClockSynchronised: note === undefined ? watch : tapClock(watch, clock, note),
      sinceStartMs: () => uptime() * 1_000,
      ...(openObdLink === undefined ? {} : { openObdLink }),
      ...(gps === undefined ? {} : { gps }),
    },
    signal,
    hooks,
  );
}
