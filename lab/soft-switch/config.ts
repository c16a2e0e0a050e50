import {
  hostPort,
  integer,
  listOf,
  loadConfig,
  oneOf,
  text,
  type ConfigInput,
  type ConfigOf,
  type Parse,
} from '../../common/config.js';

/** `20=127.0.0.1:7003` */
const trunk: Parse<readonly [number, ReturnType<typeof hostPort>]> = value => {
  const [port, end] = value.split('=');
  if (port === undefined || end === undefined) throw new Error('PORT=ADDRESS:PORT');
  return [integer(1, 2_047)(port), hostPort(end)];
};

export const SETTINGS = {
  listen: { parse: hostPort, default: '127.0.0.1:7003', help: 'ADDRESS:PORT (UDP) for frames of mobile routers' },
  control: { parse: hostPort, default: '127.0.0.1:7004', help: 'ADDRESS:PORT (TCP) of the control channel' },
  http: { parse: hostPort, optional: true, help: 'ADDRESS:PORT of /metrics and /healthz; absent: none' },
  radio: { parse: hostPort, default: '127.0.0.1:7007', help: 'ADDRESS:PORT (UDP) of the mobile routers' },
  trunks: {
    parse: listOf(trunk),
    default: '',
    help: 'PORT=ADDRESS:PORT,…: where the switches at the other ends of its trunks listen for frames',
  },
  topology: { parse: text, help: 'FILE with domains, switches and access points (YAML or JSON)' },
  datapath: { parse: integer(1, 15), default: '1', help: 'number of this switch in the topology' },
  socketsMax: { parse: integer(1, 100_000), default: '8192', help: 'pairs of alias and tag that are open at once' },
  'log.level': {
    parse: oneOf('debug', 'info', 'warn', 'error', 'silent'),
    default: 'info',
    help: 'least level that is logged',
  },
} as const;

export type LabSwitchConfig = ConfigOf<typeof SETTINGS>;

export const labSwitchConfig = (input: ConfigInput): LabSwitchConfig => loadConfig(SETTINGS, input);
