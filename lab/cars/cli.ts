import { systemClock, systemTimers } from '../../common/clock.js';
import { configHelp, loadConfig } from '../../common/config.js';
import { openLog } from '../../common/log.js';
import { Metrics } from '../../common/metrics.js';
import { METRICS_OF, type MetricName } from '../../protocol/metrics.js';
import { runCars } from './cars.js';
import { SETTINGS } from './config.js';

export const help = `edgetwin lab cars: recorded cars, each with an ELM327 adapter (TCP 35000) and a gpsd (TCP 2947)

${configHelp(SETTINGS)}
`;

export async function run(argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const config = loadConfig(SETTINGS, { argv, env });
  process.title = 'edgetwin-lab-cars';
  const deps = {
    clock: systemClock,
    timers: systemTimers,
    log: openLog('lab-cars', config.logLevel),
    metrics: new Metrics<MetricName>(METRICS_OF.lab, { processMetrics: true }),
    ready: (where: string) => void process.stdout.write(`ready ${where}\n`),
  };
  await runCars(config, deps, signal);
  return 0;
}
