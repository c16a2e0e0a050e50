import { systemClock, systemTimers } from '../common/clock.js';
import { configHelp } from '../common/config.js';
import { openLog } from '../common/log.js';
import { SETTINGS, vmdConfig } from './config.js';
import { runVmd } from './run.js';

export const help = `usage: edgetwin vmd --host DOMAIN/INDEX --domain DOMAIN --store DIR [--flag value …]

A host of twins: stores and acknowledges reports of any registered vehicle, and acts as the twin of those in its slots.

${configHelp(SETTINGS)}
`;

/** Runs a vMD host until the signal is aborted; reports that are being written are finished first. */
export async function run(argv: readonly string[], env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<number> {
  const config = vmdConfig({ argv, env });
  process.title = `edgetwin-vmd ${config.host}`;
  const log = openLog('vmd', config['log.level']);
  const ready = (address: string): void => void process.stdout.write(`ready ${address}\n`);
  await runVmd(config, { clock: systemClock, timers: systemTimers, log, ready }, signal);
  return 0;
}
