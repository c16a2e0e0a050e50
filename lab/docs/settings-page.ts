import { SETTINGS as analytics } from '../../analytics/config.js';
import { flagOf, type Parse, type Setting, type Settings } from '../../common/config.js';
import { messageOf } from '../../common/errors.js';
import { SETTINGS as dashboards } from '../../dashboards/config.js';
import { SETTINGS as device } from '../../device/config.js';
import { SETTINGS as manager } from '../../md-manager/config.js';
import { SETTINGS as sdnApp } from '../../sdn-app/config.js';
import { SETTINGS as audit } from '../../store/audit/config.js';
import { SETTINGS as store } from '../../store/cassandra/admin/config.js';
import { SETTINGS as vmd } from '../../vmd/config.js';
import { SETTINGS as labCassandra } from '../cassandra/config.js';
import { SETTINGS as labCars } from '../cars/config.js';
import { SETTINGS as demo } from '../demo/config.js';
import { SETTINGS as labRadio } from '../radio/config.js';
import { SETTINGS as labReplicator } from '../replicator/config.js';
import { SETTINGS as labSwitch } from '../soft-switch/config.js';
import { code, page, table } from './markdown.js';

const COMMANDS: Readonly<Record<string, Settings>> = {
  device,
  vmd,
  'md-manager': manager,
  'sdn-app': sdnApp,
  analytics,
  dashboards,
  store,
  audit,
  demo,
  'lab switch': labSwitch,
  'lab radio': labRadio,
  'lab cars': labCars,
  'lab cassandra': labCassandra,
  'lab replicator': labReplicator,
};

/** `docs/settings.md`, from the settings table of every command. */
export function settingsPage(): string {
  return page(
    'Settings',
    'A flag goes before an environment variable, that before the YAML file (`--config FILE` or `EDGETWIN_CONFIG`), that ' +
      'before the default. One name makes all three: `uplink.answerMs` is `--uplink-answer-ms`, ' +
      '`EDGETWIN_UPLINK_ANSWER_MS`, and `answerMs` under `uplink` in the file. A flag that is true or false may stand alone ' +
      '(`--once`) or be denied (`--no-ui`). An unknown flag, key or `EDGETWIN_` variable is a fault; a command names all ' +
      'faults at once and exits with 2. *required*: there is no default; –: it may be left out.',
    Object.entries(COMMANDS).map(
      ([command, settings]) =>
        `## edgetwin ${command}\n\n${table(['setting', 'flag', 'takes', 'default', 'meaning'], rowsOf(settings))}`,
    ),
  );
}

const rowsOf = (settings: Settings): string[][] =>
  Object.entries(settings).map(([name, setting]) => [
    code(name),
    code(flagOf(name)),
    takes(setting.parse),
    defaultOf(setting),
    setting.help,
  ]);

const defaultOf = (setting: Setting<unknown>): string => {
  if (setting.default !== undefined) return setting.default === '' ? 'none' : code(setting.default);
  return setting.optional ? '–' : 'required';
};

/** What a setting takes, in the words in which it refuses what it does not; one that takes any words refuses nothing. */
function takes(parse: Parse<unknown>): string {
  try {
    parse('\u0000');
    return 'text';
  } catch (error) {
    return messageOf(error);
  }
}
