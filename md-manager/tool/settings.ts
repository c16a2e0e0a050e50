import { userInfo } from 'node:os';
import { boolean, integer, text, url, type ConfigOf, type Settings } from '../../common/config.js';

export const SETTINGS = {
  manager: {
    parse: url('http:'),
    default: 'http://127.0.0.1:7001',
    help: 'base URL of an md-manager; one that does not lead sends on to the one that does',
  },
  json: { parse: boolean, default: 'false', help: 'print what the API answered, as JSON' },
  vehicle: { parse: text, optional: true, help: 'handovers: of this vehicle alone' },
  limit: { parse: integer(1, 10_000), default: '20', help: 'handovers: at most so many, newest first' },
  cancel: {
    parse: boolean,
    default: 'false',
    help: 'drain: the host is kept after all; twins that have left stay away',
  },
  waitS: {
    parse: integer(0, 86_400),
    default: '60',
    help: 'handover, drain: how long the end is waited for; 0: not at all',
  },
} as const satisfies Settings;

export type ToolConfig = ConfigOf<typeof SETTINGS>;

/** Who orders, for the audit log. */
export const byWhom = (): string => `${userInfo().username} (edgetwin manager)`;
