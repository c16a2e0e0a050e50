import { hostPort, oneOf, text, url, type ConfigOf, type Settings } from '../common/config.js';

export const SETTINGS = {
  listen: { parse: hostPort, default: '127.0.0.1:8080', help: 'ADDRESS:PORT of REST, stream and fleet page' },
  store: { parse: text, help: 'folder of the twin store of core' },
  'manager.url': { parse: url('http:', 'https:'), help: 'base URL of md-manager' },
  topology: { parse: text, help: 'YAML file with domains, switch ports and access points' },
  'coap.bind': { parse: text, default: '127.0.0.1', help: 'address from which twins are asked' },
  'log.level': {
    parse: oneOf('debug', 'info', 'warn', 'error', 'silent'),
    default: 'info',
    help: 'debug, info, warn, error or silent',
  },
} as const satisfies Settings;

export type AnalyticsConfig = ConfigOf<typeof SETTINGS>;
