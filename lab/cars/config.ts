import { hostPort, integer, oneOf, type ConfigOf, type Settings } from '../../common/config.js';
import { DRIVE_SETTINGS } from '../drive/drive-settings.js';

export const SETTINGS = {
  ...DRIVE_SETTINGS,
  turnAroundMs: { parse: integer(0, 60_000), default: '20', help: 'milliseconds from a request to the car’s answer' },
  http: { parse: hostPort, optional: true, help: 'where /metrics is served; without it, nowhere' },
  logLevel: {
    parse: oneOf('debug', 'info', 'warn', 'error', 'silent'),
    default: 'info',
    help: 'least level that is logged',
  },
} as const satisfies Settings;

export type CarsConfig = ConfigOf<typeof SETTINGS>;
