import {
  hostPort,
  integer,
  listOf,
  oneOf,
  text,
  type ConfigOf,
  type Parse,
  type Settings,
} from '../../common/config.js';

export interface NamedStore {
  readonly domain: string;
  readonly path: string;
}

/** `domain=DIR`. */
export const namedStore: Parse<NamedStore> = value => {
  const found = /^([a-z0-9-]{1,32})=(.+)$/.exec(value);
  if (found?.[1] === undefined || found[2] === undefined) throw new Error('DOMAIN=DIR');
  return { domain: found[1], path: found[2] };
};

export const SETTINGS = {
  stores: { parse: listOf(namedStore), help: 'the domains with the folders of their stores: edge-1=DIR,edge-2=DIR' },
  control: { parse: text, optional: true, help: 'folder of the control store, for the device rows' },
  lagMs: { parse: integer(0, 600_000), default: '50', help: 'age at which a row is copied' },
  listen: { parse: hostPort, default: '127.0.0.1:7006', help: 'ADDRESS:PORT of the HTTP control' },
  'log.level': {
    parse: oneOf('debug', 'info', 'warn', 'error', 'silent'),
    default: 'info',
    help: 'debug, info, warn, error or silent',
  },
} as const satisfies Settings;

export type ReplicatorConfig = ConfigOf<typeof SETTINGS>;
