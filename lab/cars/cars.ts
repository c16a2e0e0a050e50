import type { Clock, Timers } from '../../common/clock.js';
import { Resources, aborted } from '../../common/lifecycle.js';
import type { Log } from '../../common/log.js';
import type { Metrics } from '../../common/metrics.js';
import { openHttp } from '../../protocol/api/http-server.js';
import type { MetricName } from '../../protocol/metrics.js';
import { openElm327Server } from '../car/elm327-server.js';
import { labVin } from '../car/vin.js';
import { driveTimeMs, type DriveClock } from '../drive/drive-clock.js';
import { openDrive } from '../drive/drive-file.js';
import { EngineModel } from '../drive/engine-model.js';
import { fixIntervalMs, openGpsdServer } from '../gps/gpsd-server.js';
import { blockAddresses } from '../network/loopback-block.js';
import type { CarsConfig } from './config.js';

export interface CarsDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly log: Log;
  readonly metrics: Metrics<MetricName>;
  /** Called once all cars answer, with the address of the first adapter. */
  ready(where: string): void;
}

/** Ports as real adapters and gpsd have them, on an address of each car's own. */
export const ELM_PORT = 35_000;
export const GPSD_PORT = 2947;

/** All cars of a run: an OBD adapter and a gpsd each, moving along the drive, until the signal is aborted. */
export async function runCars(config: CarsConfig, deps: CarsDeps, signal: AbortSignal): Promise<void> {
  const { clock, timers, log, metrics } = deps;
  await using resources = new Resources();
  const drive = await openDrive(config.drive);
  const engine = new EngineModel(drive);
  const driveClock: DriveClock = { startAtMs: config.startAt, speed: config.speed };
  const addresses = blockAddresses(config.block);
  for (let car = 0; car < config.cars; car++) {
    const address = addresses.carAddress(car);
    const driveMs = (): number => driveTimeMs(driveClock, car, clock.nowMs());
    resources.use(
      await openElm327Server({
        listen: { address, port: ELM_PORT },
        car: { vin: labVin(car), values: () => engine.at(driveMs()) },
        turnAroundMs: config.turnAroundMs,
        timers,
        log,
        metrics,
      }),
    );
    resources.use(
      await openGpsdServer({
        listen: { address, port: GPSD_PORT },
        moment: () => drive.at(driveMs()),
        intervalMs: fixIntervalMs(config.speed),
        clock,
        timers,
        log,
        metrics,
      }),
    );
  }
  if (config.http !== undefined)
    resources.use(await openHttp({ part: 'lab-cars', listen: config.http, routes: [], log, metrics }));
  log.info({ event: 'service.started', cars: config.cars, drive: config.drive, drivesS: drive.durationMs / 1_000 });
  deps.ready(`${addresses.carAddress(0)}:${ELM_PORT}`);
  await aborted(signal);
  log.info({ event: 'service.stopping' });
}
