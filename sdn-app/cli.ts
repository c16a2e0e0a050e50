import { configHelp } from '../common/config.js';
import { openLog } from '../common/log.js';
import { SETTINGS, sdnAppConfig } from './config.js';
import { runSdnApp } from './run.js';

export const help = `usage: edgetwin sdn-app [--flag value …]

Follows the vehicles in its switches and moves their flows.

${configHelp(SETTINGS)}
`;

export async function run(argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const config = sdnAppConfig({ argv, env });
  process.title = 'edgetwin-sdn-app';
  await runSdnApp(
    config,
    { log: openLog('sdn-app', config['log.level']), ready: url => void process.stdout.write(`ready ${url}\n`) },
    signal,
  );
  return 0;
}
