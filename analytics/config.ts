import { hostPort, integer, oneOf, someOf, text, url, type ConfigOf, type Settings } from '../common/config.js';
import { fault } from '../protocol/errors.js';
import type { TwinStoreSettings } from '../store/open.js';
import { cassandraSettings, STORE_SETTINGS } from '../store/settings.js';

export const SETTINGS = {
  listen: { parse: hostPort, default: '127.0.0.1:8080', help: 'ADDRESS:PORT of REST, stream and fleet page' },
  store: { parse: text, optional: true, help: 'folder of the twin store of core; with lmdb' },
  ...STORE_SETTINGS,
  'manager.url': { parse: someOf(url('http:', 'https:')), help: 'base URL of md-manager, or of several' },
  topology: { parse: text, help: 'YAML file with domains, switch ports and access points' },
  'rollups.path': {
    parse: text,
    optional: true,
    help: 'folder of the roll-ups of history, analytics’ own; without it wide spans are read report by report',
  },
  'rollups.keep10sDays': { parse: integer(1, 36_500), default: '30', help: 'days for which roll-ups of 10 s are kept' },
  'rollups.keep5minDays': {
    parse: integer(1, 36_500),
    default: '730',
    help: 'days for which roll-ups of 5 min are kept',
  },
  'page.tiles': {
    parse: text,
    optional: true,
    help: 'http(s)://HOST/…{z}…{x}…{y}… of a tile service under the fleet; without it the page needs no network',
  },
  'page.tilesAttribution': {
    parse: text,
    optional: true,
    help: 'whom to thank for the tiles; required with page.tiles',
  },
  'coap.bind': { parse: text, default: '127.0.0.1', help: 'address from which twins are asked' },
  'log.level': {
    parse: oneOf('debug', 'info', 'warn', 'error', 'silent'),
    default: 'info',
    help: 'debug, info, warn, error or silent',
  },
} as const satisfies Settings;

export type AnalyticsConfig = ConfigOf<typeof SETTINGS>;

/** Analytics reads the copy of `core`. */
export const DOMAIN = 'core';

/** The store that the settings name. CONFIG_INVALID where they do not name one. */
export function storeOf(config: AnalyticsConfig): TwinStoreSettings {
  if (config['store.kind'] === 'cassandra')
    return { kind: 'cassandra', domain: DOMAIN, cassandra: cassandraSettings(config, DOMAIN) };
  if (config.store === undefined) throw fault('CONFIG_INVALID', 'store is required where store.kind is lmdb');
  return { kind: 'lmdb', domain: DOMAIN, path: config.store, journal: false };
}
