import { boolean, integer, oneOf, text, type ConfigOf, type Settings } from '../../../common/config.js';
import { CASSANDRA_SETTINGS } from '../../settings.js';
import { replicationSetting } from '../replication.js';
import type { RetentionSettings } from '../schema/table-options.js';

export const SETTINGS = {
  'store.kind': {
    parse: oneOf('cassandra'),
    default: 'cassandra',
    help: 'so that one file of settings serves every part; an embedded store needs none of this',
  },
  ...CASSANDRA_SETTINGS,
  'twin.replication': {
    parse: replicationSetting,
    optional: true,
    help: 'replicas of reports and live values, DATACENTRE=REPLICAS by commas; else as it is, at first three in each',
  },
  'control.replication': {
    parse: replicationSetting,
    optional: true,
    help: 'replicas of ownership, in an odd number of datacentres; else as it is, at first as twin.replication',
  },
  'history.ttlDays': {
    parse: integer(0, 7_000),
    default: '365',
    help: 'days that reports are kept; 0: for ever. Changing it holds for reports that come from then on',
  },
  'history.windowDays': {
    parse: integer(1, 365),
    default: '7',
    help: 'days of reports that are compacted together; some 20 to 60 windows should make up the time that they are kept',
  },
  graceDays: {
    parse: integer(1, 365),
    default: '10',
    help: 'gc_grace: days within which every replica is repaired once',
  },
  'repair.ranges': { parse: integer(1, 1_000_000), default: '256', help: 'token ranges by which a table is read' },
  'repair.atOnce': { parse: integer(1, 64), default: '4', help: 'ranges that are read at once' },
  nodetool: {
    parse: text,
    optional: true,
    help: "repair by `nodetool repair` instead of by reading: the command for one node, like 'nodetool -h {address}'",
  },
  'roles.folder': { parse: text, default: 'roles', help: 'folder for the passwords of the services’ roles' },
  json: { parse: boolean, default: 'false', help: 'print the result as JSON' },
} as const satisfies Settings;

export type StoreAdminConfig = ConfigOf<typeof SETTINGS>;

export const retentionOf = (config: StoreAdminConfig): RetentionSettings => ({
  historyTtlDays: config['history.ttlDays'],
  historyWindowDays: config['history.windowDays'],
  graceDays: config.graceDays,
});
