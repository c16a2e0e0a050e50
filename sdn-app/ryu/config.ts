import {
  boolean,
  hostPort,
  integer,
  listOf,
  loadConfig,
  text,
  type ConfigInput,
  type ConfigOf,
  type Parse,
} from '../../common/config.js';

/** Text that is ADDRESS:PORT; it goes to Ryu as it stands. */
const addressText: Parse<string> = value => {
  hostPort(value);
  return value;
};
const addressOrPath: Parse<string> = value => {
  if (value.startsWith('/')) return value;
  try {
    return addressText(value);
  } catch {
    throw new Error('ADDRESS:PORT or the path of a socket');
  }
};

export const SETTINGS = {
  openflow: { parse: addressText, default: '127.0.0.1:6653', help: 'ADDRESS:PORT where switches connect to' },
  listen: {
    parse: addressOrPath,
    default: '127.0.0.1:8080',
    help: 'ADDRESS:PORT, or PATH of a Unix socket, of the WebSocket and of ofctl_rest',
  },
  switches: {
    parse: listOf(addressText),
    default: '',
    help: 'ADDRESS:PORT,… of switches that wait for their controller',
  },
  echoIntervalMs: {
    parse: integer(10, 60_000),
    default: '1000',
    help: 'time between two echo requests to a switch',
  },
  echoMisses: {
    parse: integer(0, 100),
    default: '2',
    help: 'so many may be unanswered; with one more a switch is given up (0: never)',
  },
  venv: {
    parse: text,
    optional: true,
    help: 'DIR of the virtual environment, made on first use (default in ~/.cache)',
  },
  python: { parse: text, default: 'python3', help: 'Python 3.11 or later that makes it' },
  installOnly: { parse: boolean, default: 'false', help: 'makes the virtual environment and ends' },
} as const;

export type RyuConfig = ConfigOf<typeof SETTINGS>;

export const ryuConfig = (input: ConfigInput): RyuConfig => loadConfig(SETTINGS, input);
