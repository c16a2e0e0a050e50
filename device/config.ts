import {
  boolean,
  hostPort,
  integer,
  loadConfig,
  number,
  oneOf,
  someOf,
  text,
  url,
  type ConfigInput,
  type ConfigOf,
  type Parse,
} from '../common/config.js';
import { CONFIG_INVALID, EdgetwinError } from '../common/errors.js';
import { isIpv6 } from '../protocol/ipv6.js';
import { VEHICLE_ID } from '../protocol/report.js';
import { CAPTURE_SETTINGS } from './capture/settings.js';
import { OBD_SETTINGS } from './obd/settings.js';
import { FUEL_SETTINGS } from './sampling/fuel-settings.js';
import { parseThresholds } from './sampling/thresholds.js';

const vehicle: Parse<string> = value => {
  if (!VEHICLE_ID.test(value)) throw new Error('1 to 32 of a-z, 0-9 and -');
  return value;
};

/** Like `hostPort`, but port 0 takes a free one. */
const bindAddress: Parse<{ readonly address: string; readonly port: number }> = value =>
  value.endsWith(':0') ? { ...hostPort(`${value.slice(0, -1)}1`), port: 0 } : hostPort(value);

export const SETTINGS = {
  vehicle: { parse: vehicle, help: 'id of the vehicle; never its VIN' },
  state: { parse: text, help: 'folder for key, registration and outbox' },
  ...OBD_SETTINGS,
  gpsd: { parse: hostPort, optional: true, help: 'gpsd, ADDRESS:PORT (port 2947)' },
  'gps.serial': {
    parse: text,
    optional: true,
    help: 'instead of gpsd: a receiver that speaks NMEA 0183 on this port (best /dev/serial/by-id/…)',
  },
  'gps.baud': {
    parse: oneOf('auto', '4800', '9600', '19200', '38400', '57600', '115200'),
    default: 'auto',
    help: 'its speed; auto tries the usual ones',
  },
  'gps.replay': {
    parse: text,
    optional: true,
    help: 'instead of both: a recording, gpsd JSON lines or NMEA 0183, at its own pace',
  },
  'gps.plausibleSpeedKmh': {
    parse: number(1, 2_000),
    default: '400',
    help: 'a position that needs a higher speed is dropped',
  },
  'gps.plausibleSpeedFactor': {
    parse: number(1, 1_000),
    default: '1',
    help: 'multiplies it, where a recording is driven faster than it was',
  },
  ...CAPTURE_SETTINGS,
  'manager.url': { parse: someOf(url('http:', 'https:')), help: 'URL of md-manager, or of several, for registration' },
  'uplink.family': {
    parse: oneOf('ipv4', 'ipv6'),
    default: 'ipv4',
    help: 'over which of its twin addresses the vehicle reports; ipv6 needs a network that has them',
  },
  'uplink.bind': {
    parse: bindAddress,
    default: '0.0.0.0:0',
    help: 'the one UDP source ADDRESS:PORT; 0.0.0.0 is every address of uplink.family',
  },
  'uplink.parallel': { parse: integer(1, 64), default: '8', help: 'datagrams of reports under way at once' },
  'uplink.batchMax': {
    parse: integer(1, 16),
    default: '16',
    help: 'reports of a backlog in one datagram, at most; 1: each by itself',
  },
  'uplink.bytesPerKm': {
    parse: integer(0, 100_000_000),
    default: '0',
    help: 'bytes of reports for each kilometre, headers included: what changed and what matters goes first; 0: no such budget',
  },
  'uplink.answerMs': {
    parse: integer(100, 60_000),
    default: '5000',
    help: 'least time for a 2.04 before a report goes again; a slow link is given more',
  },
  'uplink.ackTimeoutMs': {
    parse: integer(600, 60_000),
    default: '2000',
    help: 'wait for an acknowledgement until round trips are known (ACK_TIMEOUT of RFC 7252)',
  },
  'outbox.maxBytes': {
    parse: integer(65_536, 4_294_967_296),
    default: '16777216',
    help: 'bound of the outbox on disk; beyond it the oldest backlog is dropped and declared',
  },
  'outbox.maxAgeHours': {
    parse: number(0.1, 87_600),
    default: '720',
    help: 'older reports are dropped and declared, once the clock is trusted',
  },
  'outbox.syncMs': { parse: integer(1, 200), default: '200', help: 'least time between two syncs' },
  'report.intervalMs': { parse: integer(50, 60_000), default: '500', help: 'time between two reports' },
  'report.thresholds': {
    parse: parseThresholds,
    default: '',
    help: 'changes that are worth no record: NAME=NUMBER in the unit of the signal, with commas between',
  },
  'network.proof': {
    parse: boolean,
    default: 'false',
    help: 'each report proves with the registration key that it is of this device: for network.trust other than lab',
  },
  'registration.silenceMs': {
    parse: integer(100, 3_600_000),
    default: '30000',
    help: 'without an acknowledgement for this long, register again',
  },
  'clock.system': {
    parse: oneOf('auto', 'trusted', 'untrusted'),
    default: 'auto',
    help: "whether this machine's clock is UTC: auto asks systemd-timesyncd and chrony",
  },
  'clock.holdMs': { parse: integer(0, 60_000), default: '60000', help: 'how long reports wait for a clock' },
  ...FUEL_SETTINGS,
  witness: { parse: text, optional: true, help: 'file to which every acknowledged report is appended' },
  'http.listen': { parse: bindAddress, optional: true, help: 'ADDRESS:PORT for /metrics and /v1/status' },
  'process.metrics': { parse: boolean, default: 'true', help: 'metrics of the process itself' },
  'log.level': { parse: oneOf('debug', 'info', 'warn', 'error', 'silent'), default: 'info', help: 'log level' },
} as const;

export type DeviceConfig = ConfigOf<typeof SETTINGS>;

/** Throws CONFIG_INVALID that names every fault at once. `uplink.bind` is of `uplink.family` in what it gives. */
export function deviceConfig(input: ConfigInput): DeviceConfig {
  const config = loadConfig(SETTINGS, input);
  const receivers = (['gpsd', 'gps.serial', 'gps.replay'] as const).filter(name => config[name] !== undefined);
  if (receivers.length > 1)
    throw new EdgetwinError('CONFIG_INVALID', CONFIG_INVALID, `only one of ${receivers.join(' and ')} can be followed`);
  if (config.record !== undefined && (config.replay ?? config['gps.replay']) !== undefined)
    throw new EdgetwinError('CONFIG_INVALID', CONFIG_INVALID, 'record writes what is new; a replay is not');
  const family = config['uplink.family'];
  const { address, port } = config['uplink.bind'];
  if (family === 'ipv4' && !isIpv6(address)) return config;
  if (family === 'ipv4' || (address !== ANY && !isIpv6(address)))
    throw new EdgetwinError('CONFIG_INVALID', CONFIG_INVALID, `uplink.bind ${address} is no address of ${family}`);
  return { ...config, 'uplink.bind': { address: address === ANY ? '::' : address, port } };
}

const ANY = '0.0.0.0';
