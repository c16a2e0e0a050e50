import type { Clock, Timers } from '../../common/clock.js';
import { tapGpsd, tapSerialInput, type Note } from '../capture/taps.js';
import type { DeviceConfig } from '../config.js';
import type { GpsSource } from './gps-source.js';
import { gpsdSource } from './gpsd-client.js';
import { nmeaSerialSource } from './nmea-serial.js';
import { replaySource } from './replay-source.js';

/** The receiver that the settings name; undefined where they name none. Opens nothing yet. `note` takes all that it will say. */
export async function gpsOf(
  config: Pick<DeviceConfig, 'gpsd' | 'gps.serial' | 'gps.replay' | 'gps.baud'>,
  clock: Clock,
  timers: Timers,
  note?: Note,
): Promise<GpsSource | undefined> {
  const { gpsd, 'gps.serial': serial, 'gps.replay': replay, 'gps.baud': baud } = config;
  if (gpsd !== undefined && note === undefined) return gpsdSource({ ...gpsd, clock });
  if (gpsd !== undefined && note !== undefined)
    return tapGpsd(gpsdSource({ ...gpsd, clock, onLine: line => note({ gpsd: line }) }), note);
  if (replay !== undefined) return replaySource({ path: replay, clock, timers });
  if (serial === undefined) return undefined;
  // Native code, for whoever has a serial port.
  const { openSerialInput } = await import('./serial-input.js');
  return nmeaSerialSource({
    path: serial,
    baud: baud === 'auto' ? 'auto' : Number(baud),
    open: note === undefined ? openSerialInput : tapSerialInput(openSerialInput, note),
    clock,
    timers,
  });
}
