import {
  hostPort,
  listOf,
  oneOf,
  text,
  url,
  type ConfigOf,
  type Parse,
  type Settings,
} from '../../../common/config.js';

/** `edge-1=openstack-a`: which VIM account of the orchestrator is a domain's. */
const vimOf: Parse<readonly [domain: string, vim: string]> = value => {
  const [domain = '', vim = '', ...more] = value.split('=');
  if (domain === '' || vim === '' || more.length > 0) throw new Error('<domain>=<name of its VIM account>');
  return [domain, vim];
};

/** How Open Source MANO is reached, and what is ordered there. */
export const OSM_SETTINGS = {
  'osm.url': { parse: url('http:', 'https:'), optional: true, help: 'northbound interface, https://HOST:9999/osm' },
  'osm.user': { parse: text, default: 'admin', help: 'user of the orchestrator' },
  'osm.passwordFile': { parse: text, optional: true, help: 'file with its password' },
  'osm.project': { parse: text, default: 'admin', help: 'project, by name or id: bounds all that is seen there' },
  'osm.trust': {
    parse: oneOf('system', 'ca', 'insecure'),
    default: 'system',
    help: 'whose certificates are believed: the system’s authorities, those of osm.caFile alone, or anybody’s',
  },
  'osm.caFile': { parse: text, optional: true, help: 'PEM file for osm.trust=ca' },
} as const satisfies Settings;

/** What orders of vMD hosts say beyond that. */
export const OSM_ORDER_SETTINGS = {
  'osm.deployment': { parse: text, default: 'edgetwin', help: 'names begin with it; one for each installation' },
  'osm.vims': { parse: listOf(vimOf), default: '', help: 'VIM account of each domain, <domain>=<name>, …' },
  'osm.callback': {
    parse: hostPort,
    optional: true,
    help: 'ADDRESS:PORT where the orchestrator may tell of instantiations that end; they are looked at anyway',
  },
  'osm.network': { parse: text, default: 'twins', help: 'name of the network of the vMD hosts at every VIM' },
} as const satisfies Settings;

export type OsmConfig = ConfigOf<typeof OSM_SETTINGS>;
export type OsmOrderConfig = ConfigOf<typeof OSM_ORDER_SETTINGS>;
