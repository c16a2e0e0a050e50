import { hostPort, integer, listOf, number, oneOf, text, type ConfigOf } from '../../common/config.js';
import { parseRates } from '../sampling/scheduler.js';
import { PROTOCOL_NUMBERS } from './bus.js';
import type { TextName } from './types.js';

/** Settings of the way to the car. */
export const OBD_SETTINGS = {
  'obd.tcp': { parse: hostPort, optional: true, help: 'ELM327 adapter, ADDRESS:PORT (Wi-Fi adapters: port 35000)' },
  'obd.serial': {
    parse: text,
    optional: true,
    help: 'instead of it: ELM327 adapter on this serial port, best /dev/serial/by-id/…; auto takes what is plugged in there',
  },
  'obd.baud': {
    parse: oneOf('auto', '9600', '19200', '38400', '57600', '115200', '230400'),
    default: 'auto',
    help: 'its speed; auto tries the usual ones',
  },
  'obd.protocol': {
    parse: oneOf('auto', ...PROTOCOL_NUMBERS),
    default: 'auto',
    help: 'bus of the car, by the number of the ELM327: 1, 2 J1850; 3 ISO 9141; 4, 5 KWP; 6 to 9 CAN (11/500, 29/500, 11/250, 29/250)',
  },
  'obd.timeoutMs': { parse: integer(50, 60_000), default: '1000', help: 'how long the car may take to answer' },
  'obd.fastHz': { parse: number(0.1, 20), default: '5', help: 'samples a second of the fast tier' },
  'obd.rates': {
    parse: parseRates,
    default: '',
    help: 'signals with another tier than theirs: NAME=fast|medium|slow|off[:PRIORITY], with commas between',
  },
  'obd.texts': {
    parse: listOf(oneOf<TextName>('dtc', 'dtcp', 'vin', 'cal', 'cvn', 'ecun')),
    default: 'dtc,dtcp,cal,cvn,ecun',
    help: 'what is reported of services 03, 07 and 09; the VIN only where it is listed',
  },
  'obd.runningV': {
    parse: number(0, 60),
    default: '13.1',
    help: 'volts at the adapter from which on the engine runs (24 V: 26.4); below it, with the engine off, the car is left alone',
  },
  'obd.parkAfterMs': { parse: integer(1_000, 3_600_000), default: '10000', help: 'after so long' },
  'obd.probeMs': {
    parse: integer(1_000, 86_400_000),
    default: '300000',
    help: 'most time between two questions to a parked car where the adapter cannot measure, or says that the engine runs',
  },
} as const;

export type ObdConfig = ConfigOf<typeof OBD_SETTINGS>;
