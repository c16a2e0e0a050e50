import { configHelp, loadConfig } from '../../common/config.js';
import { openLog } from '../../common/log.js';
import { SETTINGS } from './config.js';
import { runReplicator } from './run.js';

export const help = `usage: edgetwin lab replicator --stores DOMAIN=DIR,… [--control DIR]

Copies reports and live values between the embedded stores of the domains.

${configHelp(SETTINGS)}
`;

export async function run(argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const config = loadConfig(SETTINGS, { argv, env });
  process.title = 'edgetwin-lab-replicator';
  const log = openLog('replicator', config['log.level']);
  await runReplicator(config, { log, ready: url => process.stdout.write(`ready ${url}\n`) }, signal);
  return 0;
}
