import { boolean, integer, number, oneOf, text, type ConfigOf, type Settings } from '../../common/config.js';

/** Above this many cars, ten agents share a process and report once a second. */
export const CARS_WITH_OWN_PROCESS = 5;

export const SETTINGS = {
  drive: {
    parse: text,
    default: 'drive-17',
    help: 'recording to drive: a CSV file, or the name of one that comes along (drive-06, drive-17)',
  },
  cars: { parse: integer(1, 50), default: '3', help: 'how many cars; car i starts i × 5 s of drive time later' },
  speed: {
    parse: number(0.1, 100),
    default: '1',
    help: 'moves the cars this many times as fast; time stamps stay those of the clock',
  },
  once: {
    parse: boolean,
    default: 'false',
    help: 'drive once, audit, print the outcome and exit: 0 if every guarantee held',
  },
  ui: { parse: boolean, default: 'true', help: 'the terminal view (--no-ui for plain lines)' },
  json: { parse: text, optional: true, help: 'with --once: also write the outcome to this file, as JSON' },
  topology: {
    parse: text,
    optional: true,
    help: 'YAML file with domains, switch ports and access points; else laid along the drive',
  },
  store: {
    parse: oneOf('lmdb', 'cassandra'),
    default: 'lmdb',
    help: 'cassandra: a cluster on this machine with a datacentre for each domain, started and stopped with the demo',
  },
  data: {
    parse: text,
    optional: true,
    help: 'folder for stores, outboxes and logs; kept, and gone on with by the next start; else a temporary one, removed at the end',
  },
  httpPort: {
    parse: integer(0, 65_535),
    default: '8080',
    help: 'port of the fleet page on 127.0.0.1; the next free one where it is taken',
  },
  lagMs: { parse: integer(0, 600_000), default: '50', help: 'replication lag between the domains' },
  turnAroundMs: { parse: integer(0, 1_000), default: '20', help: 'turn-around time of the cars’ OBD adapters' },
} as const satisfies Settings;

export type DemoConfig = ConfigOf<typeof SETTINGS>;
