import { every, type Clock, type Timers } from '../../common/clock.js';
import { Resources, aborted } from '../../common/lifecycle.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import { openHttp } from '../../protocol/api/http-server.js';
import type { SseStream } from '../../protocol/api/sse.js';
import type { MetricName } from '../../protocol/metrics.js';
import { readTopology } from '../../protocol/topology-file.js';
import { openDrive } from '../drive/drive-file.js';
import { blockAddresses } from '../network/loopback-block.js';
import type { RadioConfig } from './config.js';
import { Fleet, type Change } from './fleet.js';
import { Relay } from './relay.js';
import { Routers } from './routers.js';
import { eventOf, radioRoutes } from './routes.js';

export interface RadioDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
  /** Called once frames are carried, with the URL of the control API. */
  ready(url: string): void;
}

/** Port of md-manager on every car's own address. */
export const RELAY_PORT = 7001;
/** Time between two looks at where the cars are: shorter where they move faster than they did. */
const UPDATE_MS = 100;
const LEAST_UPDATE_MS = 20;

/** Access points and the mobile routers of all cars, until the signal is aborted. */
export async function runRadio(config: RadioConfig, deps: RadioDeps, signal: AbortSignal): Promise<void> {
  const { clock, timers, log, metrics } = deps;
  await using resources = new Resources();
  const topology = readTopology(config.topology);
  const drive = await openDrive(config.drive);
  const driveClock = { startAtMs: config.startAt, speed: config.speed };
  const rule = { hysteresis: config.hysteresis, lost: config.lost };
  const fleet = new Fleet(drive, driveClock, config.cars, topology, rule);
  const readers = new Set<SseStream>();
  const relays: Relay[] = [];
  const announce = (changes: readonly Change[]): void => {
    for (const change of changes) {
      const event = eventOf(change);
      metrics.count('radio_attachment_changes_total');
      log.info({ event: 'radio.attached', ...event });
      if (change.to === undefined) relays[change.car]?.cut();
      for (const reader of readers) reader.send('attachment', event);
    }
  };
  announce(fleet.update(clock.nowMs()));
  const addresses = blockAddresses(config.block);
  const routers = resources.use(await Routers.open({ ...config, fleet, clock, timers, log, metrics }));
  for (let car = 0; car < config.cars; car++) {
    const relay = await Relay.open({
      listen: { address: addresses.carAddress(car), port: RELAY_PORT },
      to: config.manager,
      attached: () => fleet.car(car)?.place !== undefined,
      log,
      metrics,
    });
    relays.push(resources.use(relay));
  }
  const routes = radioRoutes({
    fleet,
    routers,
    readers,
    wish: (car, wish) => announce(fleet.wish(car, wish, clock.nowMs())),
  });
  const http = resources.use(await openHttp({ part: 'lab-radio', listen: config.http, routes, log, metrics }));
  const periodMs = Math.min(UPDATE_MS, Math.max(LEAST_UPDATE_MS, UPDATE_MS / config.speed));
  resources.defer(every(timers, periodMs, () => announce(fleet.update(clock.nowMs()))));
  log.info({ event: 'service.started', url: http.url, cars: config.cars, accessPoints: topology.accessPoints.length });
  deps.ready(http.url);
  await aborted(signal);
  log.info({ event: 'service.stopping' });
}
