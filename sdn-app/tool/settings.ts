import { boolean, integer, oneOf, text, url, type ConfigOf, type Settings } from '../../common/config.js';

export const SETTINGS = {
  sdn: {
    parse: url('http:', 'https:'),
    default: 'http://127.0.0.1:7002',
    help: 'base URL of an sdn-app; a stand-by leads to the active one',
  },
  json: { parse: boolean, default: 'false', help: 'print what the API answered, as JSON' },
  vehicle: { parse: text, optional: true, help: 'flows, moves: of this vehicle alone' },
  limit: { parse: integer(1, 1_000), default: '20', help: 'moves: at most so many' },
  from: {
    parse: oneOf('port', 'elsewhere', 'stranger'),
    default: 'port',
    help: 'trace: from where the vehicle is, from another port, or from an unknown source at its port',
  },
  host: {
    parse: boolean,
    default: 'false',
    help: 'check: of this machine instead: checksum errors and offload, to be run where vMD hosts are',
  },
} as const satisfies Settings;

export type ToolConfig = ConfigOf<typeof SETTINGS>;
