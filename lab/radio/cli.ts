import { systemClock, systemTimers } from '../../common/clock.js';
import { configHelp, loadConfig } from '../../common/config.js';
import { openLog } from '../../common/log.js';
import { Metrics } from '../../common/metrics.js';
import { METRICS_OF, type MetricName } from '../../protocol/metrics.js';
import { SETTINGS } from './config.js';
import { runRadio } from './radio.js';

export const help = `edgetwin lab radio: access points, and the mobile routers of all cars

${configHelp(SETTINGS)}
`;

export async function run(argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const config = loadConfig(SETTINGS, { argv, env });
  process.title = 'edgetwin-lab-radio';
  const deps = {
    clock: systemClock,
    timers: systemTimers,
    log: openLog('lab-radio', config.logLevel),
    metrics: new Metrics<MetricName>(METRICS_OF.lab, { processMetrics: true }),
    ready: (url: string) => void process.stdout.write(`ready ${url}\n`),
  };
  await runRadio(config, deps, signal);
  return 0;
}
