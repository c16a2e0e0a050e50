import { configHelp } from '../../common/config.js';
import { SETTINGS, ryuConfig } from './config.js';
import { launchRyu } from './launch.js';
import { ensureVenv } from './venv.js';

export const help = `usage: edgetwin ryu [--flag value …]

Ryu with our app, for the switches of one sdn-app.

${configHelp(SETTINGS)}
`;

export async function run(argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const config = ryuConfig({ argv, env });
  process.title = 'edgetwin-ryu';
  const python = await ensureVenv('ryu', {
    python: config.python,
    signal,
    ...(config.venv === undefined ? {} : { folder: config.venv }),
  });
  if (config.installOnly) process.stdout.write(`${python}\n`);
  else await launchRyu(python, config, signal);
  return 0;
}
