import { boolean, integer, listOf, text, url, type ConfigOf, type Settings } from '../../common/config.js';
import { STORE_SETTINGS } from '../settings.js';

export const SETTINGS = {
  stores: { parse: listOf(text), default: '', help: 'folders of the domains’ stores, by commas; with lmdb' },
  control: { parse: text, optional: true, help: 'folder of the control store; with lmdb' },
  ...STORE_SETTINGS,
  domains: {
    parse: listOf(text),
    default: '',
    help: 'with cassandra: domains whose rows are read and compared; absent: all that have replicas',
  },
  witness: { parse: listOf(text), default: '', help: 'witness files of devices, by commas' },
  marks: { parse: listOf(text), default: '', help: 'JSON files with the devices’ marks (one object, or a list)' },
  manager: { parse: url('http:', 'https:'), optional: true, help: 'base URL of md-manager, to ask it and the hosts' },
  sdn: { parse: url('http:', 'https:'), optional: true, help: 'base URL of sdn-app, to ask for flows' },
  settleMs: {
    parse: integer(0, 600_000),
    default: '3000',
    help: 'time that slots and flows of ended hand-overs have to be released',
  },
  ranges: { parse: integer(1, 65_536), default: '256', help: 'parts in which the histories are read' },
  resume: {
    parse: text,
    optional: true,
    help: 'file that keeps what is read: an audit that was interrupted goes on from there; removed when it is made',
  },
  json: { parse: boolean, default: 'false', help: 'print the result as JSON' },
} as const satisfies Settings;

export type AuditConfig = ConfigOf<typeof SETTINGS>;
