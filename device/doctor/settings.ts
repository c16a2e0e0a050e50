import { readFileSync } from 'node:fs';
import { boolean, integer, loadConfig, type ConfigOf } from '../../common/config.js';
import { codeOf, messageOf } from '../../common/errors.js';
import { fault } from '../../protocol/errors.js';
import { SETTINGS } from '../config.js';

/** Where the service has its settings, and its folder (device/systemd). */
export const SERVICE_ENV = '/etc/edgetwin/device.env';
const SERVICE_STATE = '/var/lib/edgetwin';

/** Those of the agent, none of which is needed, and the doctor's own. */
export const DOCTOR_SETTINGS = {
  ...SETTINGS,
  vehicle: { ...SETTINGS.vehicle, optional: true },
  state: { ...SETTINGS.state, optional: true },
  'manager.url': { ...SETTINGS['manager.url'], optional: true },
  json: { parse: boolean, default: 'false', help: 'everything that was seen, and what it means, as JSON' },
  measureMs: { parse: integer(1_000, 600_000), default: '6000', help: 'how long rates are measured' },
} as const;

export type DoctorConfig = ConfigOf<typeof DOCTOR_SETTINGS>;

/**
 * The settings of the agent that the doctor looks at: flags, environment, and behind them the file of the service, or the one after
 * `--env-file`. Throws CONFIG_INVALID.
 */
export function doctorConfig(argv: readonly string[], env: NodeJS.ProcessEnv): DoctorConfig {
  const { file, rest } = takeEnvFile(argv);
  const kept = readEnvFile(file ?? SERVICE_ENV, file === undefined);
  const service = kept === undefined || file !== undefined ? {} : { EDGETWIN_STATE: SERVICE_STATE };
  return loadConfig(DOCTOR_SETTINGS, { argv: rest, env: { ...service, ...kept, ...env } });
}

function takeEnvFile(argv: readonly string[]): { readonly file: string | undefined; readonly rest: readonly string[] } {
  const at = argv.findIndex(word => word === '--env-file' || word.startsWith('--env-file='));
  const word = argv[at];
  if (word === undefined) return { file: undefined, rest: argv };
  const isInline = word.includes('=');
  const file = isInline ? word.slice('--env-file='.length) : argv[at + 1];
  if (file === undefined || file === '') throw fault('CONFIG_INVALID', '--env-file needs a file');
  return { file, rest: [...argv.slice(0, at), ...argv.slice(at + (isInline ? 1 : 2))] };
}

/** Lines `NAME=VALUE` as systemd.exec(5) has them; `undefined` where it may be missing, and is. */
function readEnvFile(path: string, mayBeMissing: boolean): Record<string, string> | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    if (mayBeMissing && codeOf(cause) === 'ENOENT') return undefined;
    throw fault('CONFIG_INVALID', `${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
  return parseEnvFile(text);
}

/** Values may stand in quotes; comments begin with # or ;. Names that are not ours are left out. */
export function parseEnvFile(text: string): Record<string, string> {
  const found: Record<string, string> = {};
  for (const line of text.split('\n')) {
    const [, name, quoted, bare] = /^\s*(EDGETWIN_\w+)\s*=\s*(?:"([^"]*)"|(.*?))\s*$/.exec(line) ?? [];
    if (name !== undefined) found[name] = quoted ?? bare?.replace(/^'(.*)'$/, '$1') ?? '';
  }
  return found;
}
