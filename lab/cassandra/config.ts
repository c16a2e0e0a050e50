import { boolean, integer, listOf, oneOf, text, type ConfigOf, type Settings } from '../../common/config.js';

export const SETTINGS = {
  datacentres: {
    parse: listOf(text),
    default: 'edge-1,edge-2,core',
    help: 'one node each; a datacentre has the name of its domain',
  },
  folder: {
    parse: text,
    optional: true,
    help: 'data, keys and logs; one with a cluster’s data goes on with it. Else a temporary one, removed at the end',
  },
  network: {
    parse: oneOf('loopback', 'namespaces'),
    default: 'loopback',
    help: 'namespaces: a network namespace for each node, so that links can be cut; needs root',
  },
  commitlogSync: {
    parse: oneOf('batch', 'group', 'periodic'),
    default: 'batch',
    help: 'when an acknowledged row is on disk; periodic loses acknowledged rows, and services refuse it',
  },
  tls: { parse: boolean, default: 'false', help: 'between nodes, and to clients, who need a certificate' },
  password: { parse: boolean, default: 'false', help: 'clients log in, and have rights by roles' },
  hintWindowMs: {
    parse: integer(0, 86_400_000),
    default: '10800000',
    help: 'how long a node keeps what another one misses',
  },
  heapMb: { parse: integer(128, 8_192), default: '256', help: 'of each node' },
} as const satisfies Settings;

export type ClusterConfig = ConfigOf<typeof SETTINGS>;

/** Which cluster a command is about. */
export const FIND_SETTINGS = {
  folder: { parse: text, optional: true, help: 'of the cluster; may be left out where just one runs' },
} as const satisfies Settings;
