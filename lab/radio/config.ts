import { hostPort, integer, number, oneOf, text, type ConfigOf, type Settings } from '../../common/config.js';
import { DRIVE_SETTINGS } from '../drive/drive-settings.js';

export const SETTINGS = {
  ...DRIVE_SETTINGS,
  topology: { parse: text, help: 'YAML or JSON file with switch ports and access points' },
  firstNumber: {
    parse: integer(1, 1_048_575),
    help: 'number of the first vehicle: twin addresses from here on are bound',
  },
  switch: { parse: hostPort, help: 'where the switch takes frames (UDP)' },
  listen: { parse: hostPort, help: 'where frames from the switch come in (UDP)' },
  http: { parse: hostPort, help: 'where the radio is seen and controlled' },
  manager: { parse: hostPort, help: 'md-manager, to which the cars’ TCP is relayed' },
  hysteresis: { parse: number(0, 1), default: '0.1', help: 'how much better another access point must be, in ranges' },
  lost: { parse: number(1, 100), default: '1.25', help: 'ranges from the nearest access point at which radio is lost' },
  logLevel: {
    parse: oneOf('debug', 'info', 'warn', 'error', 'silent'),
    default: 'info',
    help: 'least level that is logged',
  },
} as const satisfies Settings;

export type RadioConfig = ConfigOf<typeof SETTINGS>;
