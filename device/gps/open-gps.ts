import type { Clock, Timers } from '../../common/clock.js';
import type { DeviceConfig } from '../config.js';
import type { GpsSource } from './gps-source.js';
import { gpsdSource } from './gpsd-client.js';
import { nmeaSerialSource } from './nmea-serial.js';
import { replaySource } from './replay-source.js';

/** The receiver that the settings name; undefined where they name none. Opens nothing yet. */
export async function gpsOf(config: DeviceConfig, clock: Clock, timers: Timers): Promise<GpsSource | undefined> {
  const { gpsd, 'gps.serial': serial, 'gps.replay': replay, 'gps.baud': baud } = config;
  if (gpsd !== undefined) return gpsdSource({ ...gpsd, clock });
  if (replay !== undefined) return replaySource({ path: replay, clock, timers });
  if (serial === undefined) return undefined;
  // Native code, for whoever has a serial port.
  const { openSerialInput } = await import('./serial-input.js');
  return nmeaSerialSource({
    path: serial,
    baud: baud === 'auto' ? 'auto' : Number(baud),
    open: openSerialInput,
    clock,
    timers,
  });
}
