import { readFileSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { configHelp, flagOf } from '../common/config.js';
import { EdgetwinError, messageOf } from '../common/errors.js';
import { fault } from '../protocol/errors.js';
import { deviceConfig, SETTINGS, type DeviceConfig } from './config.js';
import { printReplay } from './capture/print-replay.js';
import { replayPlan } from './capture/replay-config.js';
import { readFolder } from './doctor/read-folder.js';
import { runDevices } from './run.js';
import { readMarks } from './uplink/marks.js';

export const help = `edgetwin device [run] --vehicle ID --state DIR --manager-url URL [settings]
  reads the car and the receiver, and reports to the vehicle's twin until it is stopped
edgetwin device run --fleet FILE
  several agents in one process: FILE is a JSON array of settings, e.g. [{"vehicle": "car-1", "state": "…"}, …]
edgetwin device marks --state DIR
  prints what the outbox of a (running or stopped) agent holds: {vehicle, boots: [{boot, sampled, accepted}], pending, resent}
edgetwin device [run] … --record FILE
  runs as always, and writes down what adapter and receiver say: to find a fault later, or to drive the same drive again
edgetwin device --replay FILE [--replay-speed real]
  lets a recording go by in place of car and receiver, and prints what would have been reported (SenML, a report a line).
  With --vehicle, --state and --manager-url the reports go to the twin instead, as fast as it happened

When the car is silent, ask first: edgetwin doctor

Settings:
${configHelp(SETTINGS)}
`;

/**
 * One agent makes little garbage, and what it makes dies young. Left to itself the engine gives it 48 MB of a small computer's
 * memory rather than collect it a little more often (`make bench NAME=device`).
 */
const SMALL_YOUNG_HEAP = '--semi-space-growth-factor=1';

export async function run(argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const [word, ...rest] = argv;
  if (word === 'marks') return marks(rest);
  const words = word === 'run' ? rest : argv;
  const plan = await replayPlan({ argv: words, env });
  if (plan?.to === 'print') return printReplay(plan, signal);
  const configs = plan === undefined ? configsOf(words, env) : [plan.config];
  if (configs.length === 1) setFlagsFromString(SMALL_YOUNG_HEAP);
  const [first, last] = [configs[0]?.vehicle ?? '', configs.at(-1)?.vehicle ?? ''];
  process.title = `edgetwin-device ${first === last ? first : `${first}..${last}`}`;
  await runDevices(configs, signal, addresses => process.stdout.write(`ready ${addresses.join(' ')}\n`), env);
  return 0;
}

/** Settings of one agent, or with `--fleet FILE` of several. Throws CONFIG_INVALID that names every fault. */
export function configsOf(argv: readonly string[], env: NodeJS.ProcessEnv): DeviceConfig[] {
  const at = argv.findIndex(word => word === '--fleet' || word.startsWith('--fleet='));
  if (at < 0) return [deviceConfig({ argv, env })];
  const inline = argv[at]?.startsWith('--fleet=') ?? false;
  const file = inline ? argv[at]?.slice('--fleet='.length) : argv[at + 1];
  const shared = [...argv.slice(0, at), ...argv.slice(at + (inline ? 1 : 2))];
  if (file === undefined || file === '') throw fault('CONFIG_INVALID', '--fleet needs a file');
  const faults: string[] = [];
  const configs = fleetOf(file).flatMap((settings, row) => {
    try {
      return [deviceConfig({ argv: [...shared, ...flagsOf(settings)], env })];
    } catch (error) {
      if (!(error instanceof EdgetwinError)) throw error;
      faults.push(`${file}, agent ${row + 1}: ${error.detail}`);
      return [];
    }
  });
  if (faults.length > 0) throw fault('CONFIG_INVALID', faults.join('; '));
  return configs;
}

function fleetOf(file: string): Readonly<Record<string, unknown>>[] {
  let tree: unknown;
  try {
    tree = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw fault('CONFIG_INVALID', `${file} cannot be read: ${messageOf(cause)}`, { cause });
  }
  const isFleet =
    Array.isArray(tree) && tree.length > 0 && tree.every(item => typeof item === 'object' && item !== null);
  if (!isFleet) throw fault('CONFIG_INVALID', `${file} is not an array of settings`);
  return tree as Readonly<Record<string, unknown>>[];
}

/** Settings of a fleet file as the flags that they stand for, so that both are checked by the same table. */
function flagsOf(settings: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(settings).map(([name, value]) => `${flagOf(name)}=${String(value)}`);
}

async function marks(argv: readonly string[]): Promise<number> {
  const [flag = '', next] = argv;
  const folder = flag.startsWith('--state=') ? flag.slice('--state='.length) : flag === '--state' ? next : undefined;
  if (folder === undefined || folder === '' || argv.length > 2)
    throw fault('CONFIG_INVALID', 'marks takes --state DIR and nothing else');
  const { list, read } = readFolder(folder);
  const found = await readMarks({
    list: () =>
      list().catch((cause: unknown) => {
        throw fault('CONFIG_INVALID', `state cannot be read: ${messageOf(cause)}`, { cause });
      }),
    read,
  });
  const { vehicle, boots, pending, resent } = found;
  process.stdout.write(`${JSON.stringify({ vehicle, boots, pending, resent })}\n`);
  return 0;
}
