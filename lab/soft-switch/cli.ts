import { systemClock } from '../../common/clock.js';
import { configHelp } from '../../common/config.js';
import { Resources, aborted } from '../../common/lifecycle.js';
import { openLog, type Log } from '../../common/log.js';
import { Metrics } from '../../common/metrics.js';
import { openHttp } from '../../protocol/api/http-server.js';
import { METRICS_OF, type MetricName } from '../../protocol/metrics.js';
import { readTopology } from '../../protocol/topology-file.js';
import { SETTINGS, labSwitchConfig, type LabSwitchConfig } from './config.js';
import { openLabSwitch } from './switch.js';

export const help = `usage: edgetwin lab switch [--flag value …]

A soft switch: the flow tables as an executable model behind UDP sockets.

${configHelp(SETTINGS)}
`;

/** Runs the switch until the signal; `ready` is called with its control address. */
export async function runLabSwitch(
  config: LabSwitchConfig,
  deps: { readonly log: Log; readonly ready: (address: string) => void },
  signal: AbortSignal,
): Promise<void> {
  const { log } = deps;
  const metrics = new Metrics<MetricName>(METRICS_OF.lab, { processMetrics: true });
  await using open = new Resources();
  const opened = open.use(
    await openLabSwitch(
      { ...config, topology: readTopology(config.topology), trunks: new Map(config.trunks) },
      { clock: systemClock, log, metrics },
    ),
  );
  if (config.http !== undefined)
    open.use(await openHttp({ part: 'lab-switch', listen: config.http, routes: [], log, metrics }));
  deps.ready(`${config.control.address}:${opened.controlPort}`);
  log.info({ event: 'service.started', udp: opened.udpPort, control: opened.controlPort });
  await aborted(signal);
  log.info({ event: 'service.stopping' });
}

export async function run(argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const config = labSwitchConfig({ argv, env });
  process.title = 'edgetwin-lab-switch';
  const ready = (address: string): void => void process.stdout.write(`ready ${address}\n`);
  await runLabSwitch(config, { log: openLog('lab-switch', config['log.level']), ready }, signal);
  return 0;
}
