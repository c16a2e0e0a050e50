import { configHelp, loadConfig } from '../common/config.js';
import { SETTINGS } from './config.js';
import { runAnalytics, systemDeps } from './service.js';

export const help = `usage: edgetwin analytics --store DIR --manager-url URL --topology FILE [--flag value …]

Current and past values of all vehicles over REST, live over SSE, and the fleet page. Reads the store of core, then the
twin, then the car.

${configHelp(SETTINGS)}
`;

/** Runs analytics until the signal is aborted; prints `ready <url>` once it serves. */
export async function run(argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const config = loadConfig(SETTINGS, { argv, env });
  process.title = 'edgetwin-analytics';
  await runAnalytics(
    config,
    systemDeps(config, url => process.stdout.write(`ready ${url}\n`)),
    signal,
  );
  return 0;
}
